import assert from 'node:assert/strict';
import { gemInstalled } from '../../../../src/image/cataloguers/gem-installed.ts';
import { fixture, run } from './support.ts';

const path = 'usr/local/bundle/specifications/left-1.2.3.gemspec';
const always = (): boolean => true;

describe('installed gems', () => {
  it('are found by their specifications', () => {
    const paths: [string, boolean][] = [
      [path, true],
      ['usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec', true],
      ['usr/share/rubygems-integration/all/specifications/rack-2.2.6.4.gemspec', true],
      ['usr/lib/ruby/gems/3.1.0/gems/left-1.2.3/left.gemspec', false],
      ['app/left.gemspec', false],
      ['usr/local/bundle/specifications/other/left-1.2.3.gemspec', false],
      ['proc/1/root/specifications/left-1.2.3.gemspec', false],
    ];
    for (const [one, wanted] of paths) assert.equal(gemInstalled.wants(one), wanted, one);
  });

  it('are read from a specification that RubyGems wrote', async () => {
    const at = 'usr/share/rubygems-integration/all/specifications/rack-2.2.22.gemspec';
    assert.deepEqual(await run(gemInstalled, at, fixture('debian-12-rack.gemspec')), {
      packages: [{ type: 'gem', name: 'rack', version: '2.2.22', path: at }],
      problems: [],
    });
  });

  const read: [what: string, text: string, name: string, version: string][] = [
    ['plain', 'Gem::Specification.new do |s|\n  s.name = "right"\n  s.version = "2.0.0"\nend\n', 'right', '2.0.0'],
    [
      'frozen, with comments',
      "Gem::Specification.new do |spec|\n  spec.name = 'right'.freeze # name\n  spec.version = '2.0.0'.freeze # x\nend\n",
      'right',
      '2.0.0',
    ],
    [
      'with a version object',
      'Gem::Specification.new { |s|\n s.name="right"; s.version = Gem::Version.new("2.0.0.pre1")\n}\n',
      'right',
      '2.0.0.pre1',
    ],
    ['computed: by the file', 'Gem::Specification.new do |s|\n s.name = NAME\n s.version = VERSION\n', 'left', '1.2.3'],
    ['with interpolation: by the file', 'Gem::Specification.new do |s|\n s.version = "#{V}.1"\n', 'left', '1.2.3'],
    [
      'of another variable: by the file',
      'Gem::Specification.new do |s|\n t.name = "x"\n t.version = "9"\n',
      'left',
      '1.2.3',
    ],
    ['in comments: by the file', 'Gem::Specification.new do |s|\n # s.version = "9"\nend\n', 'left', '1.2.3'],
    ['empty: by the file', '', 'left', '1.2.3'],
    ['one endless line: by the file', 'x'.repeat(1_000_000), 'left', '1.2.3'],
  ];
  for (const [what, text, name, version] of read) {
    it(`are read: ${what}`, async () => {
      const expected = { packages: [{ type: 'gem', name, version, path }], problems: [] };
      assert.deepEqual(await run(gemInstalled, path, text), expected);
      const reduced = gemInstalled.reduce?.(path, Buffer.from(text), always) ?? Buffer.from(text);
      assert.deepEqual(await run(gemInstalled, path, reduced), expected);
    });
  }

  it('have no platform in their version', async () => {
    const files: [string, string, string][] = [
      ['nokogiri-1.13.1-x86_64-linux.gemspec', 'nokogiri', '1.13.1'],
      ['net-http-0.2.0.gemspec', 'net-http', '0.2.0'],
      ['sqlite3-ruby-1.3.3-x86-mingw32.gemspec', 'sqlite3-ruby', '1.3.3'],
    ];
    for (const [file, name, version] of files) {
      const { packages } = await run(gemInstalled, `specifications/${file}`, '');
      assert.deepEqual(packages, [{ type: 'gem', name, version, path: `specifications/${file}` }]);
    }
  });

  it('that say no version anywhere are a problem', async () => {
    const { packages, problems } = await run(gemInstalled, 'specifications/left.gemspec', '');
    assert.deepEqual([packages.length, problems.length], [0, 1]);
  });
});
