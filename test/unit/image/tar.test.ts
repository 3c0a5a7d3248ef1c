import assert from 'node:assert/strict';
import { TarReader, type TarMember } from '../../../src/image/tar.ts';
import { gnuLong, paxHeader, paxRecord, tar, tarMember } from '../../support/tar.ts';

interface Read {
  members: { name: string; kind: TarMember['kind']; size: number; target: string; content?: string }[];
  problems: string[];
}

/** Reads an archive in pieces of `step` bytes and asks for every content. */
function read(archive: Buffer, step = archive.length): Read {
  const result: Read = { members: [], problems: [] };
  const reader = new TarReader({
    member({ name, kind, size, target }) {
      result.members.push({ name, kind, size, target });
      return true;
    },
    content(bytes) {
      const last = result.members.at(-1);
      if (last !== undefined) last.content = bytes.toString('latin1');
    },
    problem: (reason) => result.problems.push(reason),
  });
  for (let at = 0; at < archive.length; at += step) reader.write(archive.subarray(at, at + step));
  reader.end();
  return result;
}

describe('reading a tar archive', () => {
  const everything = tar(
    { name: 'etc/' },
    { name: 'etc/hostname', content: 'box\n' },
    { name: 'bin/sh', type: '2', link: 'dash' },
    { name: 'bin/dash2', type: '1', link: 'bin/dash' },
    { name: 'dev/null', type: '3' },
    { name: 'run/pipe', type: '6' },
    { name: 'old', content: 'x'.repeat(700), format: 'v7' },
  );
  const expected = [
    { name: 'etc/', kind: 'directory', size: 0, target: '' },
    { name: 'etc/hostname', kind: 'file', size: 4, target: '', content: 'box\n' },
    { name: 'bin/sh', kind: 'symlink', size: 0, target: 'dash' },
    { name: 'bin/dash2', kind: 'hardlink', size: 0, target: 'bin/dash' },
    { name: 'dev/null', kind: 'other', size: 0, target: '' },
    { name: 'run/pipe', kind: 'other', size: 0, target: '' },
    { name: 'old', kind: 'file', size: 700, target: '', content: 'x'.repeat(700) },
  ];

  for (const step of [everything.length, 512, 511, 100, 7, 1]) {
    it(`gives the same members when it arrives in pieces of ${step} bytes`, () => {
      assert.deepEqual(read(everything, step), { members: expected, problems: [] });
    });
  }

  it('joins prefix and name of ustar, and leaves the prefix of GNU alone', () => {
    const { members } = read(
      tar(
        { name: 'name', prefix: 'very/long/prefix' },
        { name: 'name', format: 'gnu', tweak: (header) => header.write('14602000000', 345) },
      ),
    );
    assert.deepEqual(
      members.map(({ name }) => name),
      ['very/long/prefix/name', 'name'],
    );
  });

  it('applies an extended header to the next member alone', () => {
    const long = `${'d/'.repeat(120)}file`;
    const { members, problems } = read(
      tar(
        paxHeader({ path: long, 'SCHILY.xattr.user.x': 'y' }),
        { name: 'short', content: 'a' },
        { name: 'next', content: 'b' },
      ),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      members.map(({ name, content }) => [name, content]),
      [
        [long, 'a'],
        ['next', 'b'],
      ],
    );
  });

  it('takes link targets and sizes from extended headers', () => {
    const { members } = read(
      tar(
        paxHeader({ linkpath: 'the/real/target' }),
        { name: 'link', type: '2', link: 'cut' },
        paxHeader({ size: '5' }),
        { name: 'big', content: 'hello', size: 0 },
        { name: 'after', content: 'x' },
      ),
    );
    assert.deepEqual(
      members.map(({ name, target, size, content }) => [name, target, size, content]),
      [
        ['link', 'the/real/target', 0, undefined],
        ['big', '', 5, 'hello'],
        ['after', '', 1, 'x'],
      ],
    );
  });

  it('does not apply global headers, as container runtimes do not', () => {
    const { members } = read(tar(paxHeader({ path: 'elsewhere', comment: 'x' }, 'g'), { name: 'here', content: '1' }));
    assert.deepEqual(
      members.map(({ name }) => name),
      ['here'],
    );
  });

  it('reads GNU long names and long link targets', () => {
    const name = 'n'.repeat(300);
    const target = 't'.repeat(300);
    const { members } = read(
      tar(gnuLong(target, 'K'), gnuLong(name, 'L'), { name: 'cut', type: '2', link: 'cut', format: 'gnu' }),
    );
    assert.deepEqual(members, [{ name, kind: 'symlink', size: 0, target }]);
  });

  it('reads sizes in base 256', () => {
    const { members } = read(
      tar({
        name: 'big',
        content: 'four',
        tweak: (header) => {
          header.fill(0, 124, 136);
          header[124] = 0x80;
          header[135] = 4;
        },
      }),
    );
    assert.equal(members[0]?.content, 'four');
  });

  it('reads names as UTF-8, and as single bytes where they are not', () => {
    const latin = tarMember({ name: 'x', tweak: (header) => header.write('caf\u00e9', 0, 'latin1') });
    const { members } = read(tar({ name: 'café' }, latin));
    assert.deepEqual(
      members.map(({ name }) => name),
      ['café', 'café'],
    );
  });

  it('steps over the map of an old GNU sparse file and over its data', () => {
    const map = Buffer.alloc(512); // a continuation block that says no other follows
    const data = Buffer.alloc(512, 'd');
    const sparse = tarMember({
      name: 'sparse',
      type: 'S',
      size: 512,
      format: 'gnu',
      tweak: (header) => {
        header[482] = 1;
        header.write('00000100000\0', 483);
      },
    });
    const { members, problems } = read(tar(sparse, map, data, { name: 'after', content: 'x' }));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      members.map(({ name, size, content }) => [name, size, content]),
      [
        ['sparse', 32768, undefined],
        ['after', 1, 'x'],
      ],
    );
  });

  it('gives a sparse file of pax its real name and size, and no content', () => {
    const { members } = read(
      tar(
        paxHeader({
          'GNU.sparse.major': '1',
          'GNU.sparse.minor': '0',
          'GNU.sparse.name': 'real',
          'GNU.sparse.realsize': '900',
        }),
        { name: 'GNUSparseFile.1/real', content: 'mapdata' },
        { name: 'after', content: 'x' },
      ),
    );
    assert.deepEqual(
      members.map(({ name, size, content }) => [name, size, content]),
      [
        ['real', 900, undefined],
        ['after', 1, 'x'],
      ],
    );
  });

  it('steps over as many blocks of an old GNU sparse map as say that another follows', () => {
    const more = Buffer.alloc(512);
    more[504] = 1;
    const sparse = tarMember({
      name: 'sparse',
      type: 'S',
      size: 512,
      format: 'gnu',
      tweak: (header) => {
        header[482] = 1;
        header.write('00000100000\0', 483);
      },
    });
    const { members, problems } = read(
      tar(sparse, more, more, Buffer.alloc(512), Buffer.alloc(512, 'd'), { name: 'after', content: 'x' }),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      members.map(({ name, content }) => [name, content]),
      [
        ['sparse', undefined],
        ['after', 'x'],
      ],
    );
  });

  const stored = 'd'.repeat(512);
  const sparseForms: [string, Buffer, string][] = [
    [
      '0.0',
      tarMember({
        name: 'PaxHeaders/x',
        type: 'x',
        content: Buffer.concat(
          [
            ['GNU.sparse.size', '40960'],
            ['GNU.sparse.numblocks', '2'],
            ['GNU.sparse.offset', '0'],
            ['GNU.sparse.numbytes', '256'],
            ['GNU.sparse.offset', '20480'],
            ['GNU.sparse.numbytes', '256'],
          ].map(([key = '', value = '']) => paxRecord(key, Buffer.from(value))),
        ),
      }),
      'real',
    ],
    [
      '0.1',
      paxHeader({
        'GNU.sparse.size': '40960',
        'GNU.sparse.numblocks': '2',
        'GNU.sparse.map': '0,256,20480,256',
        'GNU.sparse.name': 'real',
      }),
      'GNUSparseFile.7/real',
    ],
    [
      '1.0',
      paxHeader({
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.realsize': '40960',
        'GNU.sparse.name': 'real',
      }),
      'GNUSparseFile.7/real',
    ],
  ];
  for (const [version, header, name] of sparseForms) {
    it(`finds the member behind a sparse file of pax ${version}, and knows its size`, () => {
      const { members, problems } = read(tar(header, { name, content: stored }, { name: 'after', content: 'x' }));
      assert.deepEqual(problems, []);
      assert.deepEqual(members, [
        { name: 'real', kind: 'file', size: 40_960, target: '' },
        { name: 'after', kind: 'file', size: 1, target: '', content: 'x' },
      ]);
    });
  }

  it('takes a map of holes alone for a sparse file', () => {
    const { members } = read(tar(paxHeader({ 'GNU.sparse.map': '0,1' }), { name: 'x', content: 'y' }));
    assert.deepEqual(members, [{ name: 'x', kind: 'file', size: 1, target: '' }]);
  });

  it('reads numbers with blanks before them, and extended headers with zeros behind', () => {
    const records = Buffer.concat([paxRecord('path', Buffer.from('long')), Buffer.alloc(7)]);
    const { members, problems } = read(
      tar(tarMember({ name: 'h', type: 'x', content: records }), {
        name: 'short',
        content: 'four',
        tweak: (header) => header.write('          4 ', 124),
      }),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      members.map(({ name, content }) => [name, content]),
      [['long', 'four']],
    );
  });

  for (const type of ['V', 'M', 'D', 'N', 'Z']) {
    it(`steps over a member of the odd type ${type}`, () => {
      const { members } = read(tar({ name: 'odd', type, content: 'data' }, { name: 'after', content: 'x' }));
      assert.deepEqual(
        members.map(({ name, kind }) => [name, kind]),
        [
          ['odd', 'other'],
          ['after', 'file'],
        ],
      );
    });
  }

  it('does not take a size of a link or directory for content', () => {
    const { members } = read(
      tar({ name: 'd/', size: 4096 }, { name: 'l', type: '2', link: 'x', size: 99 }, { name: 'f', content: 'f' }),
    );
    assert.deepEqual(
      members.map(({ name }) => name),
      ['d/', 'l', 'f'],
    );
  });

  it('accepts checksums summed over signed bytes', () => {
    const member = tarMember({ name: 'é' });
    const sum = member
      .subarray(0, 512)
      .reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte > 127 ? byte - 256 : byte), 0);
    member.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    assert.deepEqual(read(tar(member)).problems, []);
  });

  it('ends at two blocks of zeros, and says nothing when they are missing', () => {
    const one = tarMember({ name: 'a', content: 'x' });
    assert.equal(read(Buffer.concat([tar(one), tarMember({ name: 'behind' })])).members.length, 1);
    for (const blocks of [0, 512]) {
      assert.deepEqual(read(Buffer.concat([one, Buffer.alloc(blocks)])), {
        members: [{ name: 'a', kind: 'file', size: 1, target: '', content: 'x' }],
        problems: [],
      });
    }
  });

  it('goes on behind a single block of zeros', () => {
    const archive = Buffer.concat([tarMember({ name: 'a' }), Buffer.alloc(512), tar({ name: 'b' })]);
    assert.deepEqual(
      read(archive).members.map(({ name }) => name),
      ['a', 'b'],
    );
  });

  describe('damage', () => {
    it('is told for an archive that ends inside a file', () => {
      const archive = tar({ name: 'long', content: 'x'.repeat(2000) }).subarray(0, 1200);
      assert.deepEqual(read(archive).problems, ['the archive ends early in or behind "long"']);
    });

    it('is told for an archive that ends inside a header', () => {
      assert.deepEqual(read(tar({ name: 'a' }).subarray(0, 300)).problems, ['the archive ends early']);
    });

    it('is told for something else than an archive', () => {
      const { members, problems } = read(Buffer.alloc(2000, 'not a tar '));
      assert.deepEqual(members, []);
      assert.deepEqual(problems, ['it is no tar archive; the rest of the archive was not read']);
    });

    it('keeps what came before a header with a wrong checksum', () => {
      const { members, problems } = read(tar({ name: 'good' }, { name: 'bad', checksumError: 1 }, { name: 'lost' }));
      assert.deepEqual(
        members.map(({ name }) => name),
        ['good'],
      );
      assert.deepEqual(problems, ['a header has a wrong checksum behind "good"; the rest of the archive was not read']);
    });

    const absurd: [string, Buffer][] = [
      ['a negative size', tarMember({ name: 'n', tweak: (header) => header.fill(0xff, 124, 136) })],
      ['a size beyond 2^53', tarMember({ name: 'n', tweak: (header) => header.fill(0x80, 124, 136) })],
      ['letters as size', tarMember({ name: 'n', tweak: (header) => header.write('zzzzzzzzzzz', 124) })],
      ['an extended header of 3 GB', tarMember({ name: 'n', type: 'x', size: 3 * 1024 ** 3 })],
      ['an extended header without records', tarMember({ name: 'n', type: 'x', content: 'nonsense\n' })],
      ['a record longer than its header', tarMember({ name: 'n', type: 'x', content: '99 path=x\n' })],
      ['a record without end', tarMember({ name: 'n', type: 'x', content: '9 path=xy' })],
      ['a record of no length', tarMember({ name: 'n', type: 'x', content: '0 a=b\n' })],
    ];
    for (const [what, member] of absurd) {
      it(`stops at ${what}`, () => {
        const { members, problems } = read(tar({ name: 'good' }, member, { name: 'lost' }));
        assert.deepEqual(
          members.map(({ name }) => name),
          ['good'],
        );
        assert.equal(problems.length, 1);
      });
    }

    it('stops at an absurd size in an extended header', () => {
      const { problems } = read(tar(paxHeader({ size: '-5' }), { name: 'x' }));
      assert.deepEqual(problems, ['an extended header has an impossible size; the rest of the archive was not read']);
    });
  });

  describe('handing contents on in pieces', () => {
    const archive = tar(
      { name: 'a', content: 'x'.repeat(1300), tweak: (header) => header.write('0000755', 100) },
      { name: 'empty' },
      { name: 'b', content: 'yyy' },
    );

    async function handOn(
      step: number,
      answer: (name: string) => boolean | Promise<boolean>,
    ): Promise<{ got: Record<string, string>; ends: string[]; modes: number[] }> {
      const got: Record<string, string> = {};
      const ends: string[] = [];
      const modes: number[] = [];
      let current = '';
      const reader = new TarReader({
        member({ name, mode }) {
          current = name;
          got[name] = '';
          modes.push(mode);
          return 'pieces';
        },
        content: () => assert.fail('nobody asked for it in one piece'),
        piece(bytes, isLast) {
          got[current] = (got[current] ?? '') + bytes.toString('latin1');
          if (isLast) ends.push(current);
          return answer(current);
        },
        problem: (reason) => assert.fail(reason),
      });
      for (let start = 0; start < archive.length; start += step) {
        const chunk = archive.subarray(start, start + step);
        for (let at = 0; at < chunk.length;) {
          at = reader.write(chunk, at);
          await reader.waiting;
        }
      }
      reader.end();
      return { got, ends, modes };
    }

    const later = (value: boolean): Promise<boolean> => new Promise((resolve) => setImmediate(() => resolve(value)));
    for (const step of [archive.length, 512, 100, 1]) {
      it(`gives all of them, at once or in its own time, in chunks of ${step} bytes`, async () => {
        for (const answer of [(): boolean => true, (): Promise<boolean> => later(true)]) {
          assert.deepEqual(await handOn(step, answer), {
            got: { a: 'x'.repeat(1300), empty: '', b: 'yyy' },
            ends: ['a', 'empty', 'b'],
            modes: [0o755, 0o644, 0o644],
          });
        }
      });
    }

    it('steps over the rest of one that is not what was looked for', async () => {
      for (const answer of [
        (name: string): boolean => name !== 'a',
        (name: string): Promise<boolean> => later(name !== 'a'),
      ]) {
        const { got, ends } = await handOn(600, answer);
        assert.deepEqual(got, { a: 'x'.repeat(88), empty: '', b: 'yyy' });
        assert.deepEqual(ends, ['empty', 'b']);
      }
    });
  });

  it('tells where contents begin, for archives that can be read anywhere', () => {
    const offsets: [string, number][] = [];
    const archive = tar({ name: 'a', content: 'x'.repeat(10_000) }, { name: 'b', content: 'yy' });
    const reader = new TarReader({
      member({ name, offset }) {
        offsets.push([name, offset]);
        return false;
      },
      content: () => assert.fail('nobody asked for content'),
      problem: (reason) => assert.fail(reason),
    });
    let at = 0;
    let pieces = 0;
    while (at < archive.length && !reader.isFinished) {
      const piece = archive.subarray(at, at + 700);
      reader.write(piece);
      at += piece.length + reader.stepOver();
      pieces++;
    }
    assert.deepEqual(offsets, [
      ['a', 512],
      ['b', 512 + 10_240 + 512],
    ]);
    assert.ok(pieces < 6);
  });

  it('keeps an equals sign in a value and takes back an empty one', () => {
    const content = Buffer.concat([paxRecord('path', Buffer.from('a=b')), paxRecord('linkpath', Buffer.from(''))]);
    const { members } = read(tar(tarMember({ name: 'h', type: 'x', content }), { name: 'x', type: '2', link: 'own' }));
    assert.deepEqual(members, [{ name: 'a=b', kind: 'symlink', size: 0, target: 'own' }]);
  });
});
