import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { ecosystemNames, schemeFor, schemes } from '../../../src/versions/index.ts';
import { compareLine } from '../../../src/versions/lines.ts';
import { MAX_VERSION_LENGTH, type VersionScheme } from '../../../src/versions/scheme.ts';
import { wellFormed } from './generators.ts';

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

      const version = wellFormed[scheme.id];
      assert.ok(version !== undefined, `no generator for ${scheme.id}`);

      it('reads every version of its own shape, and each equals itself', () => {
        fc.assert(fc.property(version, (text) => assert.equal(order(scheme, text, text), 0)));
      });

      it('is antisymmetric', () => {
        fc.assert(
          fc.property(version, version, (a, b) => {
            assert.equal(order(scheme, a, b) + order(scheme, b, a), 0);
          }),
          { numRuns: 1000 },
        );
      });

      it('is transitive', () => {
        fc.assert(
          fc.property(fc.tuple(version, version, version), (three) => {
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
          version,
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

      it('orders what its fixture names as the fixture has it, also across pairs', () => {
        const texts = [...new Set(vectors(scheme.id).flatMap(([a, , b]) => [a, b]))].slice(0, 60);
        for (const a of texts) {
          for (const b of texts) assert.equal(order(scheme, a, b) + order(scheme, b, a), 0, `${a} ${b}`);
        }
      });

      it('knows numbers beyond 2^53, and leading zeros', () => {
        assert.equal(order(scheme, '9007199254740992', '9007199254740993'), -1);
        assert.equal(order(scheme, '1.9007199254740993', '1.9007199254740992'), 1);
        assert.equal(order(scheme, `1.${'9'.repeat(400)}`, `1.1${'0'.repeat(400)}`), -1);
        assert.equal(order(scheme, '007', '7'), 0);
      });

      it('reads no text beyond a length that any version has', () => {
        assert.equal(scheme.parse('1'.repeat(MAX_VERSION_LENGTH + 1)), undefined);
        assert.notEqual(scheme.parse('1'.repeat(MAX_VERSION_LENGTH)), undefined);
      });

      it('takes no text with a blank inside, nor nothing, for a version', () => {
        for (const text of ['', ' ', '\t', '\u00a0']) assert.equal(scheme.parse(text), undefined, JSON.stringify(text));
        assert.equal(scheme.parse('1.0 beta') === undefined, scheme.id !== 'pep440');
        assert.equal(order(scheme, ' 1.0 ', '1.0'), 0);
      });

      // Ten thousand characters that a pattern with backtracking, recursion or a quadratic loop would choke on.
      for (const unit of [
        '0',
        '1',
        '1.',
        '0.',
        'a',
        '~',
        '^',
        '1-',
        '-',
        '1a',
        'a1',
        '.',
        '_',
        ':',
        '+',
        '1!',
        '_p',
        ' ',
      ]) {
        it(`takes no more than a moment for ten thousand characters of "${unit}"`, () => {
          const started = performance.now();
          const long = unit.repeat(10_000 / unit.length);
          const texts = [
            long,
            `1${long}`,
            `${long}1`,
            `1.0-${long}!`,
            `1.0+${long} 1`,
            `1.0-${long}.1`,
            `1:${long}-${long}`,
          ];
          const versions = texts.map((text) => scheme.parse(text)).filter((each) => each !== undefined);
          for (const a of versions) for (const b of versions) scheme.compare(a, b);
          assert.ok(performance.now() - started < 1_000);
        });
      }
    });
  }
});

