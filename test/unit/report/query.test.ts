import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FindingsFilter, FindingsQuery } from '../../../src/report/contract.ts';
import { emptyQuery } from '../../../src/report/contract.ts';
import { matchesFilter, searchTerms } from '../../../src/report/filter.ts';
import { FindingIndex } from '../../../src/report/finding-index.ts';
import type { FindingListItem } from '../../../src/report/list-item.ts';
import { buildFacets, buildRows, FindingQueries, locateRow, queryFindings } from '../../../src/report/query.ts';
import {
  assetKinds,
  findingKinds,
  findingStates,
  originalSeverities,
  severities,
  sourceTools,
} from '../../../src/report/words.ts';

const now = new Date('2026-11-20T12:00:00Z');

function item(id: string, change: Partial<FindingListItem> = {}): FindingListItem {
  return {
    id,
    severity: 'medium',
    original: 'medium',
    title: `Title of ${id}`,
    check: 'CVE-2026-0001',
    kind: 'vulnerability',
    state: 'open',
    sourceTool: 'acr',
    assetId: 'image:one.azurecr.io/web@sha256:aa',
    assetName: 'web:1.4',
    assetKind: 'image',
    within: [],
    application: 'orders',
    firstSeen: '2026-11-01T00:00:00Z',
    knownExploited: false,
    running: false,
    internetFacing: false,
    pressure: 0,
    ...change,
  };
}

const all: FindingsQuery = { ...emptyQuery, filter: {}, grouping: 'none' };

/** Ids in the order shown; heads of groups in brackets. */
function shown(items: readonly FindingListItem[], query: FindingsQuery, offset = 0, limit = 500): string[] {
  return buildRows(queryFindings(FindingIndex.of(items), query, now), offset, limit).map((row) =>
    row.type === 'group' ? `[${row.label} ${row.count}]` : row.id,
  );
}

describe('the order of findings', () => {
  it('is that of urgency: level, known exploited, pressure, EPSS, CVSS, replicas, fixable, age, id', () => {
    const items = [
      item('l-none', { severity: 'none' }),
      item('k-info', { severity: 'info' }),
      item('j-low', { severity: 'low' }),
      item('i-b'),
      item('i-a'),
      item('h-older', { firstSeen: '2026-10-01T00:00:00Z' }),
      item('g-fix', { fix: '1.2' }),
      item('f-replicas', { replicas: 3 }),
      item('e-cvss', { cvss: 5.1 }),
      item('d-epss', { epss: 0.02 }),
      item('c-pressure', { pressure: 7 }),
      item('b-kev', { knownExploited: true, pressure: -5 }),
      item('a-critical', { severity: 'critical', pressure: -20 }),
      item('i-unknown-pressure', { pressure: null }),
    ];
    assert.deepEqual(shown(items, all), [
      'a-critical',
      'b-kev',
      'c-pressure',
      'd-epss',
      'e-cvss',
      'f-replicas',
      'g-fix',
      'h-older',
      'i-a',
      'i-b',
      'i-unknown-pressure',
      'j-low',
      'k-info',
      'l-none',
    ]);
  });

  it('turns round when severity is sorted ascending', () => {
    const items = [item('a', { severity: 'low' }), item('b', { severity: 'high' })];
    assert.deepEqual(shown(items, { ...all, sort: { key: 'severity', descending: false } }), ['a', 'b']);
  });

  const keyed: readonly (readonly [key: FindingsQuery['sort']['key'], expected: readonly string[]])[] = [
    ['title', ['c', 'a', 'b']],
    ['asset', ['b', 'a', 'c']],
    ['sourceTool', ['b', 'c', 'a']],
    ['state', ['a', 'c', 'b']],
    ['firstSeen', ['b', 'c', 'a']],
    // no fix comes last
    ['fix', ['c', 'a', 'b']],
  ];
  for (const [key, expected] of keyed) {
    it(`by ${key} follows its values, upward and downward`, () => {
      const items = [
        item('a', {
          title: 'm',
          assetName: 'm',
          assetId: 'x',
          sourceTool: 'dockerfile',
          state: 'open',
          firstSeen: '2026-11-03T00:00:00Z',
          fix: '2',
        }),
        item('b', {
          title: 'z',
          assetName: 'a',
          assetId: 'y',
          sourceTool: 'acr',
          state: 'fixed',
          firstSeen: '2026-11-01T00:00:00Z',
        }),
        item('c', {
          title: 'a',
          assetName: 'z',
          assetId: 'z',
          sourceTool: 'aks',
          state: 'new',
          firstSeen: '2026-11-02T00:00:00Z',
          fix: '1',
        }),
      ];
      assert.deepEqual(shown(items, { ...all, sort: { key, descending: false } }), expected);
      assert.deepEqual(shown(items, { ...all, sort: { key, descending: true } }), expected.toReversed());
    });
  }

  it('puts what is equal in the key by urgency', () => {
    const items = [item('a', { severity: 'low' }), item('b', { severity: 'critical' })];
    assert.deepEqual(shown(items, { ...all, sort: { key: 'asset', descending: false } }), ['b', 'a']);
  });

  it('does not depend on the order in which findings come', () => {
    const items = [item('a'), item('b', { severity: 'high' }), item('c')];
    assert.deepEqual(shown(items.toReversed(), all), shown(items, all));
  });
});

