import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { after, before, describe, it } from 'mocha';
import { schemaProblems } from '../support/schemas.ts';

const cli = path.resolve(import.meta.dirname, '../../dist/cli.js');

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface ImageAnswer {
  readonly schema: string;
  readonly image: { readonly digest: string; readonly os: { readonly ecosystem: string } };
  readonly packages: readonly {
    readonly type: string;
    readonly name: string;
    readonly version: string;
    readonly purl: string;
  }[];
  readonly vulnerabilities: readonly {
    readonly id: string;
    readonly package: string;
    readonly fixed?: string;
    readonly severity: string;
    readonly severitySource: string;
    readonly kev?: object;
  }[];
  readonly coverage: readonly { readonly ecosystem: string; readonly state: string }[];
  readonly problems: readonly object[];
}

describe('plimsoll image', function () {
  this.timeout(60_000);
  let folder: string;

  const write = (file: string, text: string): void => {
    const full = path.join(folder, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
  };
  const image = (...args: readonly string[]): Answer => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [cli, 'image', `dir:${path.join(folder, 'root')}`, '--data', path.join(folder, 'data'), ...args],
      { encoding: 'utf8' },
    );
    return { status, stdout, stderr };
  };
  const advisories = (): string => path.join(folder, 'mirror');

  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-cli-'));
    write('root/etc/os-release', 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n');
    write(
      'root/var/lib/dpkg/status',
      'Package: harbour-tools\nStatus: install ok installed\nArchitecture: amd64\nSource: harbour (1.2-3)\nVersion: 1.2-3+b1\n\n' +
        'Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1.0\n',
    );
    write('root/app/node_modules/left/package.json', '{"name":"left","version":"1.0.0"}');
    write('root/app/node_modules/broken/package.json', '{"name":');
    write(
      'mirror/Debian/DEBIAN-CVE-2026-0001.json',
      JSON.stringify({
        id: 'DEBIAN-CVE-2026-0001',
        modified: new Date().toISOString(),
        upstream: ['CVE-2026-0001'],
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
        affected: [
          {
            package: { ecosystem: 'Debian:12', name: 'harbour' },
            ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1.2-4' }] }],
          },
        ],
      }),
    );
    write(
      'mirror/known_exploited_vulnerabilities.json',
      JSON.stringify({
        vulnerabilities: [{ cveID: 'CVE-2026-0001', dateAdded: '2026-11-02', knownRansomwareCampaignUse: 'Known' }],
      }),
    );
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('lists packages and vulnerabilities, says what is not covered, and exits with 3 when a file could not be read', () => {
    const { status, stdout } = image('--advisories', advisories(), '--format', 'json');
    const answer = JSON.parse(stdout) as ImageAnswer;
    assert.equal(status, 3);
    assert.equal(answer.schema, 'plimsoll.image/1');
    assert.equal(answer.image.os.ecosystem, 'Debian:12');
    assert.deepEqual(answer.packages.map(({ type, name, version }) => `${type} ${name} ${version}`).sort(), [
      'deb harbour-tools 1.2-3+b1',
      'npm left 1.0.0',
    ]);
    assert.deepEqual(
      answer.vulnerabilities.map(({ id, package: name, fixed, severity, severitySource }) => [
        id,
        name,
        fixed,
        severity,
        severitySource,
      ]),
      [['CVE-2026-0001', 'harbour-tools', '1.2-4', 'critical', 'NVD']],
    );
    assert.deepEqual(answer.vulnerabilities[0]?.kev, { dateAdded: '2026-11-02', ransomware: true });
    assert.deepEqual(
      answer.coverage.map(({ ecosystem, state }) => [ecosystem, state]),
      [
        ['Debian:12', 'full'],
        ['npm', 'none'],
      ],
    );
    assert.equal(answer.problems.length, 1);
  });

  it('lists the packages all the same when there are no advisories', () => {
    const { stdout } = image('--format', 'json');
    const answer = JSON.parse(stdout) as ImageAnswer;
    assert.equal(answer.packages.length, 2);
    assert.deepEqual(
      answer.coverage.map(({ state }) => state),
      ['none', 'none'],
    );
  });

  it('lists secrets with their place and a fingerprint of this machine, never with a value', () => {
    write('secret/etc/os-release', 'ID=debian\nVERSION_ID="12"\n');
    write('secret/var/lib/dpkg/status', '');
    write('secret/app/.env', 'MODE=x\nDB_PASSWORD=Low-water-1987\n');
    write('secret/usr/share/doc/x/.env', 'DB_PASSWORD=Low-water-1987\n');
    const answer = (...args: readonly string[]): Answer => {
      const data = ['--data', path.join(folder, 'data')];
      const source = `dir:${path.join(folder, 'secret')}`;
      const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'image', source, ...data, ...args], {
        encoding: 'utf8',
      });
      assert.ok(!`${stdout}${stderr}`.includes('Low-water'));
      return { status, stdout, stderr };
    };
    const listed = (): { readonly fingerprint: string }[] =>
      (JSON.parse(answer('--format', 'json').stdout) as { readonly secrets: { readonly fingerprint: string }[] })
        .secrets;
    const [secret, ...others] = listed();
    assert.deepEqual(others, []);
    assert.match(secret?.fingerprint ?? '', /^[0-9a-f]{16}$/);
    assert.deepEqual(
      { ...secret, fingerprint: '' },
      {
        kind: 'database-password',
        path: 'app/.env',
        line: 2,
        severity: 'high',
        fingerprint: '',
      },
    );
    assert.deepEqual(listed(), [secret], 'the same in the next run');
    assert.equal(statSync(path.join(folder, 'data', 'fingerprint.key')).mode & 0o777, 0o600);
    const sarif = answer('--format', 'sarif').stdout;
    assert.deepEqual(schemaProblems('sarif-2.1.0', JSON.parse(sarif)), []);
    assert.match(sarif, /"ruleId": "secret-database-password"/);
    assert.match(answer().stdout, /^Secret \(high\): Database password in \/app\/\.env:2$/m);
    assert.equal(answer('--fail-on', 'high').status, 1);
  });

  it('says when the operating system gets no more updates', () => {
    write('old/etc/os-release', 'ID=debian\nVERSION_ID="10"\n');
    write('old/var/lib/dpkg/status', '');
    const source = `dir:${path.join(folder, 'old')}`;
    const answer = (format: string): string =>
      spawnSync(process.execPath, [cli, 'image', source, '--data', path.join(folder, 'data'), '--format', format], {
        encoding: 'utf8',
      }).stdout;
    assert.match(answer('json'), /"endOfLife":\s*\{\s*"since":\s*"2024-06-30"/);
    assert.match(answer('table'), /^The operating system gets no security updates since 2024-06-30: .*Debian 13$/m);
    assert.doesNotMatch(image('--format', 'json').stdout, /endOfLife/);
  });

  it('exits with 1 at or above --fail-on', () => {
    assert.equal(image('--advisories', advisories(), '--fail-on', 'critical').status, 1);
  });

  it('writes CycloneDX that its schema accepts', async () => {
    const { stdout } = image('--advisories', advisories(), '--format', 'cyclonedx');
    const problem: unknown = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(stdout);
    assert.equal(problem, null);
    assert.match(stdout, /pkg:deb\/debian\/harbour-tools@1\.2-3\+b1/);
  });

  it('writes SPDX that its schema accepts, and says that it is partial', () => {
    const { stdout, status } = image('--format', 'spdx');
    assert.equal(status, 3);
    const document = JSON.parse(stdout) as {
      comment: string;
      creationInfo: { creators: string[] };
      packages: { name: string; primaryPackagePurpose: string }[];
    };
    assert.deepEqual(schemaProblems('spdx-2.3', document), []);
    assert.match(document.comment, /^Partial: 1 parts .*broken\/package\.json/);
    const { version } = JSON.parse(readFileSync(path.resolve(cli, '../../package.json'), 'utf8')) as {
      version: string;
    };
    assert.deepEqual(document.creationInfo.creators, [`Tool: Plimsoll-${version}`]);
    assert.deepEqual(
      document.packages.map(({ name, primaryPackagePurpose }) => `${primaryPackagePurpose} ${name}`).slice(1),
      ['OPERATING_SYSTEM debian', 'LIBRARY harbour-tools', 'LIBRARY left', 'SOURCE harbour'],
    );
  });

  it('writes SARIF with a rule for each result, as its schema wants', () => {
    const { stdout } = image('--advisories', advisories(), '--format', 'sarif');
    const sarif = JSON.parse(stdout) as {
      runs: [{ tool: { driver: { rules: { id: string }[] } }; results: { ruleId: string; ruleIndex: number }[] }];
    };
    assert.deepEqual(schemaProblems('sarif-2.1.0', sarif), []);
    const [run] = sarif.runs;
    assert.equal(run.results.length, 1);
    for (const { ruleId, ruleIndex } of run.results) assert.equal(run.tool.driver.rules[ruleIndex]?.id, ruleId);
  });

  it('shows the worst first in the table', () => {
    const { stdout } = image('--advisories', advisories());
    assert.match(stdout, /critical +CVE-2026-0001 +harbour-tools 1\.2-3\+b1 +1\.2-4 +NVD/);
    assert.match(stdout, /Not covered: npm/);
  });

  it('tells in its help of every source, account, form, setting and exit code', () => {
    const { stdout, stderr, status } = image('--help');
    assert.deepEqual([status, stderr], [0, '']);
    for (const word of [
      ...[
        'host/repository[:tag][@digest]',
        'oci:<path>',
        'docker-archive:<file>',
        'dir:<folder>',
        'tar archive',
        'zstd',
      ],
      ...[
        'AZURE_TENANT_ID',
        'AZURE_CLIENT_SECRET',
        'DOCKER_CONFIG',
        'docker login',
        'credHelpers',
        'credsStore',
        'anonym',
      ],
      ...['--platform', '--advisories', '--file', '--format', '--fail-on', '--cloud', '--data'],
      ...['cyclonedx', 'CycloneDX 1.6', 'spdx', 'SPDX 2.3', 'sarif', 'SARIF 2.1.0', 'signatures', 'attestations'],
      ...[
        'Offline',
        'never leaves this machine',
        'coverage',
        'KEV',
        'EPSS',
        '0 done',
        '1 findings',
        '2 bad',
        '3 something',
        '130',
      ],
    ]) {
      assert.ok(stdout.includes(word), word);
    }
  });

  it('cannot be made to steer the terminal by what stands in an image', () => {
    write('steer/etc/os-release', 'ID=debian\nVERSION_ID="12\u001b[2J\u009b1m"\n');
    write('steer/node_modules/x\u001b[31m/package.json', '{"name":');
    const { stdout } = spawnSync(
      process.execPath,
      [cli, 'image', `dir:${path.join(folder, 'steer')}`, '--data', path.join(folder, 'data')],
      {
        encoding: 'utf8',
      },
    );
    assert.match(stdout, /Problem: /);
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  for (const [title, args, words] of [
    ['a folder of advisories that is not there', ['--advisories', '/nowhere'], /Cannot find advisories/],
    ['a form that is none', ['--format', 'xml'], /it takes table, json/],
    ['a severity that is none', ['--fail-on', 'urgent'], /it takes critical/],
    ['a platform that is none', ['--platform', ''], /platform/i],
  ] as const) {
    it(`refuses ${title} with exit code 2 and one line`, () => {
      const { status, stderr } = image(...args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, words);
      assert.equal(stderr.trim().split('\n').length, 1);
    });
  }
});
