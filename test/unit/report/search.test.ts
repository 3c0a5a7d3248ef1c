import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Facets, FindingsFilter } from '../../../src/report/contract.ts';
import { formatSearch, parseSearch, suggest } from '../../../src/report/search.ts';
import {
  assetKinds,
  findingKinds,
  findingStates,
  originalSeverities,
  severities,
  sourceTools,
} from '../../../src/report/words.ts';

const names = {
  applications: [{ value: 'web shop', label: 'web shop', count: 3 }],
  connections: [{ value: 'c-1', label: 'Production', count: 5 }],
  subscriptions: [{ value: '11111111-1111-4111-8111-111111111111', label: 'shop, main', count: 5 }],
};

describe('the search box', () => {
  const cases: readonly (readonly [text: string, filter: FindingsFilter])[] = [
    ['', {}],
    ['openssl', { text: 'openssl' }],
    ['  openssl   log4j ', { text: 'openssl log4j' }],
    ['"two words" tail', { text: '"two words" tail' }],
    ['severity:critical', { severities: ['critical'] }],
    ['SEVERITY:Critical,high', { severities: ['critical', 'high'] }],
    ['severity:critical severity:low', { severities: ['critical', 'low'] }],
    ['original:unknown', { originalSeverities: ['unknown'] }],
    ['source:acr fix:yes', { sourceTools: ['acr'], fixAvailable: true }],
    ['fix:no', { fixAvailable: false }],
    ['-fix:yes', { fixAvailable: false }],
    ['-severity:info', { severities: ['critical', 'high', 'medium', 'low'] }],
    ['severity:high,low -severity:low', { severities: ['high'] }],
    ['-state:excepted', { states: ['open', 'fixed', 'denied', 'unreadable', 'notAffected', 'disabled'] }],
    ['state:not-affected', { states: ['notAffected'] }],
    ['state:open,new', { states: ['open'] }],
    ['state:new', { states: ['new'] }],
    ['kind:secret asset-kind:image', { kinds: ['secret'], assetKinds: ['image'] }],
    ['app:"web shop"', { applications: ['web shop'] }],
    ['connection:production', { connections: ['c-1'] }],
    ['connection:c-9', { connections: ['c-9'] }],
    ['subscription:"shop, main"', { subscriptions: ['11111111-1111-4111-8111-111111111111'] }],
    ['asset:image:host/repo@sha256:ab', { asset: 'image:host/repo@sha256:ab' }],
    ['check:CVE-2026-1234', { check: 'CVE-2026-1234' }],
    [
      'running:yes internet:no exploited:yes changed:no',
      { running: true, internetFacing: false, knownExploited: true, severityChanged: false },
    ],
    ['seen:7d', { firstSeenDays: 7 }],
    // what only looks like a key is text
    ['openssl:3.0 http://x', { text: 'openssl:3.0 http://x' }],
    ['"severity:high"', { text: '"severity:high"' }],
    [
      'severity:critical source:acr fix:yes -state:excepted "log4j"',
      {
        severities: ['critical'],
        sourceTools: ['acr'],
        states: ['open', 'fixed', 'denied', 'unreadable', 'notAffected', 'disabled'],
        fixAvailable: true,
        text: '"log4j"',
      },
    ],
  ];
  for (const [text, filter] of cases) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseSearch(text, names), { filter, problems: [] });
    });
  }

  const broken: readonly (readonly [text: string, key: string, value: string])[] = [
    ['severity:crit', 'severity', 'crit'],
    ['severity:', 'severity', ''],
    ['fix:maybe', 'fix', 'maybe'],
    ['-app:orders', 'app', 'orders'],
    ['-asset:x', 'asset', 'x'],
    ['seen:soon', 'seen', 'soon'],
    ['seen:0d', 'seen', '0d'],
    // an open finding may be a new one: new ones alone cannot be left out
    ['-state:new', 'state', 'new'],
  ];
  for (const [text, key, value] of broken) {
    it(`names what ${JSON.stringify(text)} lacks, and filters nothing by it`, () => {
      assert.deepEqual(parseSearch(text), { filter: {}, problems: [{ key, value }] });
    });
  }

  it('writes names for ids, in quotes where they need them', () => {
    const filter: FindingsFilter = {
      applications: ['web shop'],
      connections: ['c-1'],
      subscriptions: ['11111111-1111-4111-8111-111111111111'],
    };
    assert.equal(formatSearch(filter, names), 'app:"web shop" connection:Production subscription:"shop, main"');
  });

  it('writes the shorter form when nearly everything is chosen', () => {
    assert.equal(formatSearch({ severities: ['critical', 'high', 'medium', 'low'] }), '-severity:info');
    assert.equal(formatSearch({ severities: ['critical', 'high'] }), 'severity:critical,high');
  });

  it('writes the id where two connections share a name', () => {
    const twins = {
      ...names,
      connections: [
        { value: 'c-1', label: 'Production', count: 1 },
        { value: 'c-2', label: 'Production', count: 1 },
      ],
    };
    assert.equal(formatSearch({ connections: ['c-2'] }, twins), 'connection:c-2');
  });

  it('reads back every filter it writes', () => {
    const some = <T extends string>(words: readonly T[]) => fc.uniqueArray(fc.constantFrom(...words), { minLength: 1 });
    const word = fc.stringMatching(/^[a-z0-9][a-z0-9 ,/@.-]{0,20}[a-z0-9]$/);
    const filters = fc.record(
      {
        severities: some(severities),
        originalSeverities: some(originalSeverities),
        sourceTools: some(sourceTools),
        states: some(findingStates),
        kinds: some(findingKinds),
        assetKinds: some(assetKinds),
        applications: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
        connections: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
        asset: word,
        check: word,
        fixAvailable: fc.boolean(),
        knownExploited: fc.boolean(),
        firstSeenDays: fc.integer({ min: 1, max: 9999 }),
        text: fc.stringMatching(/^[a-z0-9.]{1,20}( [a-z0-9.]{1,10})?$/),
      },
      { requiredKeys: [] },
    );
    const normal = (filter: FindingsFilter) => {
      const sorted = (words: readonly string[] | undefined) => [...(words ?? [])].sort();
      const { states } = filter;
      return {
        ...filter,
        severities: sorted(filter.severities),
        originalSeverities: sorted(filter.originalSeverities),
        sourceTools: sorted(filter.sourceTools),
        // "open" takes in "new"
        states: sorted(states?.includes('open') === true ? states.filter((state) => state !== 'new') : states),
        kinds: sorted(filter.kinds),
        assetKinds: sorted(filter.assetKinds),
        applications: sorted(filter.applications),
        connections: sorted(filter.connections),
      };
    };
    fc.assert(
      fc.property(filters, (filter) => {
        const text = formatSearch(filter);
        fc.pre(text.length <= 500);
        assert.deepEqual(normal(parseSearch(text).filter), normal(filter), text);
      }),
    );
  });

  it('never throws, whatever is typed', () => {
    fc.assert(fc.property(fc.string({ maxLength: 800 }), (text) => void formatSearch(parseSearch(text).filter)));
  });
});

