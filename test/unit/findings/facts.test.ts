import assert from 'node:assert/strict';
import {
  businessFacts,
  defaultBusinessRules,
  exploitFacts,
  fixFacts,
  imageFacts,
  noPlacementFacts,
  registryFacts,
} from '../../../src/findings/facts.ts';
import { baseLayer, imageReport, now, openssl, ownLayer, valueOf, vulnerability } from './support.ts';

const day = 24 * 3_600_000;
const before = (days: number) => new Date(now.getTime() - days * day).toISOString();
const score = (probability: number, days = 1) => ({ probability, percentile: 0.5, date: before(days) });

describe('facts on exploitation', () => {
  it('name the catalogue of known exploited vulnerabilities with its date, and ransomware', () => {
    const facts = exploitFacts(vulnerability({ kev: { dateAdded: '2026-10-01', ransomware: true } }), now);
    assert.deepEqual(
      facts.map(({ id, value, values }) => [id, value, values]),
      [
        ['exploit.kev', true, { date: '2026-10-01' }],
        ['exploit.kev-ransomware', true, undefined],
      ],
    );
  });

  for (const [probability, expected] of [
    [0.5, 'exploit.epss-high'],
    [0.499, 'exploit.epss-medium'],
    [0.1, 'exploit.epss-medium'],
  ] as const) {
    it(`an EPSS of ${probability} is ${expected}`, () => {
      const facts = exploitFacts(vulnerability({ epss: score(probability) }), now);
      assert.deepEqual(
        facts.map(({ id, value, stale }) => [id, value, stale]),
        [[expected, true, undefined]],
      );
    });
  }

  it('a score older than a week is stale', () => {
    assert.equal(exploitFacts(vulnerability({ epss: score(0.6, 7) }), now)[0]?.stale, undefined);
    assert.equal(exploitFacts(vulnerability({ epss: score(0.6, 8) }), now)[0]?.stale, true);
  });

  it('quiet takes a low score and more than ninety days in public', () => {
    const of = (probability: number, days: number) =>
      valueOf(exploitFacts(vulnerability({ epss: score(probability), published: before(days) }), now), 'exploit.quiet');
    assert.equal(of(0.009, 91), true);
    assert.equal(of(0.009, 90), undefined);
    assert.equal(of(0.01, 400), undefined);
  });

  it('quiet stays unknown, and says why, without a score, a date, or a date that can be read', () => {
    const why = (more: Parameters<typeof vulnerability>[0]) => {
      const [fact] = exploitFacts(vulnerability(more), now);
      return [fact?.id, fact?.value, fact?.why];
    };
    assert.deepEqual(why({ published: before(400) }), ['exploit.quiet', 'unknown', 'no EPSS score is known']);
    const noDay = ['exploit.quiet', 'unknown', 'the day of publication is not known'];
    assert.deepEqual(why({ epss: score(0.001) }), noDay);
    assert.deepEqual(why({ epss: score(0.001), published: 'some day' }), noDay);
  });

  it('what is exploited is never quiet', () => {
    const known = { kev: { dateAdded: '2026-10-01', ransomware: false }, epss: score(0.001), published: before(400) };
    assert.equal(valueOf(exploitFacts(vulnerability(known), now), 'exploit.quiet'), undefined);
  });
});

describe('facts on fixes', () => {
  it('name the fixed version, or that the vendor has none', () => {
    assert.deepEqual(fixFacts(vulnerability({ fixed: '3.0.17-1' }), 'Debian:12'), [
      { id: 'fix.available', value: true, values: { version: '3.0.17-1' } },
    ]);
    assert.deepEqual(fixFacts(vulnerability(), 'Debian:12'), [
      { id: 'fix.none', value: true, values: { vendor: 'Debian:12' } },
    ]);
  });

  it('take "unimportant" and "negligible" from the own distribution alone', () => {
    const rated = (origin: 'own' | 'nvd', word: string) =>
      fixFacts(vulnerability({ ratings: [{ origin, source: 'a source', word }] }), 'Debian:12');
    assert.equal(valueOf(rated('own', 'Unimportant'), 'vendor.unimportant'), true);
    assert.equal(valueOf(rated('own', 'negligible'), 'vendor.negligible'), true);
    assert.equal(valueOf(rated('nvd', 'negligible'), 'vendor.negligible'), undefined);
  });
});

