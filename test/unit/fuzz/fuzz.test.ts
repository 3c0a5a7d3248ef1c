import assert from 'node:assert/strict';
import { BadInputError } from '../../../src/core/errors.ts';
import { fuzz } from '../../fuzz/fuzz.ts';
import { type FuzzTarget, textSeeds } from '../../fuzz/target.ts';
import { targets } from '../../fuzz/targets/index.ts';

const shortSeed = 20_261_122;

describe('fuzzing', () => {
  const inputsOf = async (seed: number): Promise<string[]> => {
    const inputs: string[] = [];
    const target: FuzzTarget = {
      name: 'all',
      seeds: () => textSeeds(['seed', 'another']),
      dictionary: ['WORD'],
      mostBytes: 64,
      run: (input) => {
        inputs.push(Buffer.from(input).toString('hex'));
        return String(input[0]);
      },
    };
    await fuzz(target, { executions: 500, seed });
    return inputs;
  };

  it('tries the same inputs for the same seed, others for another, and the seeds first', async () => {
    const first = await inputsOf(1);
    assert.deepEqual(first.slice(0, 2), [Buffer.from('seed').toString('hex'), Buffer.from('another').toString('hex')]);
    assert.deepEqual(await inputsOf(1), first);
    assert.notDeepEqual(await inputsOf(2), first);
    assert.ok(new Set(first).size > 300);
    assert.ok(first.every((hex) => hex.length <= 128));
    assert.ok(first.some((hex) => hex.includes(Buffer.from('WORD').toString('hex'))));
  });

  it('finds what throws, and shortens its input', async () => {
    const target: FuzzTarget = {
      name: 'throws',
      seeds: () => textSeeds(['aaaaaaaaaaaaaaaaaaaa']),
      run: (input) => {
        if (input.includes(0)) throw new TypeError('no zero expected');
        return undefined;
      },
    };
    const { failure, executions } = await fuzz(target, { executions: 10_000, seed: 1 });
    assert.match(failure?.reason ?? '', /no zero expected/);
    assert.deepEqual([...(failure?.input ?? [])], [0]);
    assert.equal(failure?.execution, executions);
    assert.ok(failure.stack?.includes('fuzz.test.ts'));
  });

  it('finds what a promise throws, and what takes too long', async () => {
    const rejects: FuzzTarget = {
      name: 'rejects',
      seeds: () => textSeeds(['x']),
      run: () => Promise.reject(new Error('later')),
    };
    assert.match((await fuzz(rejects, { executions: 1, seed: 1 })).failure?.reason ?? '', /later/);
    const slow: FuzzTarget = {
      name: 'slow',
      seeds: () => textSeeds(['x']),
      limitMs: 5,
      run: () => new Promise((resolve) => setTimeout(() => resolve(undefined), 20)),
    };
    assert.match(
      (await fuzz(slow, { executions: 1, seed: 1 })).failure?.reason ?? '',
      /^took \d+ ms; the limit is 5 ms$/,
    );
  });

  it('takes declared errors for an answer', async () => {
    const target: FuzzTarget = {
      name: 'refuses',
      seeds: () => textSeeds(['x']),
      run: () => {
        throw new BadInputError('Not today', 'Come back.');
      },
    };
    const report = await fuzz(target, { executions: 50, seed: 1 });
    assert.deepEqual([report.executions, report.refused, report.failure], [50, 50, undefined]);
  });

  it('goes on from inputs that took a new way', async () => {
    // Reached one letter after another only.
    const target: FuzzTarget = {
      name: 'deep',
      seeds: () => textSeeds(['....']),
      mostBytes: 8,
      run: (input) => {
        const text = Buffer.from(input).toString('latin1');
        let depth = 0;
        while (depth < 4 && text[depth] === 'deep'[depth]) depth++;
        assert.ok(depth < 3, 'there');
        return String(depth);
      },
    };
    assert.match((await fuzz(target, { executions: 200_000, seed: 3 })).failure?.reason ?? '', /there/);
  });
});

describe('fuzz targets', () => {
  it('are sorted by a unique name, and have seeds', async () => {
    const names = targets.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)].sort());
    for (const target of targets) {
      assert.match(target.name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.ok((await target.seeds()).length > 0, target.name);
    }
  });

  for (const target of targets) {
    it(`${target.name}: nothing but declared errors, within its time`, async function () {
      this.timeout(60_000);
      const executions = target.shortRun ?? 1_000;
      const { failure } = await fuzz(target, { executions, seed: shortSeed });
      const input = failure && Buffer.from(failure.input).toString('base64');
      assert.equal(failure, undefined, `${failure?.stack ?? failure?.reason ?? ''} ${input ?? ''}`);
    });
  }
});
