import assert from 'node:assert/strict';
import { pythonInstalled } from '../../../../src/image/cataloguers/python-installed.ts';
import type { ImageView } from '../../../../src/image/types.ts';
import { run, viewOf } from './support.ts';

const site = 'usr/local/lib/python3.12/site-packages';
const path = `${site}/left-1.2.3.dist-info/METADATA`;

const always = (): boolean => true;

describe('installed distributions of Python', () => {
  it('are found by their metadata', () => {
    const paths: [string, boolean][] = [
      [path, true],
      ['usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO', true],
      ['usr/lib/python3/dist-packages/six-1.16.0.egg-info', true],
      ['usr/lib/python3/dist-packages/six-1.16.0.egg-info/METADATA', true],
      [`${site}/left-1.0-py3.12.egg/EGG-INFO/PKG-INFO`, true],
      [`${site}/LEFT-1.0.DIST-INFO/METADATA`, true],
      [`${site}/LEFT-1.0.EGG-INFO/PKG-INFO`, true],
      [`${site}/setuptools/_vendor/packaging-24.0.dist-info/METADATA`, true],
      ['app/.venv/lib/python3.12/site-packages/left-1.2.3.dist-info/METADATA', true],
      ['var/task/python/left-1.2.3.dist-info/METADATA', true],
      [`${site}/left.egg-link`, true],
      [`${site}/left-1.2.3.dist-info/RECORD`, false],
      [`${site}/left-1.2.3.dist-info/licenses/METADATA`, false],
      [`${site}/left-1.2.3.egg-info/SOURCES.txt`, false],
      [`${site}/~eft-1.2.3.dist-info/METADATA`, false],
      [`${site}/left/METADATA`, false],
      ['root/.cache/uv/archive-v0/0123/left-1.2.3.dist-info/METADATA', false],
      ['opt/conda/pkgs/left-1.2.3-pyhd8ed1ab_0/site-packages/left-1.2.3.dist-info/METADATA', false],
      ['opt/conda/lib/python3.12/site-packages/left-1.2.3.dist-info/METADATA', true],
      ['proc/1/root/usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO', false],
    ];
    for (const [one, wanted] of paths) assert.equal(pythonInstalled.wants(one), wanted, one);
  });

  const read: [what: string, text: string, name: string, version: string][] = [
    ['plain', 'Metadata-Version: 2.1\nName: left\nVersion: 1.2.3\n\ntext\n', 'left', '1.2.3'],
    ['with the name as written', 'Name: Zope.Interface_X\nVersion: 5.5.post1\n', 'Zope.Interface_X', '5.5.post1'],
    ['with keys in any case', 'name: left\nVERSION: 1.2.3\n', 'left', '1.2.3'],
    ['with lines that end in CRLF', 'Name: left\r\nVersion: 1.2.3\r\n\r\n', 'left', '1.2.3'],
    ['with fields twice, the first ones', 'Name: left\nVersion: 1.2.3\nName: x\nVersion: 9\n', 'left', '1.2.3'],
    ['with continued lines', 'Summary: a\n  Name: x\n\tVersion: 9\nName: left\nVersion: 1.2.3\n', 'left', '1.2.3'],
    ['till a line without a colon', 'Name: left\nVersion: 1.2.3\nno field\nName: x\n', 'left', '1.2.3'],
    ['with colons in the version', 'Name: left\nVersion: 1!2.0+a.b\n', 'left', '1!2.0+a.b'],
    ['with a byte order mark', '\ufeffName: left\nVersion: 1.2.3\n', 'left', '1.2.3'],
    ['with wrong bytes elsewhere', 'Author: \xff\nName: left\nVersion: 1.2.3\n', 'left', '1.2.3'],
  ];
  for (const [what, text, name, version] of read) {
    it(`are read ${what}, also after they were reduced`, async () => {
      const expected = { packages: [{ type: 'pypi', name, version, path }], problems: [] };
      const bytes = Buffer.from(text, 'latin1');
      const source = text.startsWith('\ufeff') ? Buffer.from(text) : bytes;
      assert.deepEqual(await run(pythonInstalled, path, source), expected);
      const reduced = pythonInstalled.reduce?.(path, source, always) ?? source;
      assert.deepEqual(await run(pythonInstalled, path, reduced), expected);
    });
  }

  for (const text of [
    '',
    'Name: left\n',
    'Version: 1.2.3\n',
    'Name: left\nVersion: UNKNOWN\n',
    'Name:\nVersion: 1.2.3\n',
    'Name: left\n\nVersion: 1.2.3\n',
    'no field\nName: left\nVersion: 1.2.3\n',
    '<html>',
  ]) {
    it(`are none without name and version: ${JSON.stringify(text)}`, async () => {
      assert.deepEqual(await run(pythonInstalled, path, text), { packages: [], problems: [] });
      const reduced = pythonInstalled.reduce?.(path, Buffer.from(text), always) ?? Buffer.from('x');
      assert.deepEqual(await run(pythonInstalled, path, reduced), { packages: [], problems: [] });
    });
  }

  it('are a problem where name or version are no words', async () => {
    for (const text of [
      'Name: a b\nVersion: 1\n',
      `Name: ${'x'.repeat(100_000)}\nVersion: 1\n`,
      'Name: a\nVersion: 1 2',
    ]) {
      const { packages, problems } = await run(pythonInstalled, path, text);
      assert.deepEqual([packages.length, problems.length], [0, 1]);
    }
  });

  it('are marked when they came from a repository, an archive or a folder', async () => {
    const view = viewOf(`${site}/left-1.2.3.dist-info/direct_url.json`);
    const { packages } = await run(pythonInstalled, path, 'Name: left\nVersion: 1.2.3\n', view);
    assert.deepEqual(packages, [{ type: 'pypi', name: 'left', version: '1.2.3', path, notFromIndex: true }]);
  });

  it('are not what a build left beside its sources', async () => {
    const own = 'srv/left/left.egg-info/PKG-INFO';
    const text = 'Name: left\nVersion: 1.2.3\n';
    for (const beside of ['setup.py', 'setup.cfg', 'pyproject.toml']) {
      assert.deepEqual((await run(pythonInstalled, own, text, viewOf(`srv/left/${beside}`))).packages, []);
    }
    assert.equal((await run(pythonInstalled, own, text)).packages.length, 1);
    // Some distributions put their setup.py into site-packages.
    const installed = `${site}/left-1.2.3.egg-info/PKG-INFO`;
    assert.equal((await run(pythonInstalled, installed, text, viewOf(`${site}/setup.py`))).packages.length, 1);
  });

  it('in development are found through their link', async () => {
    const target = 'srv/left/my_left.egg-info/PKG-INFO';
    const content = Buffer.from('Name: my-left\nVersion: 1.2.3\n');
    const view: ImageView = {
      has: (wanted) => wanted === target,
      file: (wanted) =>
        wanted === `/${target}` || wanted === target
          ? { path: target, size: content.length, bytes: () => Promise.resolve(content) }
          : undefined,
      list: () => [],
    };
    const link = `${site}/my-left.egg-link`;
    const found = await run(pythonInstalled, link, '/srv/left\n.', view);
    assert.deepEqual(found, {
      packages: [{ type: 'pypi', name: 'my-left', version: '1.2.3', path: link, notFromIndex: true }],
      problems: [],
    });
    for (const text of ['', 'srv/left', '/elsewhere\n.', '/\n', '/' + 'x'.repeat(100_000)]) {
      assert.deepEqual((await run(pythonInstalled, link, text, view)).packages, []);
    }
  });

  it('of the library of Python 2 belong to the interpreter', async () => {
    const text = 'Name: argparse\nVersion: 1.2.1\n';
    const { packages } = await run(pythonInstalled, 'usr/lib/python2.7/argparse.egg-info', text);
    assert.equal(packages[0]?.ownedBy, 'python2.7');
    const other = await run(pythonInstalled, 'usr/lib/python2.7/dist-packages/argparse.egg-info', text);
    assert.equal(other.packages[0]?.ownedBy, undefined);
  });
});
