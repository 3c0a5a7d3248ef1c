import assert from 'node:assert/strict';
import type { UpdateResult } from '../../../src/advisories/update.ts';
import { AdvisoryKeeper } from '../../../src/scan/advisory-keeper.ts';
import type { ScanSettings } from '../../../src/scan/ports.ts';

const now = new Date('2026-11-21T12:00:00Z');
const signal = new AbortController().signal;
const hoursAgo = (hours: number): string => new Date(now.getTime() - hours * 3_600_000).toISOString();

interface World {
  readonly stored?: Readonly<Record<string, string>>;
  readonly settings?: Partial<ScanSettings>;
  readonly failed?: UpdateResult['failed'];
  readonly error?: Error;
}

function keep({ stored = {}, settings = {}, failed = [], error }: World) {
  const updates: (readonly [readonly string[], boolean])[] = [];
  const problems: string[] = [];
  const keeper = new AdvisoryKeeper(
    {
      clock: { now: () => now },
      settings: () => ({
        images: 'running',
        platform: 'linux/amd64',
        concurrency: 3,
        timeoutMinutes: 15,
        maxImageSizeMB: 4000,
        offline: false,
        advisoryUpdates: 'automatic',
        advisoryMirror: '',
        applicationTagKeys: [],
        ...settings,
      }),
      advisoryStatus: () =>
        Promise.resolve({
          ecosystems: Object.entries(stored).map(([ecosystem, updatedAt]) => ({
            ecosystem,
            records: 1,
            updatedAt,
            stale: false,
            problems: 0,
          })),
        }),
      updateAdvisories: (ecosystems, signals) => {
        updates.push([ecosystems, signals]);
        return error === undefined ? Promise.resolve({ updated: [], unchanged: [], failed }) : Promise.reject(error);
      },
    },
    ({ what, reason }) => problems.push(`${what}: ${reason}`),
  );
  return { keeper, updates, problems };
}

describe('advisories for a scan', () => {
  it('are fetched for the ecosystems seen, once each, with the exploit signals once', async () => {
    const { keeper, updates } = keep({});
    await Promise.all([keeper.ensure(['Debian', 'npm'], signal), keeper.ensure(['npm'], signal)]);
    await keeper.ensure(['Debian'], signal);
    assert.deepEqual(updates, [
      [['Debian'], true],
      [['npm'], false],
    ]);
  });

  it('of today are taken as they are', async () => {
    const { keeper, updates } = keep({ stored: { Debian: hoursAgo(23), npm: hoursAgo(25) } });
    await keeper.ensure(['Debian', 'npm'], signal);
    assert.deepEqual(updates, [[['npm'], true]]);
  });

  it('are not fetched offline, or when updates are manual; what is missing is said', async () => {
    for (const settings of [{ offline: true }, { advisoryUpdates: 'manual' as const }]) {
      const { keeper, updates, problems } = keep({ stored: { npm: hoursAgo(1000) }, settings });
      await keeper.ensure(['Debian', 'npm'], signal);
      assert.deepEqual(updates, []);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', /^Advisories of Debian: They are not stored, and /);
    }
  });

  it('come offline from a folder, which is no network', async () => {
    const { keeper, updates } = keep({ settings: { offline: true, advisoryMirror: '/srv/osv' } });
    await keeper.ensure(['Debian'], signal);
    assert.deepEqual(updates, [[['Debian'], true]]);
  });

  it('that cannot be fetched are problems of the scan, which goes on', async () => {
    const told = keep({
      failed: [{ what: 'Debian', reason: 'the server answered 503', nextStep: 'Try again later.' }],
    });
    await told.keeper.ensure(['Debian'], signal);
    assert.deepEqual(told.problems, ['Advisories: Debian: the server answered 503']);
    const thrown = keep({ error: new Error('boom') });
    await thrown.keeper.ensure(['Debian'], signal);
    assert.equal(thrown.problems.length, 1);
  });

  it('end with the scan that is cancelled', async () => {
    const { keeper } = keep({ error: new DOMException('stop', 'AbortError') });
    await assert.rejects(keeper.ensure(['Debian'], AbortSignal.abort()), { name: 'AbortError' });
  });
});
