import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { openAdvisories } from '../../../src/advisories/library.ts';
import { matchPackages } from '../../../src/advisories/match.ts';
import type { MatchRequest, MatchResult, Vulnerability } from '../../../src/advisories/types.ts';
import { buildImages, buildMirror, readTruth, type BuiltImages } from '../../lab/images/main.ts';
import { CACHE } from './stored.ts';

const Kinds = z.record(z.string(), z.array(z.string()));
const Expected = z.object({ apk: Kinds, deb: Kinds, npm: Kinds });

describe('what the mirror says about the images', function () {
  this.timeout(600_000);
  const now = new Date('2026-11-21T12:00:00Z');
  let built: BuiltImages;
  let cacheDir: string;
  let opened: Awaited<ReturnType<typeof openAdvisories>>;
  let expected: z.infer<typeof Expected>;

  before(async () => {
    built = await buildImages({ cacheDir: CACHE, log: () => undefined });
    cacheDir = await mkdtemp(path.join(tmpdir(), 'lab-findings-'));
    const mirror = await buildMirror({ cacheDir, images: built, now });
    const clock = { now: () => now };
    opened = await openAdvisories(mirror, clock, ['Alpine', 'Debian', 'npm'], AbortSignal.timeout(60_000));
    const file = path.resolve(import.meta.dirname, '../../lab/images/expected-findings.json');
    expected = Expected.parse(JSON.parse(await readFile(file, 'utf8')));
  });

  after(async () => {
    opened.dispose();
    await rm(cacheDir, { recursive: true, force: true });
  });

  const requestOf = async (repository: string, kind: 'apk' | 'deb' | 'npm'): Promise<MatchRequest | undefined> => {
    const image = built.images.findLast((one) => one.repository === repository);
    if (image === undefined) return undefined;
    const truth = await readTruth(built, image);
    switch (kind) {
      case 'apk':
        return {
          osEcosystem: 'Alpine:v3.20',
          packages: (truth.apk ?? []).map(({ name, version, origin }) => ({
            type: 'apk',
            name,
            version,
            source: { name: origin ?? name, version },
          })),
        };
      case 'deb':
        return {
          osEcosystem: 'Debian:12',
          packages: (truth.deb ?? [])
            .filter(({ status }) => status.endsWith(' installed'))
            .map(({ name, version, source, sourceVersion }) => ({
              type: 'deb',
              name,
              version,
              source: { name: source, version: sourceVersion },
            })),
        };
      case 'npm':
        return { packages: (truth.npm ?? []).map(({ name, version }) => ({ type: 'npm', name, version })) };
    }
  };

  const matchesOf = (request: MatchRequest): MatchResult => matchPackages(request, opened.library);

  for (const kind of ['apk', 'deb', 'npm'] as const) {
    it(`is, for ${kind} packages, what was worked out by hand`, async () => {
      for (const [repository, ids] of Object.entries(expected[kind])) {
        const request = await requestOf(repository, kind);
        if (request === undefined) {
          assert.equal(built.available, false, repository);
          continue;
        }
        const found = matchesOf(request).matches.map(({ vulnerability }) => vulnerability.id);
        assert.deepEqual([...new Set(found)].sort(), [...ids].sort(), repository);
      }
    });
  }

  it('covers each ecosystem in full', async () => {
    for (const [repository, kind] of [
      ['base/alpine', 'apk'],
      ['base/static', 'deb'],
      ['services/storefront', 'npm'],
    ] as const) {
      const request = await requestOf(repository, kind);
      assert.ok(request);
      assert.deepEqual(
        matchesOf(request).coverage.map(({ state }) => state),
        ['full'],
        repository,
      );
    }
  });

  it('knows which are exploited, what fixes them, and what no release fixes', async () => {
    const request = await requestOf('services/storefront', 'npm');
    assert.ok(request);
    const byId = new Map<string, Vulnerability>(
      matchesOf(request).matches.map(({ vulnerability }) => [vulnerability.id, vulnerability]),
    );
    const react = byId.get('CVE-2025-55182');
    assert.equal(react?.fixed, '19.1.2');
    assert.deepEqual(react.kev, { dateAdded: '2025-12-05', ransomware: true, dueDate: '2025-12-12' });
    assert.equal(byId.get('CVE-2024-37890')?.fixed, '8.17.1');
    const orders = await requestOf('services/orders', 'deb');
    if (orders === undefined) {
      assert.equal(built.available, false);
      return;
    }
    const zlib = matchesOf(orders).matches.find(({ vulnerability }) => vulnerability.id === 'CVE-2023-45853');
    assert.equal(zlib?.vulnerability.fixed, undefined);
    const brotli = matchesOf(orders).matches.find(({ vulnerability }) => vulnerability.id === 'CVE-2026-111497');
    assert.equal(brotli?.vulnerability.fixed, '1.0.9-2+deb12u1');
    assert.equal(orders.packages[brotli.package]?.name, 'libbrotli1');
  });
});
