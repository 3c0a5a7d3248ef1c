import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const program = path.resolve(import.meta.dirname, '../../dist/cli.js');

function run(args: readonly string[], input = ''): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { input, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

describe('the command line', () => {
  it('helps with every command, on stdout alone', () => {
    const { code, out, err } = run(['--help']);
    assert.deepEqual([code, err], [0, '']);
    for (const command of ['advisories', 'dockerfile', 'image', 'posture', 'priority', 'verify', 'versions']) {
      assert.ok(out.includes(`\n  ${command}`), command);
      const help = run([command, '--help']);
      assert.deepEqual([help.code, help.err, help.out.startsWith('Usage: plimsoll ')], [0, '', true], command);
    }
  });

  it('answers bad usage with 2 and one line that names the next step', () => {
    for (const args of [
      ['nonsense'],
      ['versions'],
      ['versions', 'Nowhere', '1', '2'],
      ['dockerfile'],
      ['priority'],
      ['posture', '--check', 'x'],
    ]) {
      const { code, out, err } = run(args);
      assert.equal(code, 2, args.join(' '));
      assert.equal(out, '');
      assert.match(err, /^plimsoll: [^\n]+\n$/);
    }
  });

  it('compares versions', () => {
    assert.deepEqual(run(['versions', 'Debian', '1.0~rc1', '1.0']).out, '<\n');
    const lines = run(['versions', 'Debian:12', '--stdin'], '1\t1\n2\t1\nno tab\n1\ta b\n');
    assert.deepEqual([lines.code, lines.out], [0, '=\n>\n!\n!\n']);
  });

  it('compares versions of every ecosystem, as many lines out as in', () => {
    const expected: Readonly<Record<string, string>> = {
      'Alpine:v3.20': '1.0_rc1\t1.0',
      'Azure Linux:3': '8.5.0-3.azl3\t0:8.5.0-4.azl3',
      'Red Hat:enterprise_linux:9::baseos': '1.0~rc1-1\t1.0-1',
      'SUSE:Linux Enterprise Server 15 SP6': '1.0-1\t1:0.9-1',
      PyPI: '1.0rc1\t1.0',
      NuGet: '1.0.0-beta\t1.0',
      'Maven:https://maven.google.com': '1.0-rc-1\t1.0',
      RubyGems: '1.0.0.pre\t1.0.0',
      'Packagist:https://packages.drupal.org/8': 'v1.0.0-RC1\t1.0.0',
      Go: 'v0.0.0-20190101000000-abcdefabcdef\t0.0.1',
      'crates.io': '1.0.0-alpha\t1.0.0',
      'Root:PyPI': '1.0+root.io.1\t1.0+root.io.2',
    };
    for (const [ecosystem, pair] of Object.entries(expected)) {
      const { code, out } = run(['versions', ecosystem, '--stdin'], `${pair}\r\n\n\u2028\n1\t1\t1\n1\t1`);
      assert.deepEqual([code, out], [0, '<\n!\n!\n!\n=\n'], ecosystem);
    }
  });

  it('answers an ecosystem without an order with the names of those that have one', () => {
    const { code, out, err } = run(['versions', 'Nowhere:9', '--stdin'], '1\t2\n');
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /^plimsoll: There is no version order for "Nowhere:9"\. Known[^\n]+ Debian,[^\n]+ npm,[^\n]+\n$/);
  });

  it('evaluates priorities line by line, and says which lines are bad', () => {
    const good = '{"finding":"a","kind":"vulnerability","base":{"level":"Low","source":"Debian"}}';
    const { code, out } = run(['priority', '--stdin'], `${good}\n\nnonsense\n`);
    const [first, second] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(code, 2);
    assert.equal(first?.['finding'], 'a');
    assert.equal(second?.['line'], 3);
  });

  it('checks Dockerfiles, and applies what is safe', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'cli-test-'));
    try {
      const file = path.join(folder, 'Dockerfile');
      writeFileSync(file, 'FROM debian as base\nUSER 10001\n');
      const json = JSON.parse(run(['dockerfile', file, '--format', 'json']).out) as {
        schema: string;
        violations: { rule: string }[];
      };
      assert.equal(json.schema, 'plimsoll.dockerfile/1');
      assert.deepEqual(
        json.violations.map(({ rule }) => rule),
        ['df-base-image-pinned', 'df-as-cased-like-from'],
      );
      assert.equal(run(['dockerfile', file, '--fail-on', 'information']).code, 1);
      assert.equal(run(['dockerfile', file, '--fix', '--fail-on', 'warning']).code, 0);
      assert.equal(readFileSync(file, 'utf8'), 'FROM debian AS base\nUSER 10001\n');
      assert.equal(run(['dockerfile', path.join(folder, 'missing')]).code, 2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('lists posture checks, and answers a bad snapshot line in its place', () => {
    assert.match(run(['posture', '--list']).out, /^acr-/m);
    const { code, out } = run(['posture', '--stdin'], 'nonsense\n');
    assert.equal(code, 2);
    assert.equal((JSON.parse(out) as { line: number }).line, 1);
  });

  it('judges a snapshot in a file', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'cli-test-'));
    try {
      const subscription = '/subscriptions/11111111-1111-4111-8111-111111111111';
      const id = `${subscription}/resourceGroups/harbour/providers/Microsoft.ContainerRegistry/registries/contoso`;
      const file = path.join(folder, 'snapshot.json');
      const registry = { id, name: 'contoso', type: 'Microsoft.ContainerRegistry/registries', location: 'westeurope' };
      writeFileSync(
        file,
        JSON.stringify({
          subscriptions: [{ id: subscription, displayName: 'Harbour' }],
          resources: [{ ...registry, properties: { adminUserEnabled: true } }],
          errors: [],
          now: '2026-11-22T00:00:00Z',
        }),
      );
      const args = ['posture', '--snapshot', file, '--check', 'acr-admin-user-disabled'];
      const json = run([...args, '--format', 'json', '--fail-on', 'high']);
      assert.equal(json.code, 1);
      const { schema, results } = JSON.parse(json.out) as {
        schema: string;
        results: { check: string; resource: string; status: string }[];
      };
      assert.equal(schema, 'plimsoll.posture/1');
      assert.deepEqual(
        results.map(({ check, resource, status }) => [check, resource, status]),
        [['acr-admin-user-disabled', id, 'fail']],
      );
      const text = run(args);
      assert.deepEqual([text.code, text.err], [0, '']);
      assert.match(text.out, /^fail +acr-admin-user-disabled\t.*\n0 passed, 1 failed, 0 denied, 0 unreadable\n$/);
      writeFileSync(file, '[');
      assert.match(run(args).err, /^plimsoll: Cannot read the snapshot: it is not valid JSON\. Give [^\n]+\n$/);
      assert.equal(run(['posture', '--snapshot', path.join(folder, 'missing')]).code, 2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