describe('the filter', () => {
  const one = (change: Partial<FindingListItem>, filter: FindingsFilter) =>
    shown([item('x', change)], { ...all, filter }).length === 1;

  it('takes new findings for open ones, and not the reverse', () => {
    assert.equal(one({ state: 'new' }, { states: ['open'] }), true);
    assert.equal(one({ state: 'open' }, { states: ['new'] }), false);
    assert.equal(one({ state: 'denied' }, { states: ['open'] }), false);
  });

  it('does not filter by an empty list', () => {
    assert.equal(one({}, { severities: [] }), true);
  });

  it('finds the asset and what lies below it', () => {
    const subscription = '/subscriptions/aa';
    assert.equal(one({ assetId: '/subscriptions/aa' }, { asset: subscription }), true);
    assert.equal(one({ assetId: '/subscriptions/aa/resourcegroups/x' }, { asset: '/SUBSCRIPTIONS/AA' }), true);
    assert.equal(one({ assetId: '/subscriptions/aab' }, { asset: subscription }), false);
    assert.equal(one({ within: ['/subscriptions/aa/registries/r'] }, { asset: subscription }), true);
  });

  it('counts an unknown severity as medium when it looks for changes', () => {
    assert.equal(one({ original: 'unknown', severity: 'medium' }, { severityChanged: true }), false);
    assert.equal(one({ original: 'unknown', severity: 'high' }, { severityChanged: true }), true);
    assert.equal(one({ original: 'high', severity: 'high' }, { severityChanged: false }), true);
  });

  it('goes by age from now', () => {
    assert.equal(one({ firstSeen: '2026-11-13T12:00:00Z' }, { firstSeenDays: 7 }), true);
    assert.equal(one({ firstSeen: '2026-11-13T11:59:59Z' }, { firstSeenDays: 7 }), false);
    assert.equal(one({ firstSeen: 'never' }, { firstSeenDays: 7 }), false);
  });

  it('searches id, title, package, asset, check and file; every word must be found', () => {
    const change = {
      title: 'Heap overflow',
      packageName: 'libxml2',
      assetName: 'web:1',
      check: 'CVE-2026-7',
      file: '/app/x.js',
    };
    for (const text of ['x', 'HEAP', 'libxml', 'WEB:1', 'cve-2026-7', '/app/', 'heap libxml', '"heap over"']) {
      assert.equal(one(change, { text }), true, text);
    }
    for (const text of ['heap nothing', '"overflow heap"']) assert.equal(one(change, { text }), false, text);
  });

  it('agrees with the test of a single finding, for any findings and filters', () => {
    const word = fc.constantFrom('alpha', 'beta', 'gamma', 'delta');
    const items = fc.uniqueArray(
      fc.record({
        id: fc.stringMatching(/^[a-z]{1,6}$/),
        severity: fc.constantFrom(...severities, 'none' as const),
        original: fc.constantFrom(...originalSeverities),
        title: word,
        check: word,
        kind: fc.constantFrom(...findingKinds),
        state: fc.constantFrom(...findingStates),
        sourceTool: fc.constantFrom(...sourceTools),
        assetName: word,
        assetId: fc.constantFrom('/a', '/a/b', '/a/b/c', '/d'),
        within: fc.constant([] as string[]),
        assetKind: fc.constantFrom(...assetKinds),
        application: word,
        connectionId: word,
        firstSeen: fc.constantFrom('2026-11-19T00:00:00Z', '2026-10-01T00:00:00Z', 'x'),
        knownExploited: fc.boolean(),
        running: fc.boolean(),
        internetFacing: fc.boolean(),
        pressure: fc.constantFrom(null, -3, 12),
        fix: fc.constantFrom('', '1.2'),
      }),
      { selector: ({ id }) => id, maxLength: 40 },
    );
    const filter = fc.record(
      {
        severities: fc.subarray([...severities]),
        originalSeverities: fc.subarray([...originalSeverities]),
        states: fc.subarray([...findingStates]),
        sourceTools: fc.subarray([...sourceTools]),
        kinds: fc.subarray([...findingKinds]),
        assetKinds: fc.subarray([...assetKinds]),
        applications: fc.subarray(['alpha', 'beta']),
        connections: fc.subarray(['alpha', 'beta']),
        asset: fc.constantFrom('/a', '/a/b'),
        check: word,
        fixAvailable: fc.boolean(),
        running: fc.boolean(),
        internetFacing: fc.boolean(),
        knownExploited: fc.boolean(),
        severityChanged: fc.boolean(),
        firstSeenDays: fc.constantFrom(1, 7, 60),
        text: fc.constantFrom('a', 'alpha be', 'zz', '"mm"'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(items, filter, (list, wanted) => {
        // assets of one id share their name in the list
        const named = list.map((entry) => ({ ...entry, assetName: `asset ${entry.assetId}` }));
        const expected = named.filter((entry) => matchesFilter(entry, wanted, now)).map(({ id }) => id);
        assert.deepEqual(shown(named, { ...all, filter: wanted }).sort(), expected.sort());
      }),
    );
  });

  it('takes at most sixteen words of a text', () => {
    assert.equal(searchTerms('a '.repeat(100)).length, 16);
  });
});

describe('groups', () => {
  const items = [
    item('a', { severity: 'critical', application: 'shop', packageName: 'openssl' }),
    item('b', { severity: 'high', application: 'shop', state: 'new', packageName: 'zlib' }),
    item('c', { severity: 'low', application: '', packageName: 'openssl' }),
    item('d', { severity: 'critical', application: 'orders' }),
  ];
  const grouped = (grouping: FindingsQuery['grouping'], folded: readonly string[] = []) => ({
    ...all,
    grouping,
    folded,
  });

  it('of severity stand worst first', () => {
    assert.deepEqual(shown(items, grouped('severity')), ['[critical 2]', 'a', 'd', '[high 1]', 'b', '[low 1]', 'c']);
  });

  it('of applications stand in the order of their first findings', () => {
    assert.deepEqual(shown(items, grouped('application')), ['[shop 2]', 'a', 'b', '[orders 1]', 'd', '[ 1]', 'c']);
  });

  it('of packages keep what has none together', () => {
    assert.deepEqual(shown(items, grouped('package')), ['[openssl 2]', 'a', 'c', '[ 1]', 'd', '[zlib 1]', 'b']);
  });

  it('count findings, new ones and severities', () => {
    const [head] = buildRows(queryFindings(FindingIndex.of(items), grouped('application'), now), 0, 1);
    assert.deepEqual(head, {
      type: 'group',
      key: 'application:shop',
      label: 'shop',
      count: 2,
      newCount: 1,
      severityCounts: { critical: 1, high: 1, medium: 0, low: 0, info: 0 },
      expanded: true,
    });
  });

  it('hide their findings when folded, in windows too', () => {
    const query = grouped('severity', ['severity:critical']);
    assert.deepEqual(shown(items, query), ['[critical 2]', '[high 1]', 'b', '[low 1]', 'c']);
    assert.deepEqual(shown(items, query, 1, 2), ['[high 1]', 'b']);
    assert.equal(queryFindings(FindingIndex.of(items), query, now).totalRows, 5);
  });

  it('give any window the same lines as the whole list', () => {
    const many = Array.from({ length: 60 }, (_, at) =>
      item(`i${at}`, { application: `app ${at % 7}`, severity: severities[at % 5] ?? 'low' }),
    );
    const query = grouped('application', ['application:app 2', 'application:app 5']);
    const whole = shown(many, query);
    for (let offset = 0; offset <= whole.length; offset++) {
      assert.deepEqual(shown(many, query, offset, 4), whole.slice(offset, offset + 4));
    }
  });

  it('say in which line a finding stands', () => {
    const index = FindingIndex.of(items);
    assert.equal(locateRow(queryFindings(index, grouped('severity'), now), 'b'), 4);
    assert.equal(locateRow(queryFindings(index, all, now), 'b'), 2);
    assert.equal(locateRow(queryFindings(index, grouped('severity', ['severity:high']), now), 'b'), undefined);
    assert.equal(locateRow(queryFindings(index, all, now), 'nobody'), undefined);
  });
});

describe('facets', () => {
  const items = [
    item('a', { severity: 'critical', sourceTool: 'acr', state: 'open', running: true }),
    item('b', { severity: 'critical', sourceTool: 'aks', state: 'new' }),
    item('c', { severity: 'low', sourceTool: 'acr', state: 'fixed', connectionId: 'c-1' }),
    item('d', { severity: 'low', sourceTool: 'acr', state: 'denied' }),
  ];
  const facets = (filter: FindingsFilter) =>
    buildFacets(FindingIndex.of(items), filter, now, {
      connections: new Map([['c-1', 'Production']]),
      subscriptions: new Map(),
    });
  const counts = (values: readonly { readonly value: string; readonly count: number }[]) =>
    Object.fromEntries(values.filter(({ count }) => count > 0).map(({ value, count }) => [value, count]));

  it('count each value under the other filters', () => {
    const found = facets({ severities: ['critical'], sourceTools: ['acr'] });
    assert.deepEqual(counts(found.severities), { critical: 1, low: 2 });
    assert.deepEqual(counts(found.sourceTools), { acr: 1, aks: 1 });
    assert.deepEqual(counts(found.states), { open: 1 });
  });

  it('count new findings among the open ones', () => {
    assert.deepEqual(counts(facets({}).states), { open: 2, new: 1, fixed: 1, denied: 1 });
  });

  it('list every word of a vocabulary, and only connections that exist', () => {
    const found = facets({});
    assert.deepEqual(
      found.severities.map(({ value }) => value),
      ['critical', 'high', 'medium', 'low', 'info'],
    );
    assert.deepEqual(found.connections, [{ value: 'c-1', label: 'Production', count: 1 }]);
  });

  it('keep what is chosen although nothing has it', () => {
    assert.deepEqual(facets({ applications: ['gone'] }).applications, [
      { value: 'gone', label: 'gone', count: 0 },
      { value: 'orders', label: 'orders', count: 4 },
    ]);
  });

  it('count the findings for which a flag is true', () => {
    assert.deepEqual(counts(facets({ running: false }).flags), { running: 1, severityChanged: 3 });
  });
});

describe('answers to the page', () => {
  const items = [
    item('a', { severity: 'critical' }),
    item('b', { state: 'denied' }),
    item('c', { state: 'unreadable', check: 'CVE-2026-0002' }),
    item('d', { state: 'fixed', running: true }),
  ];
  const queries = new FindingQueries(FindingIndex.of(items));
  const request = {
    queryId: 7,
    query: { ...all, filter: { states: ['open'] as const } },
    offset: 0,
    limit: 10,
    facets: false,
  };

  it('say how many there are, shown and denied', () => {
    const { rows, ...rest } = queries.page(request, now);
    assert.deepEqual(rest, { queryId: 7, totalRows: 1, totalFindings: 1, allFindings: 4, deniedCount: 2, offset: 0 });
    assert.deepEqual(
      rows.map((row) => row.type === 'finding' && row.id),
      ['a'],
    );
  });

  it('never hold more than 500 rows', () => {
    const many = new FindingQueries(FindingIndex.of(Array.from({ length: 700 }, (_, at) => item(`i${at}`))));
    assert.equal(many.page({ ...request, limit: 10_000 }, now).rows.length, 500);
  });

  it('locate a finding when asked', () => {
    assert.equal(queries.page({ ...request, locate: 'a' }, now).locatedRow, 0);
    assert.equal(queries.page({ ...request, locate: 'd' }, now).locatedRow, undefined);
  });

  it('give facets only when asked', () => {
    assert.equal(queries.page(request, now).facets, undefined);
    assert.notEqual(queries.page({ ...request, facets: true }, now).facets, undefined);
  });

  it('count open, visible, denied and all', () => {
    assert.deepEqual(queries.counts({ states: ['open'] }, now), {
      open: { critical: 1, high: 0, medium: 0, low: 0, info: 0 },
      visible: 1,
      denied: 2,
      total: 4,
    });
  });

  it('list what passes, most urgent first', () => {
    assert.deepEqual(
      [...queries.matching({}, now)].map(({ id }) => id),
      ['a', 'b', 'c', 'd'],
    );
  });

  it('name other findings with the same cause, and how many there are', () => {
    const { found, total } = queries.sameCause('a', 1);
    assert.equal(total, 2);
    assert.deepEqual(
      found.map(({ id }) => id),
      ['b'],
    );
    assert.deepEqual(queries.sameCause('c', 5), { found: [], total: 0 });
    assert.deepEqual(queries.sameCause('nobody', 5), { found: [], total: 0 });
  });
});

describe('the index', () => {
  it('built in steps is the one built at once, and stops when told to', async () => {
    const items = Array.from({ length: 9000 }, (_, at) => item(`i${at}`, { severity: severities[at % 5] ?? 'low' }));
    const inSteps = await FindingIndex.build(items, new AbortController().signal);
    assert.deepEqual(inSteps.urgent, FindingIndex.of(items).urgent);
    await assert.rejects(FindingIndex.build(items, AbortSignal.abort()), { name: 'AbortError' });
  });

  it('sorts thousands of titles as a plain sort does', () => {
    const items = Array.from({ length: 9000 }, (_, at) => item(`i${at}`, { title: `T${(at * 7919) % 9000}` }));
    const result = queryFindings(FindingIndex.of(items), { ...all, sort: { key: 'title', descending: false } }, now);
    const titles = [...result.rows].map((row) => result.index.items[row]?.title);
    assert.deepEqual(titles, items.map(({ title }) => title).sort());
  });

  it('finds a text in one value, never across two', () => {
    const items = [item('a', { title: 'open' }), item('b', { title: 'ssl' }), item('c', { title: 'OpenSSL' })];
    assert.deepEqual(shown(items, { ...all, filter: { text: 'openssl' } }), ['c']);
    assert.deepEqual(shown(items, { ...all, filter: { text: '"open\nssl"' } }), []);
  });

  it('of nothing answers with nothing', () => {
    assert.deepEqual(shown([], { ...all, grouping: 'severity' }), []);
  });

  it('finds the row of an id', () => {
    const index = FindingIndex.of([item('c'), item('a'), item('b')]);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((id) => index.rowOf(id)),
      [0, 1, 2, -1],
    );
  });
});
