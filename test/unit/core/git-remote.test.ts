import assert from 'node:assert/strict';
import {
  innermostRepository,
  normaliseRemote,
  remotesOfGitConfig,
  sharedGitDirectory,
} from '../../../src/core/git-remote.ts';

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

describe('a git repository', () => {
  it('is the innermost one around a file', () => {
    const repositories = ['file:///a', 'file:///a/sub', 'file:///ab'].map((root) => ({ root }));
    const root = (uri: string): string | undefined => innermostRepository(uri, repositories)?.root;
    assert.equal(root('file:///a/Dockerfile'), 'file:///a');
    assert.equal(root('file:///a/sub/x/Dockerfile'), 'file:///a/sub');
    assert.equal(root('file:///a/subway/Dockerfile'), 'file:///a');
    assert.equal(root('file:///ab/Dockerfile'), 'file:///ab');
    assert.equal(root('file:///c/Dockerfile'), undefined);
  });

  it('is found through the file of a worktree or submodule, and through no other', () => {
    assert.equal(sharedGitDirectory('gitdir: /srv/shop/.git/worktrees/fix\n'), '/srv/shop/.git');
    assert.equal(sharedGitDirectory('gitdir: ../.git/modules/libs/x\n'), '../.git/modules/libs/x');
    assert.equal(sharedGitDirectory('gitdir: C:\\shop\\.git\\worktrees\\fix'), 'C:/shop/.git');
    for (const text of ['gitdir: /etc', 'gitdir: /srv/shop/.git', 'gitdir: ', 'x', '']) {
      assert.equal(sharedGitDirectory(text), undefined, text);
    }
  });
});
