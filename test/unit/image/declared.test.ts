import assert from 'node:assert/strict';
import { withoutInstalled } from '../../../src/image/declared.ts';
import type { Package, PackageType } from '../../../src/image/types.ts';

const signal = new AbortController().signal;

/** `type name version`, with the lock file behind that declares it. */
function packagesOf(...lines: readonly string[]): { readonly found: Package }[] {
  return lines.map((line) => {
    const [type = '', name = '', version = '', lock] = line.split(' ');
    return {
      found: {
        type: type as PackageType,
        name,
        version,
        ...(lock === undefined ? { path: `site/${name}` } : { path: lock, declared: true }),
      },
    };
  });
}

async function left(...lines: readonly string[]): Promise<string[]> {
  const kept = await withoutInstalled(packagesOf(...lines), signal);
  return kept.map(({ found }) => `${found.name} ${found.version}${found.declared === true ? ' declared' : ''}`);
}

describe('what lock files declare', () => {
  it('is left out where more than half of it is installed, in whatever version and spelling', async () => {
    assert.deepEqual(
      await left(
        'pypi Zope.Interface 5.0',
        'pypi left 1.0',
        'pypi zope_interface 4.0 app/requirements.txt',
        'pypi left 1.0 app/requirements.txt',
        'pypi never-installed 2.0 app/requirements.txt',
      ),
      ['Zope.Interface 5.0', 'left 1.0'],
    );
  });

  it('stays where half of it or less is installed', async () => {
    assert.deepEqual(await left('pypi left 1.0', 'pypi left 1.0 a/uv.lock', 'pypi right 1.0 a/uv.lock'), [
      'left 1.0',
      'left 1.0 declared',
      'right 1.0 declared',
    ]);
  });

  it('is judged for each lock file and each ecosystem', async () => {
    assert.deepEqual(
      await left(
        'gem left 1.0',
        'gem left 1.0 a/Gemfile.lock',
        'gem other 2.0 b/Gemfile.lock',
        'pypi left 1.0 a/uv.lock',
      ),
      ['left 1.0', 'other 2.0 declared', 'left 1.0 declared'],
    );
  });

  it('of npm is judged by directories alone', async () => {
    assert.deepEqual(await left('npm left 1.0', 'npm left 1.0 a/package-lock.json'), ['left 1.0', 'left 1.0 declared']);
  });
});
