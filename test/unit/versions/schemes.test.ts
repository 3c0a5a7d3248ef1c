import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { schemeFor, schemes } from '../../../src/versions/index.ts';
import { compareLine } from '../../../src/versions/lines.ts';
import type { VersionScheme } from '../../../src/versions/scheme.ts';

const folder = path.join(import.meta.dirname, '../../fixtures/versions');
const sources = path.join(import.meta.dirname, '../../../src/versions');

/** The pairs of a fixture: `a < b` or `a = b`. */
function vectors(id: string): readonly (readonly [a: string, order: -1 | 0, b: string])[] {
  const lines = readFileSync(path.join(folder, `${id}.txt`), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [a = '', sign = '', b = '', ...rest] = line.split(' ');
      assert.ok((sign === '<' || sign === '=') && b !== '' && rest.length === 0, `${id}.txt: ${line}`);
      return [a, sign === '<' ? -1 : 0, b];
    });
}

function order(scheme: VersionScheme<unknown>, a: string, b: string): number {
  const left = scheme.parse(a);
  const right = scheme.parse(b);
  assert.ok(left !== undefined && right !== undefined, `${a} ${b}`);
  return scheme.compare(left, right);
}

/** Versions of the shape of each scheme; the order is total over them. */
const digits = fc.constantFrom('0', '00', '1', '01', '2', '9', '10', '99999999999999999999', '100000000000000000000');
const numbers = fc.array(digits, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
const WELL_FORMED: Readonly<Record<string, fc.Arbitrary<string>>> = {
  deb: fc
    .tuple(
      fc.constantFrom('', '0:', '1:', '10:'),
      digits,
      fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '+', '~', '-', 'a', 'Z'), maxLength: 6 }),
      fc.constantFrom('', '-0', '-1', '-1ubuntu2', '-1~bpo1', '-1+b2'),
    )
    .map((parts) => parts.join(''))
    .filter((version) => !version.endsWith('-')),
  apk: fc
    .tuple(
      numbers,
      fc.constantFrom('', '', 'a', 'z'),
      fc
        .array(
          fc.tuple(
            fc.constantFrom('_alpha', '_beta', '_pre', '_rc', '_cvs', '_svn', '_git', '_hg', '_p'),
            fc.oneof(fc.constant(''), digits),
          ),
          { maxLength: 2 },
        )
        .map((list) => list.flat().join('')),
      fc.constantFrom('', '', '~abc', '~abd'),
      fc.constantFrom('', '-r', '-r0', '-r1', '-r10'),
    )
    .map((parts) => parts.join('')),
  semver: fc
    .tuple(
      fc.constantFrom('', 'v'),
      numbers,
      fc
        .array(fc.constantFrom('0', '1', '10', 'a', 'A', 'rc', '1a', '-', 'a-b'), { maxLength: 3 })
        .map((list) => (list.length === 0 ? '' : `-${list.join('.')}`)),
      fc.constantFrom('', '', '+b.1'),
    )
    .map((parts) => parts.join('')),
};

describe('version schemes', () => {
  it('are sorted by a unique id, and every file of a scheme is among them', () => {
    const ids = schemes.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)].sort());
    const helpers = ['index.ts', 'lines.ts', 'natural.ts', 'range.ts', 'rebuilt.ts', 'scheme.ts'];
    const files = readdirSync(sources).filter((file) => !helpers.includes(file));
    assert.deepEqual(
      files.sort(),
      ids.map((id) => `${id}.ts`),
    );
    assert.deepEqual(
      readdirSync(folder).sort(),
      ids.map((id) => `${id}.txt`),
    );
  });

  for (const scheme of schemes) {
    describe(scheme.id, () => {
      it('names the document of its order', () => assert.match(scheme.source, /\d/));

      for (const [a, expected, b] of vectors(scheme.id)) {
        it(`${a} ${expected < 0 ? '<' : '='} ${b}`, () => {
          assert.equal(order(scheme, a, b), expected);
          assert.equal(order(scheme, b, a), expected === 0 ? 0 : 1);
        });
      }

      const wellFormed = WELL_FORMED[scheme.id];
      assert.ok(wellFormed !== undefined, `no generator for ${scheme.id}`);

      it('reads every version of its own shape, and each equals itself', () => {
        fc.assert(fc.property(wellFormed, (version) => assert.equal(order(scheme, version, version), 0)));
      });

      it('is antisymmetric', () => {
        fc.assert(
          fc.property(wellFormed, wellFormed, (a, b) => {
            assert.equal(order(scheme, a, b) + order(scheme, b, a), 0);
          }),
          { numRuns: 1000 },
        );
      });

      it('is transitive', () => {
        fc.assert(
          fc.property(fc.tuple(wellFormed, wellFormed, wellFormed), (three) => {
            const [a, b, c] = [...three].sort((x, y) => order(scheme, x, y));
            assert.ok(order(scheme, a!, b!) <= 0 && order(scheme, b!, c!) <= 0);
            assert.ok(order(scheme, a!, c!) <= 0, `${a} ${b} ${c}`);
            if (order(scheme, a!, b!) === 0) assert.equal(order(scheme, a!, c!), order(scheme, b!, c!));
          }),
          { numRuns: 2000 },
        );
      });

      it('never throws, and any two texts that it reads are antisymmetric', () => {
        const anything = fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom('0', '1', '.', '-', '_', '~', '+', ':', 'r', 'a', 'p', 'v', ' ') }),
          wellFormed,
        );
        fc.assert(
          fc.property(anything, anything, (a, b) => {
            const left = scheme.parse(a);
            const right = scheme.parse(b);
            if (left === undefined || right === undefined) return;
            assert.equal(scheme.compare(left, right) + scheme.compare(right, left), 0);
          }),
          { numRuns: 1000 },
        );
      });

      it('reads no text beyond a length that any version has', () => {
        assert.equal(scheme.parse('1'.repeat(1025)), undefined);
        assert.notEqual(scheme.parse('1'.repeat(1024)), undefined);
      });

      it('takes no more than a moment for a hostile text', () => {
        const started = process.hrtime.bigint();
        for (const text of ['0'.repeat(1024), '1.'.repeat(512), '~'.repeat(1024), '1-'.repeat(512), ' '.repeat(1024)]) {
          const version = scheme.parse(text);
          if (version !== undefined) scheme.compare(version, version);
        }
        assert.ok(process.hrtime.bigint() - started < 1_000_000_000n);
      });
    });
  }
});

