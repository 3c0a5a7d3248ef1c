import assert from 'node:assert/strict';
import { gemfileLock } from '../../../../src/image/cataloguers/gemfile-lock.ts';
import { brief, run } from './support.ts';

const path = 'app/Gemfile.lock';
const text = `GIT
  remote: https://git.example.org/forked.git
  revision: 0123456789
  specs:
    forked (0.1.0)
      rack (>= 2)

PATH
  remote: .
  specs:
    app (1.0.0)

GEM
  remote: https://rubygems.org/
  specs:
    nokogiri (1.13.1)
      racc (~> 1.4)
    nokogiri (1.13.1-x86_64-linux)
      racc (~> 1.4)
    racc (1.6.0)
    rails (7.1.0.rc1)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  app!
  rails (= 7.1.0.rc1)

RUBY VERSION
   ruby 3.1.2p20

BUNDLED WITH
   2.3.7
`;

describe('lock files of Bundler', () => {
  it('give gems without their platforms, and nothing of the project itself', async () => {
    for (const form of [text, text.replaceAll('\n', '\r\n')]) {
      const { packages, problems } = await run(gemfileLock, path, form);
      assert.deepEqual(problems, []);
      assert.deepEqual(brief(packages), ['forked@0.1.0 elsewhere', 'nokogiri@1.13.1', 'racc@1.6.0', 'rails@7.1.0.rc1']);
      assert.ok(packages.every((found) => found.type === 'gem' && found.path === path));
    }
  });

  it('are wanted outside of installed gems', () => {
    assert.ok(gemfileLock.wants(path));
    assert.ok(gemfileLock.wants('app/gems.locked'));
    assert.ok(!gemfileLock.wants('usr/local/bundle/gems/left-1.2.3/Gemfile.lock'));
    assert.ok(!gemfileLock.wants('app/vendor/bundle/ruby/3.1.0/x/Gemfile.lock'));
  });

  it('are empty, cut off or damaged', async () => {
    assert.deepEqual(await run(gemfileLock, path, ''), { packages: [], problems: [] });
    const cut = await run(gemfileLock, path, text.slice(0, text.indexOf('(1.6.0)') + 3));
    assert.deepEqual(brief(cut.packages), ['forked@0.1.0 elsewhere', 'nokogiri@1.13.1']);
    assert.deepEqual(
      cut.problems.map(({ reason }) => reason),
      ['line 20 is no gem with a version'],
    );
    const merge = await run(
      gemfileLock,
      path,
      'GEM\n  specs:\n<<<<<<< HEAD\n    a (1.0)\n=======\n    a (2.0)\n>>>>>>> x\n',
    );
    assert.deepEqual([brief(merge.packages), merge.problems.length], [['a@1.0', 'a@2.0'], 3]);
  });
});