describe('facts on the image', () => {
  const facts = (more: Partial<Parameters<typeof imageFacts>[0]> = {}) =>
    imageFacts({ report: imageReport(), package: openssl(), vulnerability: vulnerability(), ...more });

  it('tell the base image from own layers, with the line of the Dockerfile', () => {
    const baseLayers = new Set([baseLayer]);
    const [base] = facts({ baseLayers, baseName: 'debian:12' });
    assert.deepEqual(base, { id: 'image.base-layer', value: true, values: { base: 'debian:12' } });
    const [own] = facts({ baseLayers, package: openssl({ layer: ownLayer }), dockerfileLine: 7 });
    assert.deepEqual(own, { id: 'image.own-layer', value: true, values: { n: '7' } });
  });

  it('leave open whose layer it is while the base or the layer is not known', () => {
    assert.equal(valueOf(facts(), 'image.own-layer'), 'unknown');
    const { layer, ...nowhere } = openssl();
    assert.ok(layer);
    assert.equal(valueOf(facts({ baseLayers: new Set([baseLayer]), package: nowhere }), 'image.own-layer'), 'unknown');
  });

  it('take no user, root and 0 for root, whatever the group', () => {
    const root = (user?: string) => valueOf(facts({ report: imageReport([], user) }), 'image.root-user');
    for (const user of [undefined, '', 'root', '0', '00', 'root:app', '0:1000']) assert.equal(root(user), true, user);
    for (const user of ['app', '1000', '10:0', 'rooted']) assert.equal(root(user), undefined, user);
  });

  it('a kernel advisory on headers concerns the node, on anything else the image', () => {
    const source = { name: 'linux', version: '6.1.119-1' };
    const of = (name: string, from: { name: string; version: string } | undefined) =>
      valueOf(
        facts({ package: openssl({ name, ...(from === undefined ? {} : { source: from }) }) }),
        'image.kernel-headers',
      );
    assert.equal(of('linux-libc-dev', source), true);
    assert.equal(of('linux-headers-6.1.0-28-amd64', source), true);
    assert.equal(of('linux-perf', source), undefined);
    assert.equal(of('linux-libc-dev', { name: 'glibc', version: '2.36' }), undefined);
  });

  it('packages for building only are named', () => {
    assert.equal(valueOf(facts({ package: openssl({ developmentOnly: true }) }), 'image.dev-only'), true);
    assert.equal(valueOf(facts(), 'image.dev-only'), undefined);
  });

  it('the end of the operating system concerns its own packages, not those of a language', () => {
    const endOfLife = { since: '2024-06-30', supported: 'Debian 13' };
    const of = (type: 'deb' | 'apk' | 'npm') => valueOf(facts({ endOfLife, package: openssl({ type }) }), 'fix.eol-os');
    assert.equal(of('deb'), true);
    assert.equal(of('apk'), true);
    assert.equal(of('npm'), undefined);
    assert.equal(valueOf(facts(), 'fix.eol-os'), undefined);
  });
});

describe('facts on the registry', () => {
  it('are unknown, each of them, while the registry could not be read', () => {
    assert.deepEqual(
      registryFacts(undefined).map(({ id, value }) => [id, value]),
      [
        ['cloud.registry-public', 'unknown'],
        ['cloud.registry-anonymous-pull', 'unknown'],
        ['cloud.registry-admin-user', 'unknown'],
        ['cloud.defender-off', 'unknown'],
      ],
    );
  });

  it('name what is on, and say nothing of what is off', () => {
    const facts = registryFacts({
      name: 'harbour',
      publicNetwork: true,
      anonymousPull: false,
      adminUser: false,
      defenderOff: false,
    });
    assert.deepEqual(facts, [{ id: 'cloud.registry-public', value: true, values: { registry: 'harbour' } }]);
  });
});

describe('facts on the business', () => {
  const facts = (...tags: (Record<string, string> | undefined)[]) =>
    businessFacts(
      tags.map((each, at) => ({ where: at === 0 ? 'workload' : 'subscription', tags: each })),
      defaultBusinessRules,
    );

  it('read environment tags whatever their case, the nearest first', () => {
    const near = facts({ Environment: 'Prod' }, { env: 'dev' });
    assert.deepEqual(near, [{ id: 'business.production', value: true, values: { where: 'workload tag environment' } }]);
    assert.equal(valueOf(facts({}, { env: 'dev' }), 'business.non-production'), true);
  });

  it('read criticality; tags that contradict each other leave both open', () => {
    assert.equal(valueOf(facts({ tier: '0' }), 'business.critical'), true);
    assert.equal(valueOf(facts({ criticality: 'low' }), 'business.low'), true);
    const both = facts({ criticality: 'low' }, { tier: '0' });
    assert.equal(valueOf(both, 'business.critical'), 'unknown');
    assert.equal(valueOf(both, 'business.low'), 'unknown');
  });

  it('tags that could not be read leave everything open that no other tag decides', () => {
    const unread = facts(undefined);
    for (const id of ['critical', 'low', 'production', 'non-production']) {
      assert.equal(valueOf(unread, `business.${id}`), 'unknown', id);
    }
    assert.equal(valueOf(facts({ env: 'production' }, undefined), 'business.production'), true);
  });

  it('tags that say nothing of either are no news', () => {
    assert.deepEqual(facts({ owner: 'harbour', env: 'blue' }), []);
  });
});

describe('an image that runs in no cluster that was read', () => {
  it('is not taken for one that runs nowhere', () => {
    const why = (read: number, failed: number) => {
      const [fact] = noPlacementFacts(read, failed);
      assert.deepEqual([fact?.id, fact?.value], ['runtime.not-running', 'unknown']);
      return fact?.why;
    };
    assert.equal(why(0, 0), 'no cluster is connected');
    assert.equal(why(0, 2), 'no cluster could be read');
    assert.match(why(2, 0) ?? '', /seven days/);
  });
});
