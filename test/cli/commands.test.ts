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
});
