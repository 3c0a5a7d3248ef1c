import assert from 'node:assert/strict';
import {
  daysUntil,
  escapeMarkdown,
  formatDate,
  formatRelative,
  plural,
  shortenMiddle,
} from '../../../src/vscode/l10n.ts';
import { english } from './support/english.ts';

const now = new Date('2026-11-21T12:00:00Z');

describe('words of the editor', () => {
  it('choose the plural form by the language', () => {
    const polish = { ...english, language: 'pl' };
    const forms = { one: 'one', other: 'other' };
    assert.equal(plural(english, 1, forms), 'one');
    assert.equal(plural(english, 0, forms), 'other');
    assert.equal(plural(polish, 22, forms), 'other');
  });

  it('tell times by their distance', () => {
    for (const [iso, text] of [
      ['2026-11-21T09:00:00Z', '3 hours ago'],
      ['2026-11-21T11:59:40Z', 'now'],
      ['2026-11-20T11:00:00Z', 'yesterday'],
      ['2026-11-28T12:00:00Z', 'next week'],
      ['nonsense', 'nonsense'],
    ] as const) {
      assert.equal(formatRelative(english, iso, now), text);
    }
  });

  it('show a date without time as that day in every time zone', () => {
    assert.equal(formatDate(english, '2027-03-31'), 'Mar 31, 2027');
  });

  it('count whole days until a date', () => {
    assert.equal(daysUntil('2026-11-21', now), 0);
    assert.equal(daysUntil('2026-12-03', now), 12);
    assert.equal(daysUntil('2026-11-19', now), -2);
    assert.equal(daysUntil('soon', now), undefined);
  });

  it('shorten in the middle to the asked length', () => {
    assert.equal(shortenMiddle('contoso.azurecr.io/shop/web:1.4.2', 15), 'contoso…b:1.4.2');
    assert.equal(shortenMiddle('short', 15), 'short');
  });

  it('leave no markup in third-party text', () => {
    const hostile = '[x](command:workbench.action.terminal.new) $(zap) <img src=x> `a` **b** https://evil.test\n# head';
    const escaped = escapeMarkdown(hostile);
    assert.doesNotMatch(escaped, /[[\]()<>`*$\n]/);
    assert.doesNotMatch(escaped, /https:|command:/);
    assert.equal(escapeMarkdown('openssl 3'), 'openssl 3');
  });
});
