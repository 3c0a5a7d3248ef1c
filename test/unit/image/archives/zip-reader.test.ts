import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LimitExceededError } from '../../../../src/core/errors.ts';
import { ZipReader, type ZipBudget, type ZipMember } from '../../../../src/image/archives/zip-reader.ts';
import { zip, type ZipInput, type ZipOptions } from '../../../support/zip.ts';

interface Seen {
  readonly members: string[];
  /** Contents of members that the directory names. */
  readonly contents: Record<string, string>;
  readonly problems: string[];
  inflatedBytes: number;
}

/** Reads an archive in pieces of `step` bytes; members that end with `.txt` are wanted. */
async function read(archive: Buffer, step = archive.length, most = Infinity): Promise<Seen> {
  const seen: Seen = { members: [], contents: {}, problems: [], inflatedBytes: 0 };
  const found: [ZipMember, string][] = [];
  let isListed = (_: ZipMember): boolean => true;
  const budget: ZipBudget = {
    inflated(bytes) {
      seen.inflatedBytes += bytes;
    },
    member() {
      if (seen.members.length >= most) throw new LimitExceededError('too many', '');
    },
    pause: () => Promise.resolve(),
  };
  const reader = new ZipReader(
    {
      member(member) {
        seen.members.push(member.name);
        return member.name.endsWith('.txt') ? 'content' : undefined;
      },
      isOfInterest: (name) => name.endsWith('.txt'),
      content: (member, bytes) => found.push([member, bytes.toString('latin1')]),
      problem: (reason) => seen.problems.push(reason),
      directory: (listed) => (isListed = listed),
    },
    budget,
  );
  for (let at = 0; at < archive.length; at += Math.max(1, step)) await reader.write(archive.subarray(at, at + step));
  await reader.end();
  for (const [member, content] of found) if (isListed(member)) seen.contents[member.name] = content;
  return seen;
}

describe('reading a zip archive as it passes by', () => {
  it('gives what is wanted and steps over the rest', async () => {
    const seen = await read(
      zip([
        { name: 'a.txt', content: 'one' },
        { name: 'b.bin', content: 'x'.repeat(9999) },
        { name: 'c.txt', content: '', stored: true },
      ]),
    );
    assert.deepEqual(seen, {
      members: ['a.txt', 'b.bin', 'c.txt'],
      contents: { 'a.txt': 'one', 'c.txt': '' },
      problems: [],
      inflatedBytes: 3,
    });
  });

  it('gives the same for every way to write an archive and every way to cut it', async () => {
    const member = fc.record(
      {
        name: fc.stringMatching(/^[a-z]{1,8}(\.txt|\.bin)$/),
        content: fc.oneof(
          fc.string({ maxLength: 200 }).map((text) => Buffer.from(text)),
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
          // What looks like records of an archive.
          fc
            .constantFrom('PK\u0003\u0004', 'PK\u0007\b', 'PK\u0001\u0002xx', 'PKPKPK')
            .map((text) => Buffer.from(text.repeat(20))),
        ),
        stored: fc.boolean(),
        descriptor: fc.constantFrom('signed', 'bare', 'wide'),
        zip64: fc.boolean(),
      },
      { requiredKeys: ['name', 'content'] },
    );
    const options = fc.record({
      prefix: fc.string({ maxLength: 50 }),
      counted: fc.boolean(),
      comment: fc.string({ maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(member, { maxLength: 6, minLength: 1, selector: ({ name }) => name }),
        options,
        fc.integer({ min: 1, max: 300 }),
        async (members, around, step) => {
          fc.pre(!around.prefix.includes('PK'));
          const inputs = members.map(({ zip64, descriptor, ...rest }): ZipInput => ({
            ...rest,
            ...(descriptor === undefined ? (zip64 === true ? { zip64 } : {}) : { descriptor }),
          }));
          const archive = zip(inputs, around satisfies ZipOptions);
          const seen = await read(archive, step);
          assert.deepEqual(seen.problems, []);
          assert.deepEqual(
            seen.members,
            members.map(({ name }) => name),
          );
          const wanted = members.filter(({ name }) => name.endsWith('.txt'));
          assert.deepEqual(
            seen.contents,
            Object.fromEntries(wanted.map(({ name, content }) => [name, content.toString('latin1')])),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('says what it cannot read of what is wanted', async () => {
    const { problems, contents } = await read(
      zip([
        { name: 'locked.txt', content: 'x', encrypted: true },
        { name: 'odd.txt', content: 'x', method: 93 },
        { name: 'bad.txt', raw: Buffer.from('ffffffffffff', 'hex') },
        { name: 'locked.bin', content: 'x', encrypted: true },
        { name: 'good.txt', content: 'good' },
      ]),
    );
    assert.deepEqual(problems, [
      '"locked.txt" is encrypted',
      '"odd.txt" is compressed in an unknown way',
      '"bad.txt" cannot be unpacked',
    ]);
    assert.deepEqual(contents, { 'good.txt': 'good' });
  });

  it('gives the beginning of a large member', async () => {
    const text = Array.from({ length: 60_000 }, (_, i) => i.toString(36)).join(' ');
    const { contents, problems } = await read(zip([{ name: 'large.txt', content: text }]), 5000);
    assert.deepEqual(problems, []);
    const beginning = contents['large.txt'] ?? '';
    assert.ok(beginning.length > 10_000 && beginning.length <= 256 * 1024, `${beginning.length} characters`);
    assert.ok(text.startsWith(beginning));
  });

  it('hands on what the budget throws', async () => {
    const archive = zip(Array.from({ length: 20 }, (_, i) => ({ name: `${i}.bin` })));
    await assert.rejects(read(archive, 10, 5), LimitExceededError);
  });

  it('tells an end before its time, and what is no archive', async () => {
    const archive = zip([{ name: 'a.txt', content: 'one' }], { cut: true });
    assert.deepEqual((await read(archive)).problems, ['the archive ends early']);
    assert.deepEqual((await read(archive)).contents, { 'a.txt': 'one' });
    assert.deepEqual((await read(Buffer.alloc(0))).problems, ['it is no zip archive']);
    assert.deepEqual((await read(zip([]))).problems, []);
  });
});