describe('texts that are no version', () => {
  const none: Readonly<Record<string, readonly string[]>> = {
    Debian: ['', ' ', '1 .0', '1.0-', '-1', ':1', '1:', 'a:1', '1a:1', '+1:1', '-1:1', '1.0-1:2', '1\t2'],
    Alpine: [''],
    npm: ['', 'v', 'latest', '^1.2.3', '>=1', '1.x', '1.2.*', '.1', '-1', 'v-1', '1.2.3 beta', '1_2', '(devel)', 'vv1'],
  };
  for (const [ecosystem, texts] of Object.entries(none)) {
    for (const text of texts) {
      it(`${ecosystem}: "${text}"`, () => {
        assert.equal(compareLine(ecosystem, text, '1.0'), '!');
        assert.equal(compareLine(ecosystem, '1.0', text), '!');
        assert.equal(compareLine(ecosystem, text, text), '!');
      });
    }
  }

  it('are not those with blanks at the ends, for Debian and semantic versions', () => {
    assert.equal(compareLine('Debian', ' 1.0\t', '1.0'), '=');
    assert.equal(compareLine('npm', ' 1.0.0 ', '1.0.0'), '=');
  });
});

describe('scheme of an ecosystem', () => {
  const known: Readonly<Record<string, string>> = {
    Debian: 'deb',
    'Debian:12': 'deb',
    'Debian:sid': 'deb',
    'Ubuntu:24.04:LTS': 'deb',
    'Ubuntu:Pro:18.04:LTS': 'deb',
    Echo: 'deb',
    Alpine: 'apk',
    'Alpine:v3.20': 'apk',
    Wolfi: 'apk',
    Chainguard: 'apk',
    MinimOS: 'apk',
    CleanStart: 'apk',
    'Alpaquita:23': 'apk',
    'BellSoft Hardened Containers:stream': 'apk',
    npm: 'semver',
    'crates.io': 'semver',
    Go: 'semver',
    Hex: 'semver',
    SwiftURL: 'semver',
    'Docker Hardened Images:Alpine:v3.20': 'apk',
    'Docker Hardened Images:Debian:12': 'deb',
    'TuxCare:Debian:12': 'deb',
    'TuxCare:npm': 'semver',
    'Root:Alpine:3.18': 'apk',
    'Root:npm': 'semver',
  };
  for (const [ecosystem, id] of Object.entries(known)) {
    it(`${ecosystem}: ${id}`, () => assert.equal(schemeFor(ecosystem)?.id, id));
  }

  for (const ecosystem of [
    '',
    ':',
    'debian',
    'NPM',
    'Debian 12',
    'PyPI',
    'Maven',
    'Red Hat:enterprise_linux:9::baseos',
    'Root',
    'Root:PyPI',
    'TuxCare:TuxCare:Debian',
    'constructor',
  ]) {
    it(`"${ecosystem}": none`, () => {
      assert.equal(schemeFor(ecosystem), undefined);
      assert.equal(compareLine(ecosystem, '1', '2'), undefined);
    });
  }

  it('breaks ties of Root by the number of its rebuild', () => {
    const compare = (ecosystem: string, a: string, b: string) => compareLine(ecosystem, a, b);
    assert.equal(compare('Root:Alpine:3.18', '1.2.3-r0', '1.2.3-r0.root.io.1'), '<');
    assert.equal(compare('Root:Alpine:3.18', '1.2.3-r0.root.io.2', '1.2.3-r0.root.io.10'), '<');
    assert.equal(compare('Root:Alpine:3.18', '1.2.3-r1', '1.2.3-r0.root.io.10'), '>');
    assert.equal(compare('Root:Debian:12', '1.2.3-1+root.io.1', '1.2.3-1+root.io.1'), '=');
    assert.equal(compare('Root:npm', '1.2.3+root.io.2', '1.2.3+root.io.1'), '>');
    assert.equal(compare('Root:npm', 'x+root.io.2', '1.2.3+root.io.1'), '!');
  });
});

describe('version pairs', () => {
  it('answer one sign', () => {
    assert.equal(compareLine('Debian:12', '1.0~rc1', '1.0'), '<');
    assert.equal(compareLine('Alpine:v3.20', '1.0-r1', '1.0-r0'), '>');
    assert.equal(compareLine('npm', '1.0.0+a', '1.0.0'), '=');
  });
});