describe('completions of the search box', () => {
  const facet = (value: string, label: string, count: number) => ({ value, label, count });
  const facets: Facets = {
    sourceTools: [facet('acr', 'acr', 7)],
    severities: severities.map((severity, at) => facet(severity, severity, at)),
    originalSeverities: [],
    states: [],
    kinds: [],
    assetKinds: [],
    connections: [facet('c-1', 'Production', 5)],
    subscriptions: [],
    applications: [facet('web shop', 'web shop', 3), facet('orders', 'orders', 1)],
    flags: [],
  };
  const inserts = (text: string, caret = text.length) => suggest(text, caret, facets).items.map(({ insert }) => insert);

  it('offers keys while a word is typed', () => {
    assert.deepEqual(inserts('se'), ['severity:', 'seen:']);
    assert.deepEqual(inserts('openssl -st'), ['-state:']);
  });

  it('offers nothing for an empty place or a word that begins no key', () => {
    assert.deepEqual(inserts(''), []);
    assert.deepEqual(inserts('openssl '), []);
    assert.deepEqual(inserts('openssl'), []);
  });

  it('offers the values of a key with their counts', () => {
    assert.deepEqual(suggest('severity:', 9, facets).items[1], {
      type: 'value',
      key: 'severity',
      value: 'high',
      label: 'high',
      count: 1,
      insert: 'high',
    });
    assert.deepEqual(inserts('severity:cr'), ['critical']);
    assert.deepEqual(inserts('fix:'), ['yes', 'no']);
  });

  it('offers every severity, also those that no finding in sight has', () => {
    const none: Facets = { ...facets, severities: [facet('low', 'low', 2)] };
    assert.deepEqual(
      suggest('severity:', 9, none).items.map((item) => (item.type === 'value' ? [item.value, item.count] : [])),
      [
        ['low', 2],
        ['critical', undefined],
        ['high', undefined],
        ['medium', undefined],
        ['info', undefined],
      ],
    );
  });

  it('leaves out values that are there', () => {
    assert.deepEqual(inserts('severity:critical,high,'), ['medium', 'low', 'info']);
  });

  it('puts names with spaces in quotes', () => {
    assert.deepEqual(inserts('app:web'), ['"web shop"']);
  });

  it('replaces the part at the caret alone', () => {
    const { from, to } = suggest('severity:cri openssl', 12, facets);
    assert.deepEqual([from, to], [9, 12]);
  });
});
