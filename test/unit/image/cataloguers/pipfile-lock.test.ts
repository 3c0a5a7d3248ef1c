import assert from 'node:assert/strict';
import { pipfileLock } from '../../../../src/image/cataloguers/pipfile-lock.ts';
import { brief, run } from './support.ts';

const path = 'app/Pipfile.lock';

describe('lock files of Pipenv', () => {
  it('give packages by groups', async () => {
    const content = {
      _meta: { hash: { sha256: 'aa' }, 'pipfile-spec': 6, requires: {}, sources: [] },
      default: {
        django: { hashes: ['sha256:aa'], index: 'pypi', version: '==4.2.1' },
        both: { version: '==1.0' },
        forked: { git: 'https://git.example.org/forked.git', ref: '0123' },
        own: { path: '.', editable: true },
      },
      develop: { pytest: { version: '==7.4.0', markers: "python_version >= '3.7'" }, both: { version: '==1.0' } },
      docs: { sphinx: { version: '==7.0.0' } },
    };
    const { packages, problems } = await run(pipfileLock, path, JSON.stringify(content));
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), ['django@4.2.1', 'both@1.0', 'pytest@7.4.0 dev', 'sphinx@7.0.0']);
  });

  it('lose a bad entry and no other', async () => {
    const text = '{"default":{"a":7,"b":{"version":"==1.0"}},"develop":[]}';
    const { packages, problems } = await run(pipfileLock, path, text);
    assert.deepEqual([brief(packages), problems.length], [['b@1.0'], 2]);
  });

  it('that are cut off or something else are a problem', async () => {
    assert.ok(pipfileLock.wants(path));
    assert.ok(!pipfileLock.wants('usr/lib/python3/dist-packages/x/Pipfile.lock'));
    await assert.rejects(run(pipfileLock, path, '{"default":{'), { code: 'damaged' });
    await assert.rejects(run(pipfileLock, path, ''), { code: 'damaged' });
    assert.equal((await run(pipfileLock, path, '[]')).problems.length, 1);
  });
});
