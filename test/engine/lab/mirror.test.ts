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
    await mkdir(path.join(folder, 'Azure Linux'));
    await writeFile(path.join(folder, 'Azure Linux', 'all.zip'), 'PK');
    await writeFile(path.join(folder, 'ecosystems.txt'), 'Azure Linux\n');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const ask = async (
    target: string,
    headers: Record<string, string> = {},
    method = 'GET',
    query = '',
  ): Promise<Reply> => {
    const exchange: Exchange = {
      role: 'mirror',
      method,
      path: target,
      query: new URLSearchParams(query),
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
    const reply = await ask('/Azure%20Linux/all.zip');
    assert.equal(reply.status, 200);
    assert.equal(reply.headers?.['content-type'], 'application/zip');
    assert.equal(reply.file?.length, 2);
  });

  it('answers 304 as long as the content is the same', async () => {
    const etag = String((await ask('/ecosystems.txt')).headers?.['etag']);
    assert.equal((await ask('/ecosystems.txt', { 'if-none-match': etag })).status, 304);
    await writeFile(path.join(folder, 'ecosystems.txt'), 'Azure Linux\nnpm\n');
    assert.equal((await ask('/ecosystems.txt', { 'if-none-match': etag })).status, 200);
  });

  it('stays in its folder', async () => {
    for (const target of [
      '/../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/nothing.json',
      '/%E0%A4%A',
      '/Azure%20Linux',
    ]) {
      assert.equal((await ask(target)).status, 404, target);
    }
  });

  it('notes what no reader has a reason to ask for', async () => {
    violations.length = 0;
    assert.equal((await ask('/Azure%20Linux%3A3/all.zip')).status, 404);
    await ask('/all.zip');
    await ask('/ecosystems.txt', {}, 'GET', 'package=openssl');
    assert.deepEqual(violations, [
      'a folder of a release: /Azure%20Linux%3A3/all.zip',
      'the whole of all ecosystems: /all.zip',
      'a query to the mirror: package=openssl',
    ]);
    violations.length = 0;
  });

  it('notes credentials and writes', async () => {
    await ask('/ecosystems.txt', { authorization: 'Bearer x' });
    assert.equal((await ask('/ecosystems.txt', {}, 'PUT')).status, 405);
    assert.deepEqual(violations, ['credentials sent to the mirror', 'a write to the mirror: PUT']);
  });
});
