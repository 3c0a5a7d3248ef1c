import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { at, parseJson, textOf, type Json } from '../../lab/json.ts';
import { startLab } from '../../lab/main.ts';

const main = path.resolve(import.meta.dirname, '../../lab/main.ts');

describe('lab: as a process', () => {
  let cacheDir: string;
  const children: ChildProcess[] = [];
  before(async () => {
    cacheDir = await mkdtemp(path.join(os.tmpdir(), 'plimsoll-test-'));
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(cacheDir, { recursive: true, force: true });
  });

  const start = async (): Promise<{ readonly child: ChildProcess; readonly handle: Json }> => {
    const child = spawn(process.execPath, [main, '--specimens', '--cache-dir', cacheDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      const handle = parseJson(line);
      assert.ok(handle !== undefined, line);
      return { child, handle };
    }
    throw new Error('The lab printed nothing.');
  };
  const exit = (child: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  /** Command lines of running registries that were configured in this folder. */
  const registriesOf = (folder: string): string[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
      .flatMap((name) => {
        try {
          return [readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')];
        } catch {
          return []; // gone meanwhile
        }
      })
      .filter((line) => /docker-registry serve/.test(line) && line.includes(folder));

  it('prints its handle as one line and ends cleanly when told to', async () => {
    const { child, handle } = await start();
    assert.match(textOf(at(handle, 'customCloud', 'authorityHost')) ?? '', /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(at(handle, 'env', 'AZURE_TENANT_ID'), at(handle, 'credentials', 'tenantId'));
    const caFile = textOf(at(handle, 'caFile')) ?? '';
    assert.equal(readFileSync(caFile, 'utf8'), at(handle, 'caPem'));
    const cloud = parseJson(readFileSync(textOf(at(handle, 'env', 'PLIMSOLL_LAB_CLOUD')) ?? '', 'utf8'));
    assert.deepEqual(cloud, at(handle, 'customCloud'));
    const ended = exit(child);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.equal(existsSync(caFile), false);
    assert.deepEqual(
      (await readdir(cacheDir)).filter((name) => name.startsWith('run-')),
      [],
    );
  });

  it('leaves no registry behind, even when it is killed', async function () {
    if (process.platform !== 'linux') this.skip(); // looks into /proc
    const { child, handle } = await start();
    const folder = path.dirname(textOf(at(handle, 'caFile')) ?? '');
    if (at(handle, 'registryKind') === 'docker-registry') assert.equal(registriesOf(folder).length >= 3, true);
    const ended = exit(child);
    child.kill('SIGKILL');
    await ended;
    for (let attempt = 0; attempt < 100 && registriesOf(folder).length > 0; attempt += 1) await sleep(20);
    assert.deepEqual(registriesOf(folder), []);
    // a killed process cannot tidy up; the next one does
    assert.equal((await readdir(cacheDir)).filter((name) => name.startsWith('run-')).length, 1);
    const next = await startLab({ images: 'specimens', cacheDir });
    await next.stop();
    assert.deepEqual(
      (await readdir(cacheDir)).filter((name) => name.startsWith('run-')),
      [],
    );
    assert.equal(existsSync(folder), false);
  });

  it('stops twice without harm, and answers nobody afterwards', async () => {
    const lab = await startLab({ images: 'specimens', cacheDir });
    await lab.stop();
    await lab.stop();
    assert.equal(existsSync(lab.caFile), false);
  });
});
