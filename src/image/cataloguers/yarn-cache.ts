import type { Cataloguer, Extractor } from '../types.ts';
import { isNpmName } from './npm-name.ts';
import { fileNameOf, isKernelPath } from './places.ts';

const archive = /(?:^|\/)\.yarn\/cache\/[^/]+\.zip$/;
/** `<name>-npm-<version>-<10 digits of the locator>-<checksum>.zip`; a scope is joined to its name with "-". */
const fileName = /^(.+)-npm-(.+?)-[0-9a-f]{10}(?:-[0-9a-z]{1,128})?\.zip$/;
/** Enough for the entries of the directories, which come first and have no content. */
const keptBytes = 2048;

/**
 * Archives that Yarn's "Plug'n'Play" runs packages out of: the version stands in the file's name, the package's name in
 * those of its first entries (`node_modules/@scope/name/`). Without the table `.pnp.cjs` they are a mere cache.
 */
export const yarnCache: Cataloguer = {
  id: 'yarn-cache',
  maxFileBytes: 128 * 1024 * 1024,
  wants: (path) => path.endsWith('.zip') && archive.test(path) && !isKernelPath(path),
  extract: () => new Beginning(keptBytes),
  async *read(file, image, signal) {
    const project = file.path.slice(0, file.path.lastIndexOf('.yarn/cache/'));
    if (!image.has(`${project}.pnp.cjs`) && !image.has(`${project}.pnp.js`)) return;
    const [, slug = '', version = ''] = fileName.exec(fileNameOf(file.path)) ?? [];
    if (slug === '') return; // from a repository, or a patched copy: the package it was made of has an archive too
    const name = packageNameIn(await file.bytes(signal));
    if (name !== undefined && isNpmName(name) && name.replace('/', '-') === slug) {
      yield { kind: 'package', package: { type: 'npm', name, version, path: file.path } };
      return;
    }
    yield { kind: 'problem', problem: { path: file.path, reason: 'its first entries do not name the package' } };
  },
};

/** Walks the headers of the first entries. PKWARE, "APPNOTE.TXT", 4.3.7. */
function packageNameIn(bytes: Uint8Array): string | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 30 <= view.length && view.readUInt32LE(at) === 0x04034b50;) {
    const nameEnd = at + 30 + view.readUInt16LE(at + 26);
    const name = /^node_modules\/(@[^/]+\/[^/]+|[^@/][^/]*)\//.exec(view.toString('utf8', at + 30, nameEnd))?.[1];
    if (name !== undefined) return name;
    at = nameEnd + view.readUInt16LE(at + 28) + view.readUInt32LE(at + 18);
  }
  return undefined;
}

/** Keeps the first bytes of a file. */
class Beginning implements Extractor {
  readonly #kept: Buffer;
  #length = 0;

  constructor(bytes: number) {
    this.#kept = Buffer.alloc(bytes);
  }

  write(bytes: Uint8Array): boolean {
    const part = bytes.subarray(0, this.#kept.length - this.#length);
    this.#kept.set(part, this.#length);
    this.#length += part.length;
    return true;
  }

  end(): Uint8Array {
    return Uint8Array.from(this.#kept.subarray(0, this.#length));
  }
}
