import { TurnTaker } from '../../core/concurrency.ts';
import { decodeText, textLines } from '../text-lines.ts';
import type { Catalogued, Cataloguer } from '../types.ts';

/** One database: the second is the first on merged-/usr systems, where `lib` is a link. */
const databasePaths: ReadonlySet<string> = new Set([
  'lib/apk/db/installed',
  'usr/lib/apk/db/installed',
  'var/lib/apk/db/installed',
]);

/** The database of installed packages in the text format of apk 2, which apk 3 keeps. apk-package(5). */
export const apkInstalled: Cataloguer = {
  id: 'apk-installed',
  maxFileBytes: 128 * 1024 * 1024,
  database: true,
  wants: (path) => databasePaths.has(path),
  async *read(file, _image, signal) {
    let record: OpenRecord = { line: 0 };
    const turns = new TurnTaker();
    const finish = function* (): Generator<Catalogued, void, undefined> {
      const { name, version, architecture, origin, line } = record;
      record = { line: 0 };
      if (name === undefined || name === '' || name.startsWith('.')) return; // ".name": a group made by "apk add -t"
      if (version === undefined || version === '') {
        yield { kind: 'problem', problem: { path: file.path, line, reason: `package "${name}": it has no version` } };
        return;
      }
      yield {
        kind: 'package',
        package: {
          type: 'apk',
          name,
          version,
          ...(architecture === undefined || architecture === '' ? {} : { architecture }),
          ...(origin === undefined || origin === '' ? {} : { source: { name: origin, version } }),
          path: file.path,
        },
      };
    };
    for (const { text: line, number } of textLines(decodeText(await file.bytes(signal)))) {
      if (line === '') {
        await turns.pause();
        signal.throwIfAborted();
        yield* finish();
        continue;
      }
      if (line.charCodeAt(1) !== 0x3a) continue; // not "X:": damage, passed over
      if (record.line === 0) record.line = number;
      switch (line.charAt(0)) {
        case 'P':
          record.name = line.slice(2).trim();
          break;
        case 'V':
          record.version = line.slice(2).trim();
          break;
        case 'A':
          record.architecture = line.slice(2).trim();
          break;
        case 'o':
          record.origin = line.slice(2).trim();
          break;
        default: // files, checksums, dependencies
      }
    }
    yield* finish();
  },
};

/** A record whose end was not seen yet. */
interface OpenRecord {
  line: number;
  name?: string;
  version?: string;
  architecture?: string;
  origin?: string;
}
