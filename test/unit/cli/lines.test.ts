import assert from 'node:assert/strict';
import { readLines } from '../../../src/cli/lines.ts';

async function linesOf(...chunks: readonly (string | Uint8Array)[]): Promise<string[]> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      await Promise.resolve();
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
  }
  const lines: string[] = [];
  for await (const line of readLines(stream())) lines.push(line);
  return lines;
}

describe('lines of standard input', () => {
  it('end with a line feed, the last one also without', async () => {
    assert.deepEqual(await linesOf('a\nb\n'), ['a', 'b']);
    assert.deepEqual(await linesOf('a\nb'), ['a', 'b']);
    assert.deepEqual(await linesOf(''), []);
    assert.deepEqual(await linesOf('\n'), ['']);
  });

  it('keep those that are empty', async () => assert.deepEqual(await linesOf('\n\na\n\n'), ['', '', 'a', '']));

  it('may lie across chunks, and a letter may as well', async () => {
    assert.deepEqual(await linesOf('a', 'b', '\nc', '\n', 'd'), ['ab', 'c', 'd']);
    assert.deepEqual(await linesOf(Uint8Array.of(0x61, 0xc3), Uint8Array.of(0xa9, 0x0a)), ['aé']);
  });

  it('lose a carriage return at their end, and no other', async () => {
    assert.deepEqual(await linesOf('a\r\nb\r', '\nc\rd\r\n'), ['a', 'b', 'c\rd']);
  });

  it('are not parted by the separators of Unicode, which JSON has unescaped', async () => {
    assert.deepEqual(await linesOf('a\u2028b\u2029c\u0085d\n'), ['a\u2028b\u2029c\u0085d']);
  });

  it('may be long without becoming slow', async () => {
    const started = performance.now();
    const chunk = 'x'.repeat(65_536);
    const [line = ''] = await linesOf(...Array.from({ length: 500 }, () => chunk), '\n');
    assert.equal(line.length, 500 * 65_536);
    assert.ok(performance.now() - started < 5_000);
  });
});