describe('texts that are no version', () => {
  const none: Readonly<Record<string, readonly string[]>> = {
    Debian: ['', ' ', '1 .0', '1.0-', '-1', ':1', '1:', 'a:1', '1a:1', '+1:1', '-1:1', '1.0-1:2', '1\t2'],
    Alpine: [''],
    'Red Hat': ['', ' ', '1.0 -1'],
    NuGet: [
      '',
      'v',
      'latest',
      '1.',
      '.1',
      '1..2',
      '1.2.3.4.5',
      '1.0-',
      '1.0+',
      '1.0-a..b',
      '1.0-a_b',
      '1.0beta',
      '[1.0,2.0)',
      '1.*',
    ],
    PyPI: [''],
    Maven: ['', '[1.0,2.0)', '${project.version}', '1.0/2', '1:2', '*', '1.0 beta'],
    RubyGems: ['', 'v1.0', 'a', '.1', '1.', '1..2', '1.0_1', '1.0+1', '~>1', '1-', '>= 1'],
    Packagist: [
      '',
      'v',
      'dev-main',
      'dev-1.0',
      'DEV-main',
      'main',
      '1.x-dev',
      '1.0.x-dev',
      '1.x',
      '2.*',
      '^1.0',
      '1.0 beta',
    ],
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
  const known: Readonly<Record<string, readonly string[]>> = {
    deb: [
      ...['Debian', 'Debian:12', 'Debian:sid', 'Ubuntu', 'Ubuntu:24.04:LTS', 'Ubuntu:Pro:18.04:LTS', 'Echo'],
      ...['Docker Hardened Images:Debian:12', 'TuxCare:Debian:12', 'TuxCare:Ubuntu:22.04', 'Root:Debian:12', 'Echo:12'],
    ],
    apk: [
      ...['Alpine', 'Alpine:v3.20', 'Wolfi', 'Chainguard', 'MinimOS', 'CleanStart', 'Alpaquita:23', 'Alpaquita:stream'],
      ...['BellSoft Hardened Containers', 'BellSoft Hardened Containers:stream', 'Docker Hardened Images:Alpine:v3.20'],
      ...['TuxCare:Alpine', 'Root:Alpine:3.18'],
    ],
    rpm: [
      ...[
        'Red Hat',
        'Red Hat:enterprise_linux:9::baseos',
        'Red Hat:rhel_eus:9.4::baseos',
        'Rocky Linux:9',
        'AlmaLinux:9',
      ],
      ...['AlmaLinux', 'Azure Linux:3', 'Azure Linux:2', 'SUSE:Linux Enterprise Server 15 SP6', 'SUSE', 'openSUSE'],
      ...[
        'openSUSE:Leap 15.6',
        'openSUSE:Tumbleweed',
        'openEuler:24.03-LTS-SP1',
        'Mageia:9',
        'Photon OS:3.0',
        'Photon OS',
      ],
      ...['TuxCare:AlmaLinux:9'],
    ],
    semver: ['npm', 'crates.io', 'Go', 'Hex', 'SwiftURL', 'Bitnami', 'Pub', 'TuxCare:npm', 'Root:npm', 'Echo:npm'],
    nuget: ['NuGet'],
    pep440: ['PyPI', 'Root:PyPI', 'TuxCare:PyPI', 'Echo:PyPI'],
    maven: ['Maven', 'Maven:https://maven.google.com', 'Root:Maven', 'TuxCare:Maven', 'Echo:Maven'],
    rubygems: ['RubyGems'],
    packagist: ['Packagist', 'Packagist:https://packages.drupal.org/8'],
  };
  for (const [id, ecosystems] of Object.entries(known)) {
    for (const ecosystem of ecosystems) {
      it(`${ecosystem}: ${id}`, () => assert.equal(schemeFor(ecosystem)?.id, id));
    }
  }

  it('has a name in the sorted list of those that are known, which holds vendors with a colon', () => {
    const named = new Set(
      Object.values(known)
        .flat()
        .map((text) =>
          text.replace(
            /(?<=^(Root|TuxCare|Docker Hardened Images):).*|(?<!^(Root|TuxCare|Docker Hardened Images)):.*/,
            '',
          ),
        ),
    );
    assert.deepEqual([...named].sort(), ecosystemNames);
  });

  for (const ecosystem of [
    '',
    ':',
    'debian',
    'NPM',
    'Debian 12',
    'pypi',
    'RedHat',
    'Red Hat Enterprise Linux',
    'Fedora',
    'Root',
    'Root:',
    'Root:Nowhere',
    'GIT',
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
    assert.equal(compare('Root:PyPI', '1.2.3+root.io.2', '1.2.3+root.io.10'), '<');
    assert.equal(compare('Root:PyPI', '1.2.3', '1.2.3+root.io.1'), '<');
    assert.equal(compare('Root:PyPI', '1.2.3+root.io.9', '1.2.3.post1'), '<');
    assert.equal(compare('Root:Maven', '1.2.3.root.io.2', '1.2.3.root.io.10'), '<');
    assert.equal(compare('Root:Maven', '1.2.3.root.io.2', '1.2.3'), '>');
  });

  it('takes build metadata into account for Pub alone', () => {
    assert.equal(compareLine('Pub', '1.0.0', '1.0.0+1'), '<');
    assert.equal(compareLine('Pub', '1.0.0+2', '1.0.0+10'), '<');
    assert.equal(compareLine('Pub', '1.0.0+1', '1.0.0+a'), '<');
    assert.equal(compareLine('Pub', '1.0.0+1', '1.0.0+1.1'), '<');
    assert.equal(compareLine('Pub', '1.0.0+9', '1.0.1-dev'), '<');
    assert.equal(compareLine('Pub', '1.0.0-dev+9', '1.0.0'), '<');
    assert.equal(compareLine('Pub', '1.0.0+a', '1.0.0+a'), '=');
    assert.equal(compareLine('Hex', '1.0.0', '1.0.0+1'), '=');
  });

  it('breaks ties of Echo among npm packages, whose order leaves build numbers out', () => {
    assert.equal(compareLine('Echo:npm', '1.2.3+echo.2', '1.2.3+echo.10'), '<');
    assert.equal(compareLine('Echo:npm', '1.2.3', '1.2.3+echo.1'), '<');
    assert.equal(compareLine('npm', '1.2.3+echo.2', '1.2.3+echo.10'), '=');
    assert.equal(compareLine('Echo', '1.2.3-1+echo.2', '1.2.3-1+echo.10'), '<');
  });
});

describe('version pairs', () => {
  it('answer one sign', () => {
    assert.equal(compareLine('Debian:12', '1.0~rc1', '1.0'), '<');
    assert.equal(compareLine('Alpine:v3.20', '1.0-r1', '1.0-r0'), '>');
    assert.equal(compareLine('npm', '1.0.0+a', '1.0.0'), '=');
    assert.equal(compareLine('Azure Linux:3', '8.5.0-3.azl3', '0:8.5.0-4.azl3'), '<');
    assert.equal(compareLine('Rocky Linux:9', '1:2.0-1', '2.0-2'), '>');
    assert.equal(compareLine('PyPI', '1.0', '1.0.0'), '=');
    assert.equal(compareLine('Maven', '2.0-rc1', '2.0'), '<');
    assert.equal(compareLine('NuGet', '1.0.0-BETA', '1.0.0-beta'), '=');
    assert.equal(compareLine('RubyGems', '1.0.0.pre', '1.0.0'), '<');
    assert.equal(compareLine('Packagist', 'v1.0.0-RC1', '1.0.0'), '<');
  });
});
