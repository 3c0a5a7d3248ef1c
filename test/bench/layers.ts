// Reading a layer (hashes, inflate, tar, choice of files) against Node's own bare gunzip of the same blob, in turns, and
// the memory it takes. The layers are made here out of what the repository has at hand: program code and small text files;
// and one program and one archive of Java that are large enough to show that neither is held whole.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { repositoryRoot } from '../support/process.ts';
import { tarMember } from '../support/tar.ts';
import { zip, type ZipInput } from '../support/zip.ts';
import { startChild } from './child.ts';
import type { LayerCalls, LayerFile } from './layers-child.ts';
import { rounded, type BenchRow } from './row.ts';

const mebibyte = 1024 * 1024;
const targetBytes = 220 * mebibyte;
const programBytes = 150 * mebibyte;
const jarBytes = 60 * mebibyte;
/** The least of several turns: other work on the machine only ever adds. */
const turns = 7;

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-layers-'));
  const times = startChild<LayerCalls>('layers-child.ts', { execArgv: ['--expose-gc'] });
  const memory = startChild<LayerCalls>('layers-child.ts', { execArgv: ['--expose-gc'] });
  try {
    const small = await writeLayer(path.join(folder, 'small.tar.gz'), members(2 * mebibyte));
    const layer = await writeLayer(path.join(folder, 'layer.tar.gz'), members(targetBytes));
    const large = await writeLayer(path.join(folder, 'large.tar.gz'), largeMembers());
    await times.call('read', small);
    await memory.call('read', small);
    const rows: BenchRow[] = [];
    for (const [what, measured] of [
      ['a layer', layer],
      ['a layer of one large program and one large jar', large],
    ] as const) {
      const { file } = measured;
      const least = { read: Infinity, gunzip: Infinity, tuned: Infinity };
      for (let turn = 0; turn < turns; turn++) {
        least.gunzip = Math.min(least.gunzip, await times.call('gunzip', { file, tuned: false }));
        least.tuned = Math.min(least.tuned, await times.call('gunzip', { file, tuned: true }));
        least.read = Math.min(least.read, (await times.call('read', measured)).ms);
      }
      const { peakBytes, kept } = await memory.call('read', measured);
      if (kept === 0) throw new Error(`Nothing of ${what} was kept: it was not read`);
      const row = (than: string, floor: number, budget: number): BenchRow => ({
        name: `reading ${what}, against ${than}`,
        figure: rounded(least.read),
        unit: 'ms',
        floor: rounded(floor),
        ratio: rounded(least.read / floor),
        budget,
      });
      rows.push(row("Node's gunzip", least.gunzip, 1.25));
      // The harder comparison: what is left over the best that zlib can do is the hashing, when no core is free for it.
      rows.push(row('gunzip in pieces as large as its own', least.tuned, 1.5));
      rows.push({
        name: `reading ${what}, peak memory above idle`,
        figure: rounded(peakBytes / mebibyte),
        unit: 'MiB',
        budget: 64,
      });
    }
    return rows;
  } finally {
    await Promise.all([times.stop(), memory.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeLayer(file: string, content: AsyncIterable<Buffer>): Promise<LayerFile> {
  const inner = createHash('sha256');
  async function* archive(): AsyncGenerator<Buffer> {
    for await (const piece of content) {
      inner.update(piece);
      yield piece;
    }
  }
  await pipeline(Readable.from(archive()), createGzip({ level: 6, chunkSize: mebibyte }), createWriteStream(file));
  const outer = createHash('sha256');
  for await (const piece of createReadStream(file, { highWaterMark: mebibyte })) outer.update(piece as Buffer);
  return {
    file,
    digest: `sha256:${outer.digest('hex')}`,
    sizeBytes: statSync(file).size,
    diffId: `sha256:${inner.digest('hex')}`,
  };
}

/** A program, and an archive of Java with archives in it as Spring Boot packs them. */
async function* largeMembers(): AsyncGenerator<Buffer> {
  const program = await readFile(process.execPath);
  const copies = Array.from({ length: Math.ceil(programBytes / program.length) }, () => program);
  yield tarMember({ name: 'usr/bin/program', content: Buffer.concat(copies, programBytes) });
  const inner: ZipInput[] = [{ name: 'pom.properties', content: 'groupId=a\nartifactId=b\nversion=1\n' }];
  let unpacked = 0;
  for await (const file of files(path.join(repositoryRoot, 'node_modules'))) {
    const content = await readFile(file);
    inner.push({ name: path.relative(repositoryRoot, file), content, descriptor: 'signed' });
    unpacked += content.length;
    if (unpacked > jarBytes / 3) break;
  }
  const library = zip(inner);
  const libraries = Array.from({ length: Math.ceil(jarBytes / library.length) }, (_, i) => ({
    name: `BOOT-INF/lib/library-${i}.jar`,
    content: library,
    stored: true,
  }));
  yield tarMember({ name: 'app/app.jar', content: zip(libraries) });
  yield Buffer.alloc(1024);
}

/**
 * At least so many bytes of members out of the installed packages and the program that runs this, again under other names
 * until it is enough.
 */
async function* members(bytes: number): AsyncGenerator<Buffer> {
  let written = 0;
  for (let round = 0; written < bytes; round++) {
    const program = bytes > 100 * mebibyte ? process.execPath : undefined;
    for await (const file of files(path.join(repositoryRoot, 'node_modules'), program)) {
      const name = `${round}/${path.relative(repositoryRoot, file).split(path.sep).join('/')}`.slice(-99);
      const member = tarMember({ name, content: await readFile(file) });
      written += member.length;
      yield member;
      if (written >= bytes) break;
    }
  }
  yield Buffer.alloc(1024);
}

async function* files(folder: string, first?: string): AsyncGenerator<string> {
  if (first !== undefined) yield first;
  const found = await readdir(folder, { withFileTypes: true });
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const item of found) {
    const at = path.join(folder, item.name);
    if (item.isDirectory()) yield* files(at);
    else if (item.isFile() && statSync(at).size < 8 * mebibyte) yield at;
  }
}
