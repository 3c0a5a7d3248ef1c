import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { schemes } from '../../../src/versions/index.ts';
import { type RangeEvent, evaluateRanges } from '../../../src/versions/range.ts';
import type { VersionScheme } from '../../../src/versions/scheme.ts';
import { type FuzzTarget, textSeeds } from '../target.ts';

const fixtures = path.join(import.meta.dirname, '../../fixtures/versions');

/** The pairs of a scheme's fixture, a line feed between the two. */
function pairs(id: string): readonly string[] {
  const lines = readFileSync(path.join(fixtures, `${id}.txt`), 'utf8').split('\n');
  return lines.filter((line) => !line.startsWith('#') && line !== '').map((line) => line.replace(/ [<=] /, '\n'));
}

const words = [
  ...['.', '-', '_', '~', '^', '+', ':', '!', 'v', 'alpha', 'beta', 'pre', 'rc', 'dev', 'post', 'final', 'ga', 'sp'],
  ...['snapshot', 'a1', '-r1', '_p1', '~rc1', '^git', '0:', '1!', '.root.io.1', '9007199254740993', '\n', 'é', 'x'],
];

const signs = ['<', '=', '>'] as const;

/** What a text looks like: numbers, words and separators, the first few of them. */
function shapeOf(text: string): string {
  return text
    .slice(0, 40)
    .replace(/[0-9]+/g, '0')
    .replace(/[a-z]+/gi, 'a')
    .replace(/[^\x21-\x7e]/g, '?')
    .slice(0, 5);
}

/** Two versions parted by a line feed: both are parsed and compared, both ways and each with itself. */
function targetFor(scheme: VersionScheme<unknown>): FuzzTarget {
  return {
    name: `versions-${scheme.id}`,
    seeds: () => textSeeds(pairs(scheme.id)),
    dictionary: words,
    mostBytes: 20_000,
    limitMs: 250,
    shortRun: 5_000,
    run: (input) => {
      const [left = '', right = ''] = Buffer.from(input).toString('utf8').split('\n');
      const a = scheme.parse(left);
      const b = scheme.parse(right);
      if (a !== undefined) assert.equal(scheme.compare(a, a), 0, 'a version equals itself');
      if (a === undefined || b === undefined) return `${a === undefined ? '!' : '.'}${b === undefined ? '!' : '.'}`;
      const order = scheme.compare(a, b);
      assert.ok(signs[order + 1] !== undefined, 'an order is one of three');
      assert.equal(scheme.compare(b, a), 0 - order, 'the order is the same from both sides');
      return `${shapeOf(left)}${signs[order + 1]}`;
    },
  };
}

/** One target a version scheme. */
export const versionTargets: readonly FuzzTarget[] = schemes.map(targetFor);

/** The installed version, then events (`i0`, `f1.2`) a line, with empty lines between ranges, and listed versions (`=1.0`). */
export const versionRanges: FuzzTarget = {
  name: 'version-ranges',
  seeds: () =>
    textSeeds([
      'deb\n1.0-1\ni0\nf1.0-2',
      'apk\n1.2.3-r0\ni0\nf1.2.3-r1\n\ni2.0\nf2.1',
      'semver\n1.0.0\ni1.0.0\nf1.2.0\ni2.0.0\nf2.1.0\nm3.0.0\nm*',
      'pep440\n1.0rc1\ni0\nl1.0\n=1.0\n=1.0.0rc1',
      'maven\n1.0\ni0\nf0',
      'rpm\n1:1.0-1\nf2.0\ni0\nl3.0',
      'nuget\nlatest\ni0\n=latest',
    ]),
  dictionary: [...schemes.map(({ id }) => `${id}\n`), '\ni0', '\nf1.0', '\nl1.0', '\nm*', '\n\n', '\n=1.0'],
  limitMs: 200,
  shortRun: 5_000,
  run: (input) => {
    const [id, installed = '', ...lines] = Buffer.from(input).toString('utf8').split('\n');
    const scheme = schemes.find((each) => each.id === id) ?? schemes[0]!;
    const ranges: RangeEvent[][] = [[]];
    const listed: string[] = [];
    for (const line of lines) {
      const kind = (['i', 'f', 'l', 'm'] as const).find((each) => line.startsWith(each));
      if (kind !== undefined) ranges.at(-1)?.push([kind, line.slice(1)]);
      else if (line.startsWith('=')) listed.push(line.slice(1));
      else ranges.push([]);
    }
    const result = evaluateRanges(scheme, installed, ranges, listed);
    assert.ok(!(result.affected && result.uncertain), 'what is affected is known');
    assert.ok(result.affected || result.fixed === undefined, 'only what is affected is fixed');
    if (result.fixed !== undefined) {
      const [version, fixed] = [scheme.parse(installed), scheme.parse(result.fixed)];
      assert.ok(version !== undefined && fixed !== undefined && scheme.compare(version, fixed) < 0, 'a fix is newer');
    }
    const answer = `${result.affected}${result.uncertain}${result.fixed === undefined ? '' : 'fixed'}`;
    const kinds = [...ranges.flat().map(([kind]) => kind), ...listed.map(() => '=')].join('').slice(0, 4);
    return `${scheme.id} ${answer} ${kinds}`;
  },
};
