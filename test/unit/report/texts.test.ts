import assert from 'node:assert/strict';
import { reportStrings } from '../../../src/report/strings.ts';
import { makeTexts } from '../../../src/report/texts.ts';
import { findingStates, originalSeverities } from '../../../src/report/words.ts';

const now = Date.parse('2026-11-20T12:00:00Z');

describe('the words of the report', () => {
  const texts = makeTexts('en', reportStrings);

  it('fill names in braces, numbers in the manner of the language', () => {
    assert.equal(texts.t('scan.progress', { done: 1234, total: 5678 }), 'Scanning 1,234 of 5,678…');
    assert.equal(makeTexts('de', reportStrings).t('counts.long.high', { count: 1234 }), '1.234 high');
  });

  it('put values in as they are, braces included', () => {
    assert.equal(texts.t('row.asset', { asset: '{asset} $& {x}' }), 'on {asset} $& {x}');
  });

  it('take the plural form of the count', () => {
    assert.equal(texts.plural('list.denied', 1), '1 check denied');
    assert.equal(texts.plural('list.denied', 0), '0 checks denied');
    assert.equal(texts.plural('list.denied', 2), '2 checks denied');
  });

  it('fall back to the general form where a language has more than the dictionary', () => {
    assert.equal(makeTexts('pl', reportStrings).plural('list.denied', 3), '3 checks denied');
  });

  it('show a key that the host did not send', () => {
    assert.equal(makeTexts('en', {}).t('yes'), 'yes');
  });

  it('say how long ago', () => {
    const ago = (iso: string) => texts.relative(iso, now);
    assert.equal(ago('2026-11-20T11:57:00Z'), '3 minutes ago');
    assert.equal(ago('2026-11-20T11:59:50Z'), 'this minute');
    assert.equal(ago('2026-11-19T11:00:00Z'), 'yesterday');
    assert.equal(ago('2026-12-02T12:00:00Z'), 'next week');
    assert.equal(ago('never'), 'never');
  });

  it('cut percentages to the decimals asked for', () => {
    assert.equal(texts.percent(0.912), '91%');
    assert.equal(texts.percent(0.0012, 1), '0.1%');
  });

  it('stay English for a language that is none', () => {
    assert.equal(makeTexts('not a language', reportStrings).number(1234), '1,234');
  });
});

describe('the dictionary', () => {
  const keys = Object.keys(reportStrings);

  it('has a general form for each special one, with no other names in braces', () => {
    const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const [key, text] of Object.entries(reportStrings)) {
      const [base, form] = key.split('#', 2);
      if (form === undefined) continue;
      const general = (reportStrings as Readonly<Record<string, string>>)[`${base ?? ''}#other`];
      assert.notEqual(general, undefined, key);
      // "in the last day" may leave the number out
      assert.ok(
        names(text).every((name) => names(general ?? '').includes(name)),
        key,
      );
    }
  });

  it('has a different letter for each severity', () => {
    const letters = [...originalSeverities, 'none' as const].map((level) => reportStrings[`severity.${level}.letter`]);
    assert.equal(new Set(letters).size, letters.length);
  });

  it('has a word for each state', () => {
    for (const state of findingStates) assert.ok(keys.includes(`state.${state}`));
  });

  it('holds no empty text', () => {
    for (const [key, text] of Object.entries(reportStrings)) assert.notEqual(text.trim(), '', key);
  });
});
