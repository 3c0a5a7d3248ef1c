import type { Cataloguer } from '../types.ts';
import { isNpmName } from './npm-name.ts';
import { fileNameOf, isKernelPath } from './places.ts';

const archive = /(?:^|\/)\.yarn\/cache\/[^/]+\.zip$/;
/** `<name>-npm-<version>-<10 digits of the locator>-<checksum>.zip`; a scope is joined to its name with "-". */
const fileName = /^(.+)-npm-(.+)-[0-9a-f]{10}(?:-[0-9a-z]{1,128})?\.zip$/;
const maxNameBytes = 1000;

/**
 * Archives that Yarn's "Plug'n'Play" runs packages out of: the version stands in the file's name, the package's name in
 * that of its first entry (`node_modules/@scope/name/`). Without the table `.pnp.cjs` they are a mere cache.
 */
export const yarnCache: Cataloguer = {
  id: 'yarn-cache',
  maxFileBytes: 128 * 1024 * 1024,
  wants: (path) => path.endsWith('.zip') && archive.test(path) && !isKernelPath(path),
  /** The header of the first entry. PKWARE, "APPNOTE.TXT", 4.3.7. */
  reduce(_path, bytes) {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.length < 30 || view.readUInt32LE(0) !== 0x04034b50) return new Uint8Array();
    return Uint8Array.from(view.subarray(0, 30 + Math.min(view.readUInt16LE(26), maxNameBytes)));
  },
  async *read(file, image, signal) {
    const project = file.path.slice(0, file.path.lastIndexOf('.yarn/cache/'));
    if (!image.has(`${project}.pnp.cjs`) && !image.has(`${project}.pnp.js`)) return;
    const [, slug = '', version = ''] = fileName.exec(fileNameOf(file.path)) ?? [];
    if (slug === '') return; // from a repository or a patch: the package it was made of has an archive too
    const bytes = await file.bytes(signal);
    const entry = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', 30);
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(entry)?.[1] ?? slug;
    if (isNpmName(name) && name.replace('/', '-') === slug) {
      yield { kind: 'package', package: { type: 'npm', name, version, path: file.path } };
      return;
    }
    yield { kind: 'problem', problem: { path: file.path, reason: 'its first entry does not name the package' } };
  },
};
