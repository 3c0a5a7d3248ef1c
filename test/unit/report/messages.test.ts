import assert from 'node:assert/strict';
import type { ReportState, ToHost, ToPage } from '../../../src/report/contract.ts';
import { emptyQuery } from '../../../src/report/contract.ts';
import { parseReportState, parseToHost, parseToPage } from '../../../src/report/messages.ts';
import { connectivity, emptyDashboard, makeDashboard, makeFinding, makeItems } from '../../e2e/report/data.ts';
import { FindingIndex } from '../../../src/report/finding-index.ts';
import { FindingQueries } from '../../../src/report/query.ts';
import { reportStrings } from '../../../src/report/strings.ts';

const state: ReportState = {
  page: 'findings',
  query: emptyQuery,
  selected: 'f1',
  split: 0.5,
  detailTab: 'severity',
  letterKeys: false,
};

describe('messages from the page', () => {
  const good: readonly ToHost[] = [
    { type: 'ready' },
    { type: 'query', queryId: 1, query: emptyQuery, offset: 0, limit: 200, facets: true, locate: 'f1' },
    { type: 'detail', id: 'f1' },
    { type: 'page', page: 'connectivity' },
    { type: 'state', state },
    { type: 'goToSource', id: 'f1' },
    { type: 'openLink', url: 'https://example.org/' },
    { type: 'copy', text: 'x' },
    { type: 'typeInTerminal', text: 'az account show' },
    { type: 'command', command: 'createException', argument: 'f1', ids: ['f1', 'f2'] },
    { type: 'problem', what: 'script', detail: 'x' },
  ];
  for (const message of good) {
    it(`of type ${message.type} pass as they are`, () => {
      assert.deepEqual(parseToHost(message), { message });
    });
  }

  const bad: readonly (readonly [what: string, message: unknown, problem: string])[] = [
    ['no object', 'ready', ': invalid_type'],
    ['an unknown type', { type: 'run' }, 'type: invalid_union'],
    [
      'a command that is not in the list',
      { type: 'command', command: 'workbench.action.quit' },
      'command: invalid_value',
    ],
    ['a link to another scheme', { type: 'openLink', url: 'file:///etc/passwd' }, 'url: invalid_format'],
    [
      'too many rows',
      { type: 'query', queryId: 1, query: emptyQuery, offset: 0, limit: 501, facets: false },
      'limit: too_big',
    ],
    [
      'a negative offset',
      { type: 'query', queryId: 1, query: emptyQuery, offset: -1, limit: 1, facets: false },
      'offset: too_small',
    ],
    [
      'a severity that does not exist',
      {
        type: 'query',
        queryId: 1,
        query: { ...emptyQuery, filter: { severities: ['awful'] } },
        offset: 0,
        limit: 1,
        facets: false,
      },
      'query.filter.severities.0: invalid_value',
    ],
    [
      'an absurdly long search',
      {
        type: 'query',
        queryId: 1,
        query: { ...emptyQuery, filter: { text: 'x'.repeat(501) } },
        offset: 0,
        limit: 1,
        facets: false,
      },
      'query.filter.text: too_big',
    ],
  ];
  for (const [what, message, problem] of bad) {
    it(`with ${what} are refused, naming the place and not the value`, () => {
      assert.deepEqual(parseToHost(message), { problem });
    });
  }

  it('lose members that nobody knows', () => {
    assert.deepEqual(parseToHost({ type: 'detail', id: 'f1', extra: 1 }), { message: { type: 'detail', id: 'f1' } });
  });
});

describe('messages from the host', () => {
  const items = makeItems(300);
  const queries = new FindingQueries(FindingIndex.of(items));
  const request = { queryId: 1, query: { ...emptyQuery, filter: {} }, offset: 0, limit: 300, facets: true };
  const good: readonly ToPage[] = [
    { type: 'strings', language: 'en', strings: reportStrings, commands: ['scanAll'] },
    { type: 'show', page: 'findings', filter: { states: ['open'] }, select: 'f1', focus: true },
    { type: 'show', connection: 'c', step: 'token.arm', focus: false },
    { type: 'restore', state },
    { type: 'dashboard', model: emptyDashboard },
    { type: 'dashboard', model: makeDashboard(items) },
    { type: 'connectivity', model: connectivity },
    { type: 'findings', page: queries.page(request, new Date()) },
    { type: 'detail', id: 'f1', detail: null },
    { type: 'changed' },
  ];
  for (const message of good) {
    it(`of type ${message.type} pass as they are`, () => {
      assert.deepEqual(parseToPage(message), { message });
    });
  }

  it('carry findings of every kind', () => {
    for (let number = 0; number < 300; number++) {
      const message: ToPage = { type: 'detail', id: 'x', detail: { finding: makeFinding(number) } };
      assert.deepEqual(parseToPage(message), { message });
    }
  });

  it('are refused when a member is of another type', () => {
    assert.deepEqual(
      parseToPage({ type: 'dashboard', model: { ...emptyDashboard, open: { ...emptyDashboard.open, high: '3' } } }),
      {
        problem: 'model.open.high: invalid_type',
      },
    );
  });
});

describe('stored state', () => {
  it('comes back as it was', () => {
    assert.deepEqual(parseReportState(state), state);
  });

  it('of another version is forgotten', () => {
    for (const value of [undefined, null, 7, { page: 'compliance', query: emptyQuery }, { page: 'findings' }]) {
      assert.equal(parseReportState(value), undefined);
    }
  });
});
