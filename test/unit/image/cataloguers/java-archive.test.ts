import assert from 'node:assert/strict';
import { deflateRawSync } from 'node:zlib';
import { javaArchive } from '../../../../src/image/cataloguers/java-archive.ts';
import { zip, type ZipInput } from '../../../support/zip.ts';
import { extractOf, listed, pass } from './passing.ts';

const pom = (group: string, artifact: string, version: string, extra: Partial<ZipInput> = {}): ZipInput => ({
  name: `META-INF/maven/${group}/${artifact}/pom.properties`,
  content: `#Created by Apache Maven 3.9.6\ngroupId=${group}\nartifactId=${artifact}\nversion=${version}\n`,
  ...extra,
});
const manifest = (...lines: string[]): ZipInput => ({
  name: 'META-INF/MANIFEST.MF',
  content: ['Manifest-Version: 1.0', ...lines, ''].join('\r\n'),
});
const classFile = (name: string, extra: Partial<ZipInput> = {}): ZipInput => ({
  name: `${name}.class`,
  content: Buffer.alloc(3000, name),
  ...extra,
});
const found = async (at: string, ...members: readonly ZipInput[]): Promise<string[]> =>
  listed(await pass(javaArchive, at, zip(members)));

describe('Java archives', () => {
  it('are known by their ending, and those that run nowhere are left alone', () => {
    for (const name of ['a.jar', 'a.WAR', 'a.ear', 'a.par', 'a.sar', 'a.nar', 'a.hpi', 'a.jpi', 'a.kar', 'a.lpkg']) {
      assert.ok(javaArchive.wants(`opt/${name}`), name);
    }
    for (const name of ['a.zip', 'a.jar.txt', 'jar', 'a-1.0-sources.jar', 'a-1.0-javadoc.jar', 'a-1.0-tests.jar']) {
      assert.ok(!javaArchive.wants(`opt/${name}`), name);
    }
    assert.ok(!javaArchive.wants('proc/1/root/a.jar'));
  });

  it('of an ending that others use too are no archives without the first bytes of one', async () => {
    assert.equal(await extractOf(javaArchive, 'var/log/sa.sar', Buffer.from('sysstat data')), undefined);
    assert.deepEqual(await found('plugin.hpi', pom('org.jenkins-ci.plugins', 'git', '5.2.0')), [
      'maven org.jenkins-ci.plugins:git 5.2.0',
    ]);
  });

  it('name every library whose pom.properties they hold', async () => {
    const result = await pass(
      javaArchive,
      'opt/shaded-1.0.jar',
      zip([
        manifest('Main-Class: x.Main'),
        pom('com.acme', 'shaded', '1.0'),
        pom('org.yaml', 'snakeyaml', '1.33'),
        pom('org.yaml', 'snakeyaml', '2.0', { name: 'inner/pom.properties' }),
        pom('org.yaml', 'snakeyaml', '2.0'),
        classFile('x/Main'),
      ]),
    );
    assert.deepEqual(result.problems, []);
    assert.deepEqual(result.packages, [
      { type: 'maven', name: 'com.acme:shaded', version: '1.0', path: 'opt/shaded-1.0.jar' },
      { type: 'maven', name: 'org.yaml:snakeyaml', version: '1.33', path: 'opt/shaded-1.0.jar' },
      { type: 'maven', name: 'org.yaml:snakeyaml', version: '2.0', path: 'opt/shaded-1.0.jar' },
    ]);
  });

  it('may write their properties in any way that Java reads', async () => {
    const odd: ZipInput = {
      name: 'pom.properties',
      content: 'version : 1.2 \r\n# groupId=no\r\n  groupId= com.acme\r\nartifactId =x\r\nother=1',
    };
    assert.deepEqual(await found('a.jar', odd), ['maven com.acme:x 1.2']);
  });

  it('with properties that say too little or nothing are no library', async () => {
    assert.deepEqual(await found('a.jar', { name: 'pom.properties', content: 'groupId=a\nversion=1\n' }), []);
    assert.deepEqual(
      await found('a.jar', { name: 'pom.properties', content: 'groupId=${g}\nartifactId=a\nversion=1\n' }),
      [],
    );
    assert.deepEqual(
      await found('a.jar', { name: 'my-pom.properties', content: 'groupId=a\nartifactId=b\nversion=1\n' }),
      [],
    );
  });

  describe('without properties of their own', () => {
    const cases: [what: string, file: string, lines: string[], expected: string | undefined][] = [
      [
        'name and symbolic name',
        'ivy-2.4.0.jar',
        ['Bundle-SymbolicName: org.apache.ivy', 'Bundle-Version: 2.4.0.final_20141213170938'],
        'org.apache.ivy:ivy 2.4.0',
      ],
      [
        'a library of Spring',
        'spring-core-5.3.20.jar',
        ['Implementation-Title: spring-core', 'Automatic-Module-Name: spring.core'],
        'org.springframework:spring-core 5.3.20',
      ],
      [
        'a library of Spring Boot',
        'spring-boot-autoconfigure-3.2.1.jar',
        ['Automatic-Module-Name: spring.boot.autoconfigure'],
        'org.springframework.boot:spring-boot-autoconfigure 3.2.1',
      ],
      [
        'a library of Spring Security',
        'spring-security-web-6.2.0.jar',
        [],
        'org.springframework.security:spring-security-web 6.2.0',
      ],
      [
        'a wrong group in the manifest',
        'failureaccess-1.0.1.jar',
        ['Bundle-SymbolicName: com.google.guava.failureaccess'],
        'com.google.guava:failureaccess 1.0.1',
      ],
      ['a version that goes on behind a dash', 'guava-31.1-jre.jar', [], 'com.google.guava:guava 31.1-jre'],
      [
        'a number in the name',
        'jackson-datatype-jsr310-2.15.2.jar',
        [],
        'com.fasterxml.jackson.datatype:jackson-datatype-jsr310 2.15.2',
      ],
      [
        'a version within the name',
        'log4j-1.2-api-2.17.1.jar',
        ['Implementation-Version: 2.17.1'],
        'org.apache.logging.log4j:log4j-1.2-api 2.17.1',
      ],
      [
        'a platform behind the version',
        'netty-transport-native-epoll-4.1.94.Final-linux-x86_64.jar',
        [],
        'io.netty:netty-transport-native-epoll 4.1.94.Final',
      ],
      [
        'an underscore',
        'org.eclipse.osgi_3.18.0.v2022.jar',
        ['Bundle-SymbolicName: org.eclipse.osgi; singleton:=true'],
        'org.eclipse.osgi:org.eclipse.osgi 3.18.0.v2022',
      ],
      ['a dot', 'thing.1.2.jar', ['Extension-Name: com.acme.thing'], 'com.acme.thing:thing 1.2'],
      [
        'no version in the name',
        'thing.jar',
        ['Implementation-Vendor-Id: com.acme', 'Implementation-Version: 1.4 1855 April 22 2006'],
        'com.acme:thing 1.4',
      ],
      [
        'the name of Tomcat',
        'catalina.jar',
        ['Bundle-SymbolicName: org.apache.tomcat-catalina', 'Implementation-Version: 9.0.70'],
        'org.apache.tomcat:tomcat-catalina 9.0.70',
      ],
      [
        'templates nobody filled in',
        'thing.jar',
        ['Bundle-SymbolicName: %pluginName', 'Implementation-Version: ${version}'],
        undefined,
      ],
      ['nothing at all', 'axis-1.4.jar', [], 'axis:axis 1.4'],
      ['a group it moved to', 'groovy-json-4.0.1.jar', [], 'org.apache.groovy:groovy-json 4.0.1'],
      ['a group it moved away from', 'groovy-json-2.4.21-indy.jar', [], 'org.codehaus.groovy:groovy-json 2.4.21'],
      [
        'a group that another has as its beginning',
        'hibernate-core-5.6.15.Final.jar',
        [],
        'org.hibernate:hibernate-core 5.6.15.Final',
      ],
      ['no version anywhere', 'axis.jar', [], undefined],
      ['a candidate', 'thing-rc1.jar', [], 'thing:thing rc1'],
      [
        'an attribute folded over lines',
        'thing-1.0.jar',
        ['Bundle-SymbolicName: com.acme.folded', ' .over.lines'],
        'com.acme.folded.over.lines:thing 1.0',
      ],
      [
        'an empty line within',
        'thing-1.0.jar',
        ['', 'Bundle-SymbolicName: com.acme.thing'],
        'com.acme.thing:thing 1.0',
      ],
      [
        'a member’s own section',
        'thing-1.0.jar',
        ['', 'Name: x/Y.class', 'Bundle-SymbolicName: com.acme.thing'],
        'thing:thing 1.0',
      ],
    ];
    for (const [what, file, lines, expected] of cases) {
      it(`are known by ${what}: ${file}`, async () => {
        assert.deepEqual(
          await found(`lib/${file}`, manifest(...lines)),
          expected === undefined ? [] : [`maven ${expected}`],
        );
      });
    }

    it('count beside the libraries that were shaded into them', async () => {
      assert.deepEqual(await found('spring-core-6.1.0.jar', pom('org.ow2.asm', 'asm', '9.5'), manifest()), [
        'maven org.ow2.asm:asm 9.5',
        'maven org.springframework:spring-core 6.1.0',
      ]);
    });

    it('are no library when they are an application around others', async () => {
      const boot = zip([pom('org.springframework', 'spring-core', '5.3.20')]);
      assert.deepEqual(await found('app-0.0.1.jar', { name: 'BOOT-INF/lib/x.jar', content: boot, stored: true }), [
        'maven org.springframework:spring-core 5.3.20',
      ]);
      assert.deepEqual(await found('app-0.0.1.war', manifest('Implementation-Vendor-Id: com.acme')), []);
    });

    it('are not named twice when they lie under another name', async () => {
      assert.deepEqual(
        await found(
          'commons-lang3.jar',
          pom('org.apache.commons', 'commons-lang3', '3.12.0'),
          manifest('Implementation-Version: 3.12.0'),
        ),
        ['maven org.apache.commons:commons-lang3 3.12.0'],
      );
      assert.deepEqual(
        await found(
          'org.apache.commons.commons-lang3-3.12.0.jar',
          pom('org.apache.commons', 'commons-lang3', '3.12.0'),
        ),
        ['maven org.apache.commons:commons-lang3 3.12.0'],
      );
    });
  });

  describe('inside others', () => {
    const leaf = zip([classFile('a'), pom('com.acme', 'leaf', '1.0'), classFile('b')]);
    const middle = (extra: Partial<ZipInput>): Buffer =>
      zip([classFile('c'), { name: 'lib/leaf.jar', content: leaf, ...extra }, pom('com.acme', 'middle', '2.0')]);
    const forms: [string, Partial<ZipInput>][] = [
      ['stored', { stored: true }],
      ['deflated', {}],
      ['stored, with the size behind', { stored: true, descriptor: 'signed' }],
      ['deflated, with the size behind', { descriptor: 'signed' }],
      ['deflated, with the size behind without a signature', { descriptor: 'bare' }],
      ['deflated, with a size of eight bytes behind', { descriptor: 'wide' }],
      ['with sizes of eight bytes', { zip64: true }],
    ];
    for (const [how, extra] of forms) {
      for (const step of [1024 * 1024, 1000, 61, 7]) {
        it(`are found at any depth: ${how}, in pieces of ${step} bytes`, async () => {
          const outer = zip([
            pom('com.acme', 'outer', '3.0', extra.stored === true ? {} : extra),
            { name: 'WEB-INF/lib/middle.jar', content: middle(extra), ...extra },
            classFile('d', { descriptor: 'signed' }),
          ]);
          const { packages, problems } = await pass(javaArchive, 'srv/app.war', outer, { step });
          assert.deepEqual(problems, []);
          assert.deepEqual(
            packages.map(({ name, path }) => [name, path]),
            [
              ['com.acme:outer', 'srv/app.war'],
              ['com.acme:middle', 'srv/app.war!/WEB-INF/lib/middle.jar'],
              ['com.acme:leaf', 'srv/app.war!/WEB-INF/lib/middle.jar!/lib/leaf.jar'],
            ],
          );
        });
      }
    }

    it('are read through twenty of them; one more is told', async () => {
      let archive = zip([pom('com.acme', 'core', '1.0')]);
      for (let depth = 0; depth < 20; depth++)
        archive = zip([{ name: 'x.jar', content: archive, stored: depth % 2 === 0 }]);
      assert.deepEqual(listed(await pass(javaArchive, 'a.jar', archive)), ['maven com.acme:core 1.0']);
      const deeper = await pass(javaArchive, 'a.jar', zip([{ name: 'x.jar', content: archive }]));
      assert.deepEqual(deeper.packages, []);
      assert.deepEqual(
        deeper.problems.map(({ reason }) => reason),
        ['it holds archives inside more than 20 others: not read'],
      );
    });

    it('that are sources or tests are left out', async () => {
      const inner = zip([pom('com.acme', 'x', '1.0')]);
      assert.deepEqual(await found('a.ear', { name: 'lib/x-1.0-sources.jar', content: inner }), []);
    });

    it('that are damaged are told with their place, and the others are read', async () => {
      const good = zip([pom('com.acme', 'good', '1.0')]);
      const { packages, problems } = await pass(
        javaArchive,
        'a.war',
        zip([
          { name: 'WEB-INF/lib/cut.jar', content: leaf.subarray(0, leaf.length - 60), stored: true },
          { name: 'WEB-INF/lib/no.jar', content: 'no archive' },
          { name: 'WEB-INF/lib/bad.jar', raw: Buffer.from('ffffffffffffffff', 'hex'), method: 8 },
          { name: 'WEB-INF/lib/locked.jar', content: good, encrypted: true },
          { name: 'WEB-INF/lib/good.jar', content: good },
        ]),
      );
      assert.deepEqual(
        packages.map(({ name }) => name),
        ['com.acme:leaf', 'com.acme:good'],
      );
      assert.deepEqual(problems, [
        { path: 'a.war', reason: '"WEB-INF/lib/locked.jar" is encrypted' },
        { path: 'a.war!/WEB-INF/lib/cut.jar', reason: 'the archive ends early' },
        { path: 'a.war!/WEB-INF/lib/no.jar', reason: 'it is no zip archive' },
        { path: 'a.war!/WEB-INF/lib/bad.jar', reason: 'its compressed data is damaged' },
      ]);
    });
  });

  it('may have a shell script in front', async () => {
    const members = [pom('com.acme', 'app', '1.0'), classFile('a')];
    for (const counted of [true, false]) {
      const archive = zip(members, {
        prefix: `#!/bin/bash\n# PK\u0003\u0003 ${'x'.repeat(9000)}\nexec java -jar "$0"\nexit 0\n`,
        counted,
      });
      for (const step of [100_000, 500]) {
        const result = await pass(javaArchive, 'app.jar', archive, { step });
        assert.deepEqual(listed(result), ['maven com.acme:app 1.0']);
        assert.deepEqual(result.problems, []);
      }
    }
  });

  it('count what their directory names and nothing else', async () => {
    const result = await pass(
      javaArchive,
      'a.jar',
      zip([pom('com.acme', 'hidden', '1.0', { unlisted: true }), pom('com.acme', 'seen', '1.0')]),
    );
    assert.deepEqual(listed(result), ['maven com.acme:seen 1.0']);
  });

  it('whose directory names members that are elsewhere say so', async () => {
    const archive = zip([pom('com.acme', 'a', '1.0', { stored: true }), pom('com.acme', 'b', '1.0', { stored: true })]);
    archive.fill(0x78, 0, 4); // the header of the first member
    const result = await pass(javaArchive, 'a.jar', archive);
    assert.deepEqual(listed(result), ['maven com.acme:b 1.0']);
    assert.deepEqual(result.problems, [
      { path: 'a.jar', reason: '1 members of the archive are not where its directory says' },
    ]);
  });

  it('that are cut off anywhere, or nothing at all, are told', async function () {
    this.timeout(20_000);
    const archive = zip([
      pom('com.acme', 'a', '1.0'),
      { name: 'x.jar', content: zip([pom('com.acme', 'b', '1.0')]) },
      classFile('a', { descriptor: 'signed' }),
    ]);
    for (let end = 0; end < archive.length; end++) {
      const { problems } = await pass(javaArchive, 'a.jar', archive.subarray(0, end), { step: 50 });
      assert.ok(problems.length > 0, `cut to ${end}`);
    }
    const { problems } = await pass(javaArchive, 'a.jar', Buffer.from('<html>not found</html>'));
    assert.deepEqual(problems, [{ path: 'a.jar', reason: 'it is no zip archive' }]);
  });

  describe('made to harm', () => {
    it('by what they unpack to end at a ceiling', async function () {
      this.timeout(20_000); // to make it takes the time
      const bomb = Buffer.alloc(80 * 1024 * 1024);
      const archive = zip([pom('com.acme', 'a', '1.0'), { name: 'x.jar', content: bomb }, pom('com.acme', 'b', '1.0')]);
      const result = await pass(javaArchive, 'a.jar', archive);
      assert.deepEqual(listed(result), ['maven com.acme:a 1.0']);
      assert.match(result.problems[0]?.reason ?? '', /unpacks to more than 67108864 bytes: the rest was not read/);
    });

    it('by many small members that unpack to much end at a ceiling, and the editor has its turns', async () => {
      const raw = deflateRawSync(Buffer.alloc(900_000, 'x'));
      const members = Array.from({ length: 400 }, (_, i) => ({ name: `${i}/pom.properties`, raw }));
      let longest = 0;
      let last = performance.now();
      const archive = zip(members);
      last = performance.now();
      const timer = setInterval(() => {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }, 1);
      const result = await pass(javaArchive, 'a.jar', archive);
      clearInterval(timer);
      assert.match(result.problems[0]?.reason ?? '', /unpacks to more than/);
      assert.ok(longest < 250, `the loop stood still for ${longest} ms`);
    });

    it('by members over each other are not read twice', async () => {
      // Every record of the directory names the same inner archive.
      const inner = zip([pom('com.acme', 'x', '1.0')]);
      const one = zip([{ name: 'x.jar', content: inner }]);
      const records = one.subarray(one.indexOf('PK\u0001\u0002'), one.length - 22);
      const end = Buffer.from(one.subarray(one.length - 22));
      const result = await pass(
        javaArchive,
        'a.jar',
        Buffer.concat([one.subarray(0, one.length - 22), ...Array.from({ length: 50_000 }, () => records), end]),
      );
      assert.deepEqual(listed(result), ['maven com.acme:x 1.0']);
    });

    it('by a name without end in its properties or manifest name nothing', async () => {
      assert.deepEqual(
        await found('a-1.0.jar', {
          name: 'pom.properties',
          content: `groupId=${'g'.repeat(60_000)}\nartifactId=a\nversion=1`,
        }),
        ['maven a:a 1.0'],
      );
      assert.deepEqual(
        await found('a.jar', manifest(`Bundle-SymbolicName: ${'x.'.repeat(30_000)}x`, 'Bundle-Version: 1.0')),
        ['maven a:a 1.0'],
      );
    });

    it('with a manifest of any length are known by its beginning', async () => {
      const sections = Array.from(
        { length: 40_000 },
        (_, i) => `\r\nName: com/acme/C${i}.class\r\nSHA-256-Digest: ${'A'.repeat(43)}=\r\n`,
      );
      const signed = manifest('Bundle-SymbolicName: com.acme.signed', ...sections);
      assert.deepEqual(await found('signed-1.0.jar', signed), ['maven com.acme.signed:signed 1.0']);
    });
  });

  it('keep little of what they are', async () => {
    const archive = zip([
      pom('com.acme', 'a', '1.0'),
      { name: 'data', content: Buffer.alloc(5_000_000, 'x'), stored: true },
    ]);
    assert.ok(((await extractOf(javaArchive, 'a.jar', archive))?.length ?? Infinity) < 300);
  });
});
