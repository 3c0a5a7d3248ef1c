import assert from 'node:assert/strict';
import { FileTree, type FileTreeOptions } from '../../../src/image/file-tree.ts';
import type { LayerContent, LayerEntry } from '../../../src/image/types.ts';

const signal = new AbortController().signal;

const file = (path: string, content?: string): LayerEntry => ({
  path,
  kind: 'file',
  size: content?.length ?? 1,
  ...(content === undefined ? {} : { content: Buffer.from(content) }),
});
const directory = (path: string): LayerEntry => ({ path, kind: 'directory', size: 0 });
const symlink = (path: string, target: string): LayerEntry => ({ path, kind: 'symlink', size: 0, target });
const hardlink = (path: string, target: string): LayerEntry => ({ path, kind: 'hardlink', size: 0, target });
const whiteout = (path: string): LayerEntry => ({ path, kind: 'whiteout', size: 0 });
const opaque = (path: string): LayerEntry => ({ path, kind: 'opaque', size: 0 });

/** Everything that ends in `db` is wanted, and a database. */
const options: FileTreeOptions = {
  keep: (path) => (path.endsWith('db') ? { maxBytes: 1000 } : undefined),
  isDatabase: (path) => path.endsWith('db'),
};

async function stack(...layers: (readonly LayerEntry[])[]): Promise<FileTree> {
  const tree = new FileTree(options);
  for (const [index, entries] of layers.entries()) {
    const layer: LayerContent = { diffId: `sha256:${index}`, entries, problems: [] };
    await tree.apply(layer, index, signal);
  }
  return tree;
}

/** Wanted files as `path: content @layer`. */
async function wanted(tree: FileTree): Promise<string[]> {
  return (await tree.wanted(signal)).map(
    ({ path, content, layer }) => `${path}: ${Buffer.from(content ?? []).toString()} @${layer}`,
  );
}

