import assert from 'node:assert/strict';
import { normaliseRemote, remotesOfGitConfig } from '../../../src/core/git-remote.ts';

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
    ['https://ship:to/k@en@git.example/a/b', 'git.example/a/b'],
    ['https://git.example/a/b?token=x#y', 'git.example/a/b'],
    ['https://ship@dev.azure.com/contoso/Shop/_git/shop', 'dev.azure.com/contoso/Shop/_git/shop'],
    ['git@ssh.dev.azure.com:v3/contoso/Shop/shop', 'dev.azure.com/contoso/Shop/_git/shop'],
    ['https://contoso.visualstudio.com/DefaultCollection/Shop/_git/shop', 'dev.azure.com/contoso/Shop/_git/shop'],
    ['contoso@vs-ssh.visualstudio.com:v3/contoso/Shop/shop', 'dev.azure.com/contoso/Shop/_git/shop'],
    ['user:secret@git.example/a/b', 'git.example/a/b'],
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

  it('is read from the configuration of a repository, without its credentials', () => {
    const config = [
      '[core]',
      '\tbare = false',
      '\turl = https://not.a.remote/x',
      '[remote "origin"]',
      '\turl = https://ship:tide-and-time@git.example/contoso/shop.git',
      '\tfetch = +refs/heads/*:refs/remotes/origin/*',
      '[remote "upstream"]',
      '  pushurl = git@github.com:Contoso/shop.git',
      '[branch "main"]',
      '\tremote = origin',
      '[submodule "x"]',
      '\turl = https://git.example/contoso/module',
    ].join('\n');
    assert.deepEqual(remotesOfGitConfig(config), ['git.example/contoso/shop', 'github.com/Contoso/shop']);
    assert.deepEqual(remotesOfGitConfig(''), []);
  });
});
