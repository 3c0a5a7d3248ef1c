import { ZipReader, type ZipMember } from '../archives/zip-reader.ts';
import { TurnTaker } from '../../core/concurrency.ts';
import { LimitExceededError } from '../../core/errors.ts';
import { decodeText } from '../text-lines.ts';
import type { Cataloguer, Extractor } from '../types.ts';
import { isKernelPath, isWord } from './places.ts';
import { readMetadata, writeMetadata } from './python-metadata.ts';

const egg = /(?:^|\/)[^/~-][^/]*\.egg$/;
/** Where a build leaves what it made. */
const built = /(?:^|\/)(?:dist|build)\/[^/]+$/;
const metadataName = 'EGG-INFO/PKG-INFO';
const maxMembers = 1_000_000;

/** Eggs that are one archive, with their metadata inside. setuptools, "The Internal Structure of Python Eggs". */
export const pythonEgg: Cataloguer = {
  id: 'python-egg',
  maxFileBytes: 128 * 1024 * 1024,
  wants: (path) => path.endsWith('.egg') && egg.test(path) && !built.test(path) && !isKernelPath(path),
  extract: ({ path }) => new MetadataExtractor(path),
  async *read(file, _image, signal) {
    const { name, version } = readMetadata(decodeText(await file.bytes(signal)));
    if (name === undefined || version === undefined || version === 'UNKNOWN') return;
    if (!isWord(name) || !isWord(version)) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'its name or its version is no plain word' } };
      return;
    }
    yield { kind: 'package', package: { type: 'pypi', name, version, path: file.path } };
  },
};

/** Unpacks the metadata alone; the budget has to count members only. */
class MetadataExtractor implements Extractor {
  readonly #reader: ZipReader;
  #metadata: Uint8Array | undefined;

  constructor(path: string) {
    const turns = new TurnTaker();
    let members = 0;
    this.#reader = new ZipReader(
      {
        member: ({ name }) => (name === metadataName ? 'content' : undefined),
        isOfInterest: (name) => name === metadataName,
        content: (_member: ZipMember, bytes) => {
          this.#metadata = writeMetadata(readMetadata(decodeText(bytes)));
        },
        problem: () => undefined, // without metadata it is no egg
        directory: () => undefined,
      },
      {
        inflated: () => undefined,
        member: () => {
          if (++members > maxMembers) {
            throw new LimitExceededError(
              `Cannot read "${path}": it has more than ${maxMembers} members`,
              'Report the file if it is genuine.',
            );
          }
        },
        pause: () => turns.pause(),
      },
    );
  }

  async write(bytes: Uint8Array): Promise<boolean> {
    if (this.#metadata === undefined) {
      await this.#reader.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    }
    return true;
  }

  async end(): Promise<Uint8Array | undefined> {
    if (this.#metadata === undefined) await this.#reader.end();
    else this.#reader.destroy();
    return this.#metadata;
  }

  abandon(): void {
    this.#reader.destroy();
  }
}