describe('putting layers on each other', () => {
  it('lets the upper layer win, and the last entry of one layer', async () => {
    const tree = await stack([file('a.db', 'one'), file('b.db', 'x'), file('b.db', 'y')], [file('a.db', 'two')]);
    assert.deepEqual(await wanted(tree), ['a.db: two @1', 'b.db: y @0']);
  });

  describe('whiteouts', () => {
    it('remove a file of a lower layer', async () => {
      const tree = await stack([file('etc/x.db', '1'), file('etc/y.db', '2')], [whiteout('etc/x.db')]);
      assert.deepEqual(await wanted(tree), ['etc/y.db: 2 @0']);
      assert.equal(tree.has('etc/x.db'), false);
    });

    it('remove a whole tree', async () => {
      const tree = await stack([file('opt/a/b/x.db', '1')], [whiteout('opt/a')]);
      assert.deepEqual(await wanted(tree), []);
      assert.equal(tree.has('opt'), true);
      assert.equal(tree.has('opt/a'), false);
    });

    it('leave entries of their own layer alone, whatever the order', async () => {
      for (const upper of [
        [whiteout('d'), file('d/new.db', 'n')],
        [file('d/new.db', 'n'), whiteout('d')],
      ]) {
        assert.deepEqual(await wanted(await stack([file('d/old.db', 'o')], upper)), ['d/new.db: n @1']);
      }
    });

    it('hide all of a directory when they are opaque, but nothing of their own layer', async () => {
      const tree = await stack(
        [file('d/old.db', 'o'), file('d/sub/old.db', 'o'), file('e.db', 'e')],
        [file('d/new.db', 'n'), opaque('d')],
      );
      assert.deepEqual(await wanted(tree), ['d/new.db: n @1', 'e.db: e @0']);
    });

    it('of the root hide everything below', async () => {
      assert.deepEqual(await wanted(await stack([file('a.db', '1')], [opaque(''), file('b.db', '2')])), ['b.db: 2 @1']);
    });

    it('of nothing do nothing', async () => {
      assert.deepEqual(await wanted(await stack([file('a.db', '1')], [whiteout('x/y'), opaque('z'), opaque('a.db')])), [
        'a.db: 1 @0',
      ]);
    });

    it('reach through a symbolic link on the way', async () => {
      const tree = await stack([file('usr/lib/x.db', '1'), symlink('lib', 'usr/lib')], [whiteout('lib/x.db')]);
      assert.deepEqual(await wanted(tree), []);
    });
  });

  describe('kinds that meet', () => {
    it('a file over a directory removes the tree', async () => {
      const tree = await stack([file('d/x.db', '1')], [file('d')]);
      assert.deepEqual(await wanted(tree), []);
    });

    it('a symbolic link over a directory removes the tree', async () => {
      const tree = await stack([file('lib/apk/db', 'old'), file('usr/lib/apk/db', 'new')], [symlink('lib', 'usr/lib')]);
      assert.deepEqual(await wanted(tree), ['usr/lib/apk/db: new @0']);
      assert.equal(tree.realPath('lib/apk/db'), 'usr/lib/apk/db');
    });

    it('a directory over a file replaces it, over a directory joins it', async () => {
      const tree = await stack([file('d'), file('e/x.db', '1')], [directory('d'), file('d/y.db', '2'), directory('e')]);
      assert.deepEqual(await wanted(tree), ['d/y.db: 2 @1', 'e/x.db: 1 @0']);
    });

    it('a directory over a symbolic link replaces it', async () => {
      const tree = await stack(
        [file('store/pkg/db', '1'), symlink('app/pkg', '../store/pkg')],
        [directory('app/pkg'), file('app/pkg/db', '2')],
      );
      assert.deepEqual(await wanted(tree), ['app/pkg/db: 2 @1', 'store/pkg/db: 1 @0']);
    });

    it('a top-level directory over a merged-/usr link lands behind the link', async () => {
      const tree = await stack(
        [file('usr/lib/apk/db', 'old'), symlink('lib', 'usr/lib')],
        [directory('lib'), directory('lib/apk'), file('lib/apk/db', 'new')],
      );
      assert.deepEqual(await wanted(tree), ['usr/lib/apk/db: new @1']);
    });

    it('an entry below a symbolic link lands where the link leads', async () => {
      const tree = await stack([symlink('lib', 'usr/lib'), directory('usr/lib')], [file('lib/apk/db', 'x')]);
      assert.deepEqual(await wanted(tree), ['usr/lib/apk/db: x @1']);
    });

    it('an entry below a dangling link makes the directory that it names', async () => {
      assert.deepEqual(await wanted(await stack([symlink('data', '/mnt/data'), file('data/x.db', '1')])), [
        'mnt/data/x.db: 1 @0',
      ]);
    });
  });

  describe('symbolic links', () => {
    it('are followed inside the root, absolute ones from it', async () => {
      const tree = await stack([
        file('usr/lib/os-release', 'ID=x'),
        symlink('etc/os-release', '../usr/lib/os-release'),
        symlink('etc/abs', '/usr/lib/os-release'),
        symlink('etc/out', '../../../../../usr/lib/os-release'),
      ]);
      for (const path of ['etc/os-release', 'etc/abs', 'etc/out']) {
        assert.equal(tree.realPath(path), 'usr/lib/os-release', path);
        assert.equal(tree.file(path)?.size, 4);
      }
    });

    it('may dangle or turn in circles', async () => {
      const tree = await stack([
        symlink('a', 'b'),
        symlink('b', 'a'),
        symlink('c', 'nowhere'),
        symlink('s', 's/s/s/s'),
      ]);
      for (const path of ['a', 'b', 'c', 's', 's/x']) {
        assert.equal(tree.has(path), false);
        assert.equal(tree.file(path), undefined);
      }
    });

    it('are followed forty times and no more', async () => {
      const chain = (length: number): LayerEntry[] => [
        file('end', 'x'),
        ...Array.from({ length }, (_, i) => symlink(`l${i}`, i === 0 ? 'end' : `l${i - 1}`)),
      ];
      assert.equal((await stack(chain(41))).has('l39'), true);
      assert.equal((await stack(chain(41))).has('l40'), false);
    });

    it('at a wanted path count as a file when they lead to one that is not wanted by itself', async () => {
      const tree = await stack([
        { ...file('blobs/77', 'data') },
        symlink('x.db', 'blobs/77'),
        symlink('y.db', 'z.db'),
        file('z.db', 'z'),
      ]);
      assert.deepEqual(await wanted(tree), ['x.db: data @0', 'z.db: z @0']);
    });
  });

  describe('hard links', () => {
    it('have the content of their target, also when it is removed later', async () => {
      const tree = await stack([file('a.db', '1'), hardlink('b.db', 'a.db')], [whiteout('a.db')]);
      assert.deepEqual(await wanted(tree), ['b.db: 1 @0']);
    });

    it('may come before their target in the archive', async () => {
      assert.deepEqual(await wanted(await stack([hardlink('b.db', './a.db'), file('a.db', '1')])), [
        'a.db: 1 @0',
        'b.db: 1 @0',
      ]);
    });

    it('may lead to a lower layer and belong to the layer that made them', async () => {
      assert.deepEqual(await wanted(await stack([file('a.db', '1')], [hardlink('b.db', 'a.db')])), [
        'a.db: 1 @0',
        'b.db: 1 @1',
      ]);
    });

    it('without a target are a problem where they are wanted', async () => {
      const tree = await stack([
        hardlink('x.db', 'gone'),
        hardlink('y', 'gone'),
        hardlink('z.db', 'z.db'),
        hardlink('u.db', '../u'),
      ]);
      assert.deepEqual(
        tree.problems.map(({ path }) => path),
        ['x.db', 'z.db', 'u.db'],
      );
    });
  });

  it('asks for contents that lie under names nobody wanted', async () => {
    const tree = await stack(
      [file('store/ab'), file('store/cd'), file('store/ef')],
      [
        hardlink('one.db', 'store/ab'),
        symlink('two.db', 'store/cd'),
        hardlink('gone.db', 'store/ef'),
        symlink('dir', 'dbs'),
        directory('dbs'),
      ],
      [whiteout('gone.db'), file('dir/three.db')],
    );
    assert.deepEqual(tree.missing(), [
      { layer: 0, path: 'store/cd', wantedAs: 'two.db' },
      { layer: 0, path: 'store/ab', wantedAs: 'one.db' },
    ]);
  });

  it('keeps the lower layer for a file that was only touched', async () => {
    const tree = await stack(
      [file('a.db', 'same'), file('d/b.db', 'same'), file('c.db', 'old')],
      [file('a.db', 'same'), whiteout('d'), file('d/b.db', 'same'), file('c.db', 'new')],
    );
    assert.deepEqual(await wanted(tree), ['a.db: same @0', 'c.db: new @1', 'd/b.db: same @0']);
  });

  it('records what databases held after each layer that changed them', async () => {
    const tree = await stack(
      [file('x.db', '1')],
      [file('other')],
      [file('x.db', '2')],
      [whiteout('x.db')],
      [file('x.db', '3')],
    );
    const states = tree.databases().get('x.db') ?? [];
    assert.deepEqual(
      states.map(({ layer, content }) => [layer, content === undefined ? undefined : Buffer.from(content).toString()]),
      [
        [0, '1'],
        [2, '2'],
        [3, undefined],
        [4, '3'],
      ],
    );
  });

  it('lists the regular files of a directory in order', async () => {
    const tree = await stack([
      file('d/b'),
      file('d/a'),
      directory('d/sub'),
      file('d/sub/c'),
      symlink('d/l', 'a'),
      symlink('link', 'd'),
    ]);
    assert.deepEqual(tree.list('d'), ['d/a', 'd/b']);
    assert.deepEqual(tree.list('link'), ['d/a', 'd/b']);
    assert.deepEqual(tree.list('d/a'), []);
    assert.deepEqual(tree.list('nowhere'), []);
  });

  it('refuses images with more files than any image has', async () => {
    const tree = new FileTree({ ...options, maxNodes: 1000 });
    const entries = Array.from({ length: 5 }, (_, i) => directory(`${i}/${'a/'.repeat(250)}b`));
    const layer: LayerContent = { diffId: 'sha256:x', entries, problems: [] };
    await assert.rejects(tree.apply(layer, 0, signal), { code: 'limit-exceeded' });
  });
});
