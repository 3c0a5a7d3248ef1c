import assert from 'node:assert/strict';
import { bunLock } from '../../../../src/image/cataloguers/bun-lock.ts';
import { brief, run, viewOf } from './support.ts';

const path = 'app/bun.lock';
const text = `{
  "lockfileVersion": 1,
  "workspaces": {
    "": {
      "name": "app",
      "dependencies": { "left": "^1", },
    },
  },
  "packages": {
    "left": ["left@1.2.3", "", { "dependencies": { "right": "^2", }, }, "sha512-,]"],
    "left/right": ["@scope/right@2.0.0", "", {}, "sha512-\\"}"],
    "alias": ["real@4.0.0", "", {}, "sha512-AA=="],
    "tool": ["tool@workspace:packages/tool"],
    "forked": ["forked@github:owner/forked#0123456", {}, "owner-forked-0123456"],
    "archive": ["archive@https://example.org/archive.tgz", {}],
  },
}
`;

describe('lock files of Bun', () => {
  it('are JSON with commas before closing brackets; aliases go by their real names', async () => {
    const { packages, problems } = await run(bunLock, path, text);
    assert.deepEqual(problems, []);
    assert.deepEqual(brief(packages), ['left@1.2.3', '@scope/right@2.0.0', 'real@4.0.0']);
  });

  it('are wanted outside of installed packages, and say nothing where the tree is there', async () => {
    assert.ok(bunLock.wants(path));
    assert.ok(!bunLock.wants('app/node_modules/x/bun.lock'));
    assert.ok(!bunLock.wants('app/bun.lockb'));
    assert.deepEqual((await run(bunLock, path, text, viewOf('app/node_modules/left/package.json'))).packages, []);
  });

  it('lose a bad entry and no other', async () => {
    const { packages, problems } = await run(bunLock, path, '{"packages":{"a":[],"b":7,"c":["c"],"d":["d@1.0.0"],}}');
    assert.deepEqual(brief(packages), ['d@1.0.0']);
    assert.equal(problems.length, 3);
  });

  it('that are cut off or something else are a problem', async () => {
    await assert.rejects(run(bunLock, path, ''), { code: 'damaged' });
    await assert.rejects(run(bunLock, path, text.slice(0, 300)), { code: 'damaged' });
    await assert.rejects(run(bunLock, path, '['.repeat(100_000)), { code: 'limit-exceeded' });
    assert.equal((await run(bunLock, path, '[]')).problems.length, 1);
  });
});
