import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { writeFileAtomically } from '../../../src/core/atomic-file.ts';
import { abandonOnAbort, mapAll, mapConcurrently, sleep } from '../../../src/core/concurrency.ts';
import {
  BadInputError,
  DamagedError,
  LimitExceededError,
  describeError,
  isAbort,
  isEngineError,
} from '../../../src/core/errors.ts';
import { parseJson } from '../../../src/core/json.ts';
import { Redactor, createLog } from '../../../src/core/log.ts';
import { compareText } from '../../../src/core/order.ts';
import { severityRank } from '../../../src/core/severity.ts';

const signal = new AbortController().signal;

describe('the log', () => {
  const secret = 'Mark3r~S3cret/+value"';
  const lines: string[] = [];
  const redactor = new Redactor();
  redactor.register(secret);
  const log = createLog((level, line) => lines.push(`${level} ${line}`), redactor);

  it('holds a secret in none of its forms', () => {
    const bytes = Buffer.from(secret);
    const forms = [
      secret,
      encodeURIComponent(secret),
      bytes.toString('base64'),
      bytes.toString('base64url'),
      JSON.stringify(secret),
    ];
    lines.length = 0;
    for (const form of forms) {
      log.info('event', { text: `before ${form} after`, nested: { list: [form], error: new Error(form) } });
      log.error('failed', new Error(`broken: ${form}`), { url: `https://host.example/?q=${form}` });
    }
    assert.equal(lines.length, 10);
    for (const form of forms) for (const line of lines) assert.ok(!line.includes(form), line);
  });

  it('masks fields and headers by name', () => {
    lines.length = 0;
    log.debug('event', {
      Authorization: 'x1',
      'set-cookie': 'x2',
      clientSecret: 'x3',
      access_token: 'x4',
      kubeconfig: { a: 'x5' },
      hasSecret: true,
      user: 'me',
    });
    assert.doesNotMatch(lines[0] ?? '', /x\d/);
    assert.match(lines[0] ?? '', /"user":"me"/);
    assert.match(lines[0] ?? '', /"hasSecret":true/);
  });

  it('masks tokens by shape, and what URLs carry', () => {
    const text = redactor.text(
      'Bearer abcdefghijkl eyJhbGciOiJub25l.eyJhIjoxfQ.sig https://user:pass@host.example/p?sig=abc&api-version=1&x=y',
    );
    assert.doesNotMatch(text, /abcdefghijkl|eyJh|pass|abc|=y/);
    assert.match(text, /api-version=1/);
  });
});

describe('JSON from outside', () => {
  it('is bounded in length and depth', () => {
    assert.deepEqual(parseJson('\uFEFF{"a":"[[["}', 'x', { maxDepth: 1 }), { a: '[[[' });
    assert.throws(() => parseJson('[[1]]', 'x', { maxDepth: 1 }), LimitExceededError);
    assert.throws(() => parseJson('[1,2]', 'x', { maxChars: 3 }), LimitExceededError);
    assert.throws(() => parseJson('{', 'x'), DamagedError);
    assert.throws(() => parseJson('['.repeat(100_000), 'x'), LimitExceededError);
  });
});

describe('concurrency', () => {
  it('runs no more than the limit at a time, and keeps the order of a list', async () => {
    let running = 0;
    let most = 0;
    const out = await mapAll([5, 1, 3, 2, 4], 2, signal, async (n) => {
      most = Math.max(most, ++running);
      await sleep(n, signal);
      running--;
      return n * 10;
    });
    assert.deepEqual(out, [50, 10, 30, 20, 40]);
    assert.equal(most, 2);
  });

  it('starts nothing after an abort, and ends with the first error', async () => {
    const stopper = new AbortController();
    let started = 0;
    await assert.rejects(
      mapAll([1, 2, 3, 4], 1, stopper.signal, () => {
        started++;
        stopper.abort();
        return Promise.resolve(0);
      }),
      { name: 'AbortError' },
    );
    assert.equal(started, 1);
    const all = mapConcurrently([1, 2], 2, signal, (n) =>
      n === 1 ? Promise.reject(new Error('one')) : sleep(1, signal),
    );
    await assert.rejects(all.next(), /one/);
  });

  it('wakes sleepers and leaves deaf calls behind when told to stop', async () => {
    await assert.rejects(sleep(10_000, AbortSignal.timeout(5)), { name: 'TimeoutError' });
    await assert.rejects(sleep(1, AbortSignal.abort()), { name: 'AbortError' });
    await assert.rejects(abandonOnAbort(new Promise(() => undefined), AbortSignal.timeout(5)), {
      name: 'TimeoutError',
    });
    assert.equal(await abandonOnAbort(Promise.resolve(7), signal), 7);
  });
});

describe('a file written atomically', () => {
  it('is the old or the new one, and nothing else stays', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'atomic-test-'));
    try {
      const file = path.join(folder, 'deep', 'a.txt');
      await Promise.all(['one', 'two', 'three'].map((text) => writeFileAtomically(file, text)));
      assert.match(readFileSync(file, 'utf8'), /^(one|two|three)$/);
      assert.deepEqual(readdirSync(path.dirname(file)), ['a.txt']);
      await assert.rejects(writeFileAtomically(path.join(file, 'below'), 'x'));
      assert.deepEqual(readdirSync(path.dirname(file)), ['a.txt']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('errors', () => {
  it('are told from defects, also those of another bundle', () => {
    const error = new BadInputError('Bad', 'Do this.');
    assert.deepEqual(describeError(error), { code: 'bad-input', message: 'Bad', nextStep: 'Do this.' });
    assert.equal(isEngineError(Object.assign(new Error('x'), { code: 'throttled', nextStep: 'y' })), true);
    assert.equal(isEngineError(Object.assign(new Error('x'), { code: 'ENOENT', nextStep: 'y' })), false);
    assert.equal(describeError('text').code, 'defect');
    assert.equal(isAbort(new DOMException('x', 'AbortError')), true);
    assert.equal(isAbort(new Error('x'), AbortSignal.abort()), true);
    assert.equal(isAbort(error, signal), false);
  });
});

describe('orders', () => {
  it('do not depend on the locale', () => {
    assert.deepEqual(['b', 'ä', 'a', 'B'].sort(compareText), ['B', 'a', 'b', 'ä']);
    assert.equal(compareText('a', 'a'), 0);
    assert.ok(severityRank('critical') > severityRank('high') && severityRank('info') === 0);
  });
});
