import assert from 'node:assert/strict';
import { requirements } from '../../../../src/image/cataloguers/requirements.ts';
import { brief, run } from './support.ts';

const path = 'app/requirements.txt';

describe('requirements of Python', () => {
  it('that name one version each are declared', async () => {
    const text = [
      '# comment ==1.0',
      'Django==4.2.1',
      'requests[security,socks] == 2.31.0 # why ==9',
      'typing_extensions===4.8.0; python_version < "3.11"',
      'zope.interface (==5.5.2)',
      'cryptography==41.0.0 \\',
      '    --hash=sha256:aa \\',
      '    --hash=sha256:bb',
      'epoch==1!2.0.post1+local.1',
      'ranged>=1.0,<2',
      'compatible~=1.4',
      'any==1.2.*',
      'two==1.0,!=1.1',
      'named @ https://example.org/named-1.0.tar.gz',
      '-r other.txt',
      '-e git+https://example.org/x.git#egg=x==1.0',
      '--index-url https://example.org/simple',
      './local==1.0',
      'bare',
      '==1.0',
      '',
      'last==9.0',
    ].join('\r\n');
    const { packages, problems } = await run(requirements, path, `\ufeff${text}`);
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), [
      'Django@4.2.1',
      'requests@2.31.0',
      'typing_extensions@4.8.0',
      'zope.interface@5.5.2',
      'cryptography@41.0.0',
      'epoch@1!2.0.post1+local.1',
      'last@9.0',
    ]);
    assert.ok(packages.every((found) => found.type === 'pypi' && found.path === path));
  });

  it('are wanted outside of installed packages', () => {
    assert.ok(requirements.wants(path));
    assert.ok(!requirements.wants('app/dev-requirements.txt'));
    assert.ok(!requirements.wants('usr/lib/python3/dist-packages/x/requirements.txt'));
    assert.ok(!requirements.wants('app/node_modules/node-gyp/gyp/requirements.txt'));
  });

  it('of absurd lines end in bounded time', async () => {
    for (const line of [
      'x'.repeat(5_000_000),
      `a${' '.repeat(1_000_000)}==1`,
      `a==${'1'.repeat(1_000_000)}`,
      'a==1.0 \\\n'.repeat(200_000),
      `${'a-'.repeat(500_000)}==1.0`,
    ]) {
      assert.ok((await run(requirements, path, `${line}\nleft==1.0\n`)).packages.length <= 2);
    }
    assert.deepEqual(await run(requirements, path, ''), { packages: [], problems: [] });
  });
});
