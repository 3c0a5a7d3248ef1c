// The packages of every language in a real image, against the lists of the package managers inside it.
import assert from 'node:assert/strict';
import { z } from 'zod';
import { createLog, Redactor } from '../../../src/core/log.ts';
import { createImageReader } from '../../../src/image/read-image.ts';
import { ociLayoutSource } from '../../../src/image/sources/oci-layout.ts';
import type { ImageReport, PackageType, PlacedPackage } from '../../../src/image/types.ts';
import { buildLanguages, type LanguagesImage } from '../../lab/images/languages.ts';
import { buildImages } from '../../lab/images/main.ts';
import { MemoryCache } from '../../unit/image/memory-image.ts';
import { CACHE } from '../lab-images/stored.ts';

const signal = new AbortController().signal;
const PipList = z.array(z.object({ name: z.string(), version: z.string() }));
/** Metadata directly in a directory that Python imports from: copies that packages carry are not. */
const isDirect = /\/(?:site|dist)-packages\/[^/]+\.(?:dist-info|egg-info|egg|egg-link)(?:\/[A-Z-]+)?(?:\/[A-Z-]+)?$/;

describe('an image with packages of every language', function () {
  this.timeout(600_000);
  let image: LanguagesImage;
  let report: ImageReport;

  before(async function () {
    const built = await buildImages({ cacheDir: CACHE, log: () => undefined });
    if (!built.available) return this.skip(); // no images of Debian on this machine
    image = await buildLanguages({ cacheDir: CACHE, built, log: () => undefined });
    const log = createLog(() => undefined, new Redactor());
    const source = ociLayoutSource('languages', image.layout, undefined);
    report = await createImageReader({ cache: new MemoryCache(), log }).read({ source, signal });
  });

  const of = (type: PackageType): PlacedPackage[] => report.packages.filter((found) => found.type === type);
  const brief = (packages: readonly { name: string; version: string }[]): string[] =>
    [...new Set(packages.map(({ name, version }) => `${name} ${version}`))].sort();

  it('is read without a problem, and nothing in it is only declared', () => {
    assert.deepEqual(report.problems, []);
    assert.deepEqual(
      report.packages.filter(({ declared }) => declared === true),
      [],
    );
  });

  it('has the packages of dpkg-query', () => {
    const ofDpkg = image.deb.filter(({ status }) => !/(?:config-files|not-installed)$/.test(status));
    assert.ok(ofDpkg.length > 400, String(ofDpkg.length));
    assert.deepEqual(
      of('deb')
        .map((p) => [p.name, p.version, p.architecture, p.source?.name, p.source?.version].join(' '))
        .sort(),
      ofDpkg.map((p) => [p.name, p.version, p.architecture, p.source, p.sourceVersion].join(' ')).sort(),
    );
  });

  it('has the distributions of "pip list", of the system and of a virtual environment', () => {
    const inPlace = of('pypi').filter(({ path = '' }) => isDirect.test(path));
    const [venv, system] = [true, false].map((wanted) =>
      inPlace.filter(({ path = '' }) => path.startsWith('opt/venv/') === wanted),
    );
    assert.deepEqual(brief(system ?? []), brief(PipList.parse(JSON.parse(image.list('pip')))));
    assert.deepEqual(brief(venv ?? []), brief(PipList.parse(JSON.parse(image.list('venv')))));
    assert.ok((system ?? []).length >= 12);
    assert.deepEqual(
      (venv ?? []).filter(({ notFromIndex }) => notFromIndex === true).map(({ name }) => name),
      ['Harbour.editable-Package', 'Harbour.wheel-Package'],
    );
    const others = of('pypi').filter(({ path = '' }) => !isDirect.test(path));
    assert.ok(
      others.every(({ path = '' }) => path.includes('/_vendor/')),
      JSON.stringify(others),
    );
  });

  it('has the gems of "gem list", default ones and those for a platform too', () => {
    const expected = image
      .list('gem')
      .trim()
      .split('\n')
      .flatMap((line) => {
        const [, name = '', versions = ''] = /^(\S+) \((.*)\)$/.exec(line) ?? [];
        // "1.2.3, default: 1.2.2", and behind a version its platforms
        return versions.split(', ').map((one) => `${name} ${one.replace(/^default: /, '').split(' ')[0] ?? ''}`);
      });
    assert.ok(expected.length > 80, String(expected.length));
    assert.deepEqual(brief(of('gem')), [...new Set(expected)].sort());
  });

  it('has the tree of "npm ls", with what is for development', () => {
    const inApp = of('npm').filter(({ path = '' }) => path.startsWith('srv/app/'));
    const places = (name: 'npm' | 'npmToRun'): string[] =>
      image
        .list(name)
        .trim()
        .split('\n')
        .map((line) => line.split(':', 1)[0] ?? '')
        .filter((place) => place !== '/srv/app')
        .map((place) => `${place.slice(1)}/package.json`)
        .sort();
    const all = places('npm');
    const toRun = new Set(places('npmToRun'));
    assert.ok(all.length > 100, String(all.length));
    assert.deepEqual(inApp.map(({ path }) => path).sort(), all);
    assert.deepEqual(
      inApp
        .filter(({ developmentOnly }) => developmentOnly === true)
        .map(({ path }) => path)
        .sort(),
      all.filter((place) => !toRun.has(place)),
    );
    const versions = new Map(
      image
        .list('npm')
        .trim()
        .split('\n')
        .map((line) => line.split(':') as [string, string]),
    );
    for (const { name, version, path = '' } of inApp) {
      const said = versions.get(`/${path.slice(0, -'/package.json'.length)}`) ?? '';
      // npm names an alias by its place: "lodash-of-old@npm:lodash@4.17.21"
      if (!said.endsWith('@npm')) assert.equal(said, `${name}@${version}`);
    }
    assert.ok(
      inApp.some(({ name, path }) => name === 'lodash' && path?.endsWith('/lodash-of-old/package.json') === true),
    );
  });

  it("knows which package of Debian owns each of Debian's own", () => {
    const owners = new Map(
      image
        .list('owners')
        .trim()
        .split('\n')
        .map((line) => {
          const [owner = '', file = ''] = line.split(': /');
          return [file, owner.replace(/:[a-z0-9]+$/, '')];
        }),
    );
    const languages = [...of('pypi'), ...of('gem'), ...of('npm')];
    for (const { path = '', ownedBy } of languages) assert.equal(ownedBy, owners.get(path), path);
    assert.ok(languages.filter(({ ownedBy }) => ownedBy !== undefined).length > 150);
    assert.ok(languages.filter(({ ownedBy }) => ownedBy === undefined).length > 120);
  });

  it('tells which layer brought them', () => {
    const brought = (start: string): Set<string | undefined> =>
      new Set(
        [...of('pypi'), ...of('gem'), ...of('npm')].flatMap((p) =>
          p.path?.startsWith(start) === true ? [p.layer] : [],
        ),
      );
    const commandOf = (start: string): string =>
      report.layers.find(({ digest }) => brought(start).has(digest))?.createdBy?.slice(0, 30) ?? '';
    for (const start of [
      'usr/lib/python3/',
      'usr/lib/ruby/',
      'usr/share/nodejs/',
      'opt/venv/',
      'srv/app/',
      'var/lib/gems/',
    ]) {
      assert.equal(brought(start).size, 1, start);
      assert.ok(!image.baseLayers.includes([...brought(start)][0] ?? ''), start);
    }
    assert.match(commandOf('srv/app/'), /^COPY node_modules/);
    assert.match(commandOf('usr/lib/python3/'), /^RUN/);
    assert.notEqual(commandOf('opt/venv/'), commandOf('srv/app/'));
  });
});
