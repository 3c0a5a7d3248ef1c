import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AdvisoryLibrary } from '../../../src/advisories/library.ts';
import { matchPackages } from '../../../src/advisories/match.ts';
import type { MatchRequest, MatchResult } from '../../../src/advisories/types.ts';
import { DatabaseUnusableError } from '../../../src/core/errors.ts';
import { clock, entry, record, signal, temporaryFolder, writeMirror } from './support.ts';

/** A generator of numbers below a limit, the same for the same seed. Marsaglia, "Xorshift RNGs". */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A record about some packages in some releases, of one of many shapes. */
function randomRecord(number: number, roll: (below: number) => number, minute: number): object {
  const modified = new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();
  const isBundle = number % 7 === 0;
  const id = isBundle ? `DSA-${number}-1` : `DEBIAN-CVE-2026-${1000 + number}`;
  if (roll(8) === 0) return record(id, [], { modified, withdrawn: modified });
  const affected = Array.from({ length: roll(5) }, () => {
    const release = `Debian:${11 + roll(5)}`;
    const name = `package-${roll(6)}`;
    const fixed = roll(3) === 0 ? undefined : `1.${roll(10)}-${roll(3)}`;
    const urgency = roll(4) === 0 ? { ecosystem_specific: { urgency: 'low' } } : {};
    return entry(release, name, fixed, urgency);
  });
  const cves = isBundle ? [number + 1, number + 2] : [number];
  return record(id, affected, {
    modified,
    upstream: cves.map((each) => `CVE-2026-${1000 + each}`),
    summary: `Words of minute ${minute}`,
  });
}

const requests: readonly MatchRequest[] = Array.from({ length: 6 }, (_, release) => ({
  osEcosystem: `Debian:${11 + release}`,
  packages: Array.from({ length: 6 }, (__, index) => ({ type: 'deb', name: `package-${index}`, version: '1.4-1' })),
}));

function answers(library: AdvisoryLibrary): MatchResult[] {
  return requests.map((request) => matchPackages(request, library));
}

describe('advisories that take over changed records', () => {
  async function import_(records: readonly object[]): Promise<{ library: AdvisoryLibrary; folder: string }> {
    const folder = temporaryFolder();
    const library = new AdvisoryLibrary(path.join(folder, 'library'), clock);
    after(() => library.close());
    await library.importEcosystem('Debian', writeMirror(folder, 'Debian', records), { source: 's' }, signal);
    return { library, folder };
  }

  it('answer as if they had been imported whole', async function () {
    this.timeout(60_000);
    for (let seed = 1; seed <= 25; seed++) {
      const roll = dice(seed * 7919);
      const current = Array.from({ length: 40 }, (_, number) => randomRecord(number, roll, number));
      const { library, folder } = await import_(current);
      for (let step = 1; step <= 3; step++) {
        const changed = new Map<number, object>();
        for (let count = 0; count < 6; count++) {
          const number = roll(48); // some of them are new
          changed.set(number, randomRecord(number, roll, step * 100 + count));
        }
        for (const [number, each] of changed) current[number] = each;
        const changes = writeMirror(folder, `changes-${step}`, [...changed.values()]);
        await library.extendEcosystem('Debian', changes, {}, signal);
      }
      const { library: whole } = await import_(Object.values(current));
      assert.deepEqual(answers(library), answers(whole), `seed ${seed}`);
      const [one, other] = [library.status().ecosystems[0], whole.status().ecosystems[0]];
      assert.equal(one?.records, other?.records, `seed ${seed}`);
      assert.equal(one?.newestModified, other?.newestModified, `seed ${seed}`);
      assert.deepEqual(library.file('Debian')?.suffixes, whole.file('Debian')?.suffixes, `seed ${seed}`);
      for (let number = 0; number < 48; number++) {
        const id = `DEBIAN-CVE-2026-${1000 + number}`;
        assert.equal(library.file('Debian')?.isWithdrawn(id), whole.file('Debian')?.isWithdrawn(id));
        assert.deepEqual(library.file('Debian')?.headOf(id), whole.file('Debian')?.headOf(id));
      }
    }
  });

  it('keep the earlier state when a change cannot be read, and count it', async () => {
    const { library, folder } = await import_([record('DEBIAN-CVE-2026-0001', [entry('Debian:12', 'package-0')])]);
    const changes = writeMirror(folder, 'changes', [record('DEBIAN-CVE-2026-0002', [entry('Debian:12', 'package-1')])]);
    writeFileSync(path.join(changes, 'bad.json'), '{"id": "DEBIAN-CVE-2026-0001"');
    const summary = await library.extendEcosystem('Debian', changes, {}, signal);
    assert.deepEqual([summary.records, summary.problems], [2, 1]);
    assert.equal(library.status().ecosystems[0]?.problems, 1);
    assert.deepEqual(
      answers(library)[1]?.matches.map(({ vulnerability }) => vulnerability.id),
      ['CVE-2026-0001', 'CVE-2026-0002'],
    );
  });

  it('are refused where nothing usable is stored', async () => {
    const folder = temporaryFolder();
    const library = new AdvisoryLibrary(path.join(folder, 'library'), clock);
    after(() => library.close());
    const changes = writeMirror(folder, 'changes', [record('DEBIAN-CVE-2026-0002', [entry('Debian:12', 'a')])]);
    await assert.rejects(library.extendEcosystem('Debian', changes, {}, signal), DatabaseUnusableError);
  });

  it('stay as they were when they are stopped', async () => {
    const { library, folder } = await import_([record('DEBIAN-CVE-2026-0001', [entry('Debian:12', 'package-0')])]);
    const changes = writeMirror(folder, 'changes', [record('DEBIAN-CVE-2026-0002', [entry('Debian:12', 'package-1')])]);
    await assert.rejects(library.extendEcosystem('Debian', changes, {}, AbortSignal.abort()), { name: 'AbortError' });
    assert.equal(answers(library)[1]?.matches.length, 1);
    rmSync(changes, { recursive: true });
  });
});
