import { TurnTaker } from '../../core/concurrency.ts';
import { toRecord } from '../rpm/header.ts';
import { decodeText, textLines } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { toPackage } from './rpm.ts';

const path = 'var/lib/rpmmanifest/container-manifest-2';

/** The columns of the list, as the query that writes it names them; numbers and `(none)` as rpm prints them. */
const columns = 10;

/**
 * What images of Azure Linux and CBL-Mariner without a package manager have in place of the database: the answer of
 * `rpm -qa` in columns. Azure Linux, "distroless containers", container-manifest-2.
 */
export const rpmManifest: Cataloguer = {
  id: 'rpm-manifest',
  maxFileBytes: 16 * 1024 * 1024,
  database: true,
  wants: (wanted) => wanted === path,
  async *read(file, _image, signal) {
    const turns = new TurnTaker();
    for (const { text, number } of textLines(decodeText(await file.bytes(signal)))) {
      await turns.pause();
      signal.throwIfAborted();
      if (text.trim() === '') continue;
      const fields = text.split('\t', columns + 1).map((field) => field.trim());
      const [name = '', versionRelease = '', , , vendor = '', , , architecture = '', epoch = '', source = ''] = fields;
      const dash = versionRelease.lastIndexOf('-');
      if (fields.length !== columns || name === '' || dash <= 0) {
        const reason = `it has ${fields.length} columns, or no name or version: passed over`;
        yield { kind: 'problem', problem: { path: file.path, line: number, reason } };
        continue;
      }
      if (name === 'gpg-pubkey') continue;
      const record = toRecord({
        name,
        version: versionRelease.slice(0, dash),
        release: versionRelease.slice(dash + 1),
        ...(/^\d{1,10}$/.test(epoch) ? { epoch: Number(epoch) } : {}),
        ...(isSaid(architecture) ? { architecture } : {}),
        ...(isSaid(vendor) ? { vendor } : {}),
        ...(isSaid(source) ? { sourceRpm: source } : {}),
      });
      yield { kind: 'package', package: toPackage(record, file.path) };
    }
  },
};

function isSaid(field: string): boolean {
  return field !== '' && field !== '(none)';
}
