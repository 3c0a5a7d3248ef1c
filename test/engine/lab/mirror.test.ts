import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { mirror } from '../../lab/mirror.ts';
import type { Exchange, Reply } from '../../lab/origin.ts';

describe('lab: mirror', () => {
  let folder: string;
  const violations: string[] = [];
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'plimsoll-test-'));
    await mkdir(path.join(folder, 'Alpine:v3.20'));
    await writeFile(path.join(folder, 'Alpine:v3.20', 'all.zip'), 'PK');
    await writeFile(path.join(folder, 'ecosystems.txt'), 'Alpine:v3.20\n');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const ask = async (target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> => {
    const exchange: Exchange = {
      role: 'mirror',
      method,
      path: target,
      query: new URLSearchParams(),
      headers,
      body: '',
      origin: 'https://127.0.0.1:1',
      host: '127.0.0.1:1',
      faults: [],
      violation: (reason) => violations.push(reason),
    };
    return mirror(folder)(exchange);
  };

  it('serves files with the encoded names of ecosystems', async () => {
    const reply = await ask('/Alpine%3Av3.20/all.zip');
    assert.equal(reply.status, 200);
    assert.equal(reply.headers?.['content-type'], 'application/zip');
    assert.equal(reply.file?.length, 2);
  });

  it('answers 304 as long as the content is the same', async () => {
    const etag = String((await ask('/ecosystems.txt')).headers?.['etag']);
    assert.equal((await ask('/ecosystems.txt', { 'if-none-match': etag })).status, 304);
    await writeFile(path.join(folder, 'ecosystems.txt'), 'Alpine:v3.20\nnpm\n');
    assert.equal((await ask('/ecosystems.txt', { 'if-none-match': etag })).status, 200);
  });

  it('stays in its folder', async () => {
    for (const target of [
      '/../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/nothing.json',
      '/%E0%A4%A',
      '/Alpine%3Av3.20',
    ]) {
      assert.equal((await ask(target)).status, 404, target);
    }
  });

  it('notes credentials and writes', async () => {
    await ask('/ecosystems.txt', { authorization: 'Bearer x' });
    assert.equal((await ask('/ecosystems.txt', {}, 'PUT')).status, 405);
    assert.deepEqual(violations, ['credentials sent to the mirror', 'a write to the mirror: PUT']);
  });
});
