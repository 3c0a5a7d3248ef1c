import { TurnTaker } from '../../core/concurrency.ts';
import type { Cataloguer } from '../types.ts';
import { isChiselManifest, readChiselPackages, reduceChiselManifest } from './chisel-wall.ts';
import { ubuntuSource } from './ubuntu-source.ts';

/** What images cut by chisel have in place of the database of dpkg. The manifest names no sources: a table tells them. */
export const chiselManifest: Cataloguer = {
  id: 'chisel-manifest',
  maxFileBytes: 16 * 1024 * 1024,
  wants: isChiselManifest,
  reduce: (_path, bytes, isOfInterest) => reduceChiselManifest(bytes, isOfInterest),
  database: true,
  async *read(file, _image, signal) {
    const turns = new TurnTaker();
    for (const line of readChiselPackages(await file.bytes(signal))) {
      await turns.pause();
      signal.throwIfAborted();
      if (line.kind === 'damaged') {
        yield {
          kind: 'problem',
          problem: { path: file.path, line: line.line, reason: 'the line is damaged: passed over' },
        };
        continue;
      }
      const { name, version, arch } = line.found;
      const source = ubuntuSource(name, version);
      yield {
        kind: 'package',
        package: {
          type: 'deb',
          name,
          version,
          ...(arch === undefined ? {} : { architecture: arch }),
          ...(source === undefined ? {} : { source }),
          path: file.path,
        },
      };
    }
  },
};
