import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { BlobStore } from '../../lab/images/blobs.ts';
import { changesBetween, everythingIn, snapshotOf } from '../../lab/images/rootfs.ts';
import { expand, parseDockerfile } from '../../lab/images/dockerfile.ts';
import { fileEntry } from '../../lab/images/tar.ts';

const run = promisify(execFile);

describe('layers that the lab writes', () => {
  let root: string;
  let work: string;

  beforeEach(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'lab-layers-'));
    root = path.join(work, 'root');
    await mkdir(path.join(root, 'etc/conf.d'), { recursive: true });
    await writeFile(path.join(root, 'etc/hostname'), 'never carried');
    await writeFile(path.join(root, 'etc/passwd'), 'root:x:0:0\n');
    await writeFile(path.join(root, 'etc/conf.d/a'), 'a');
  });

  afterEach(() => rm(work, { recursive: true, force: true }));

  const changesOf = async (step: () => Promise<unknown>): Promise<string[]> => {
    const before = await snapshotOf(root);
    await step();
    const entries = await changesBetween(root, before, await snapshotOf(root));
    return entries.map(
      ({ path: at, kind, linkTarget }) => `${kind} ${at}${linkTarget === undefined ? '' : ` -> ${linkTarget}`}`,
    );
  };

  it('hold nothing when nothing changed', async () => {
    assert.deepEqual(await changesOf(async () => Promise.resolve()), []);
  });

  it('hold what was added, with the folder above it, links as links', async () => {
    const changes = await changesOf(async () => {
      await writeFile(path.join(root, 'etc/group'), 'root:x:0:\n');
      await link(path.join(root, 'etc/group'), path.join(root, 'etc/group-'));
      await symlink('passwd', path.join(root, 'etc/shadow'));
    });
    assert.deepEqual(changes, [
      'directory etc',
      'file etc/group',
      'hardlink etc/group- -> etc/group',
      'symlink etc/shadow -> passwd',
    ]);
  });

  it('hide what was removed, a whole tree with one whiteout', async () => {
    const changes = await changesOf(() => rm(path.join(root, 'etc/conf.d'), { recursive: true }));
    assert.deepEqual(changes, ['directory etc', 'file etc/.wh.conf.d']);
  });

  it('hide all that lay in a folder that was removed and made again', async () => {
    const changes = await changesOf(async () => {
      await rm(path.join(root, 'etc/conf.d'), { recursive: true });
      await mkdir(path.join(root, 'etc/conf.d'));
      await writeFile(path.join(root, 'etc/conf.d/b'), 'b');
    });
    assert.deepEqual(changes, [
      'directory etc',
      'directory etc/conf.d',
      'file etc/conf.d/.wh..wh..opq',
      'file etc/conf.d/b',
    ]);
  });

  it('replace a folder by a file without a whiteout', async () => {
    const changes = await changesOf(async () => {
      await rm(path.join(root, 'etc/conf.d'), { recursive: true });
      await writeFile(path.join(root, 'etc/conf.d'), 'a file now');
    });
    assert.deepEqual(changes, ['directory etc', 'file etc/conf.d']);
  });

  it('can be unpacked by GNU tar, names of 250 bytes and other alphabets included', async () => {
    const long = `srv/${'deep/'.repeat(40)}${'n'.repeat(50)}`;
    const store = new BlobStore(path.join(work, 'blobs'));
    const entries = [...(await everythingIn(root)), fileEntry(long, 'long', 0), fileEntry('srv/Häfen', 'ä', 0)];
    const layer = await store.putLayer(entries, 'gzip');
    const out = path.join(work, 'out');
    await mkdir(out);
    await run('tar', ['-xzf', store.fileOf(layer.digest), '-C', out]);
    assert.equal(await readFile(path.join(out, long), 'utf8'), 'long');
    assert.equal(await readFile(path.join(out, 'srv/Häfen'), 'utf8'), 'ä');
    assert.equal(await readFile(path.join(out, 'etc/passwd'), 'utf8'), 'root:x:0:0\n');
    await assert.rejects(readFile(path.join(out, 'etc/hostname')), { code: 'ENOENT' });
  });
});

describe('Dockerfiles as the lab reads them', () => {
  it('join continued lines with their blanks and drop comments between them', () => {
    const [stage] = parseDockerfile('FROM scratch\nRUN a \\\n# why\n    && b\n').stages;
    assert.equal(stage?.instructions[0]?.text, 'a     && b');
    assert.equal(stage.instructions[0].line, 2);
  });

  it('refuse what the builder would not carry out', () => {
    assert.throws(() => parseDockerfile('FROM scratch\nONBUILD RUN a\n'), /not understood/);
    assert.throws(() => parseDockerfile('FROM scratch\nRUN <<EOF\na\nEOF\n'), /heredocs/);
    assert.throws(() => parseDockerfile('RUN a\nFROM scratch\n'), /before the first FROM/);
  });

  it('expand names, braces and defaults', () => {
    const variables = new Map([['A', 'one']]);
    assert.equal(expand('$A ${A} ${B} ${B:-two} ${A:-three}', variables), 'one one  two one');
  });
});
