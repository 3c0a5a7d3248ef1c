import assert from 'node:assert/strict';
import { normaliseRemote } from '../../../src/dockerfile/git-remote.ts';

describe('a git remote', () => {
  const same: readonly (readonly [string, string])[] = [
    ['https://github.com/Contoso/shop', 'github.com/Contoso/shop'],
    ['https://GitHub.com/Contoso/shop.git', 'github.com/Contoso/shop'],
    ['http://user:token@github.com/Contoso/shop.git/', 'github.com/Contoso/shop'],
    ['git@github.com:Contoso/shop.git', 'github.com/Contoso/shop'],
    ['github.com:Contoso/shop', 'github.com/Contoso/shop'],
    ['ssh://git@github.com:22/Contoso/shop.git', 'github.com/Contoso/shop'],
    ['git+ssh://git@github.com/Contoso/shop', 'github.com/Contoso/shop'],
    ['https://dev.azure.com/contoso/Shop/_git/shop', 'dev.azure.com/contoso/Shop/_git/shop'],
    ['  https://git.example//a/b// ', 'git.example/a/b'],
    ['/srv/git/shop.git', '/srv/git/shop.git'],
    ['', ''],
  ];
  for (const [remote, expected] of same)
    it(`${JSON.stringify(remote)} is ${expected}`, () => assert.equal(normaliseRemote(remote), expected));

  it('keeps the case of the path', () => {
    assert.notEqual(
      normaliseRemote('https://github.com/contoso/shop'),
      normaliseRemote('https://github.com/Contoso/shop'),
    );
  });
});
