// What the command line is as a process: pipes, signals, the Node it runs under.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { schemaProblems } from '../support/schemas.ts';

const cli = path.resolve(import.meta.dirname, '../../dist/cli.js');

describe('the command line as a process', function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-process-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };

  describe('whose reader has seen enough', () => {
    for (const args of [['posture', '--list', '--format', 'json'], ['posture', '--list'], ['--help']]) {
      it(`ends quietly: ${args.join(' ')}`, async () => {
        // the pipe is closed before anything is written: the first write fails
        const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
        child.stdout.destroy();
        let stderr = '';
        child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
        const code = await new Promise((resolve) => child.once('close', resolve));
        assert.deepEqual([code, stderr], [0, '']);
      });
    }

    it('ends quietly in a shell, however much there was to come', () => {
      const long = Array.from({ length: 20_000 }, (_, i) => `0.${i}.0\t0.${i + 1}.0`).join('\n');
      const pairs = file('pairs', long);
      const script = `"${process.execPath}" "${cli}" versions npm --stdin <"${pairs}" | head -n 1`;
      const { stdout, stderr, status } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
      assert.deepEqual([stdout, stderr, status], ['<\n', '', 0]);
    });
  });

  describe('that is interrupted', () => {
    let silent: Server;
    before(async () => {
      silent = createServer(() => undefined); // takes connections and says nothing
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    });
    after(() => silent.close());

    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      it(`ends with 130 while it waits for a registry: ${signal}`, async () => {
        const { port } = silent.address() as AddressInfo;
        const args = [cli, 'image', `127.0.0.1:${port}/app:1`, '--data', path.join(folder, 'data')];
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
        await new Promise((resolve) => silent.once('connection', resolve));
        const ended = new Promise((resolve) => child.once('close', (code, by) => resolve([code, by])));
        child.kill(signal);
        assert.deepEqual(await ended, [130, null]);
        assert.equal(output, '');
      });
    }

    it('ends with 130 while it waits for input', async () => {
      const child = spawn(process.execPath, [cli, 'posture', '--stdin'], { stdio: ['pipe', 'pipe', 'pipe'] });
      const ended = new Promise((resolve) => child.once('close', resolve));
      try {
        child.stdin.write('nonsense\n');
        await new Promise((resolve) => child.stdout.once('data', resolve));
        child.kill('SIGINT');
        assert.equal(await Promise.race([ended, sleep(10_000, 'still waiting', { ref: false })]), 130);
      } finally {
        child.kill('SIGKILL');
      }
    });
  });

  describe('under a Node that is too old', () => {
    const refusal = (version: string): RegExp =>
      new RegExp(`^plimsoll: Node ${version.replaceAll('.', '\\.')} is too old; install Node 22\\.15 or newer\\.\\n$`);

    it('says so and ends with 2', () => {
      const disguise = file(
        'disguise.cjs',
        `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.14.0' } });`,
      );
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', disguise, cli, 'image', '--help'], {
        encoding: 'utf8',
      });
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, refusal('22.14.0'));
    });

    it('can still be read by the old ones that are installed', () => {
      for (const program of nodesInPath()) {
        const version = execFileSync(program, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
        const { status, stdout, stderr } = spawnSync(program, [cli, '--help'], { encoding: 'utf8' });
        const [major = 0, minor = 0] = version.split('.').map(Number);
        if (major > 22 || (major === 22 && minor >= 15)) assert.deepEqual([status, stderr], [0, ''], program);
        else {
          assert.deepEqual([status, stdout], [2, ''], program);
          assert.match(stderr, refusal(version));
        }
      }
    });
  });

  it('writes SARIF of Dockerfiles that its schema accepts', () => {
    const dockerfile = file('Dockerfile with space', 'FROM debian as base\nRUN apt-get install curl\n');
    const { status, stdout } = spawnSync(process.execPath, [cli, 'dockerfile', dockerfile, '--format', 'sarif'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0);
    const sarif = JSON.parse(stdout) as {
      runs: [
        {
          tool: { driver: { rules: { id: string }[] } };
          results: {
            ruleId: string;
            ruleIndex: number;
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: string };
                  region: { startLine: number; startColumn: number };
                };
              },
            ];
          }[];
        },
      ];
    };
    assert.deepEqual(schemaProblems('sarif-2.1.0', sarif), []);
    const [{ results, tool }] = sarif.runs;
    const cased = results.find(({ ruleId }) => ruleId === 'df-as-cased-like-from');
    assert.equal(tool.driver.rules[cased?.ruleIndex ?? -1]?.id, 'df-as-cased-like-from');
    const place = cased?.locations[0].physicalLocation;
    assert.deepEqual([place?.region.startLine, place?.region.startColumn], [1, 13]);
    assert.match(place?.artifactLocation.uri ?? '', /Dockerfile%20with%20space$/);
  });

  it('refuses a document that is no SARIF: the schema is really asked', () => {
    assert.match(schemaProblems('sarif-2.1.0', { version: '2.1.0' }).join(), /runs/);
  });
});

/** Every `node` that a person could start here. */
function nodesInPath(): string[] {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/usr/local/bin'];
  const found = folders
    .map((folder) => path.join(folder, name))
    .filter((each) => {
      try {
        accessSync(each, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  return [...new Set(found)];
}
