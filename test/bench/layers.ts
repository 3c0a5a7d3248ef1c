// Reading a layer (hashes, inflate, tar, choice of files) against Node's own bare gunzip of the same blob, in turns, and
// the memory it takes. The layer is made here out of what the repository has at hand: program code and small text files.
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
import { startChild } from './child.ts';
import type { LayerCalls, LayerFile } from './layers-child.ts';
import { rounded, type BenchRow } from './row.ts';

const mebibyte = 1024 * 1024;
const targetBytes = 220 * mebibyte;
/** The least of several turns: other work on the machine only ever adds. */
const turns = 7;

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-layers-'));
  const times = startChild<LayerCalls>('layers-child.ts', { execArgv: ['--expose-gc'] });
  const memory = startChild<LayerCalls>('layers-child.ts', { execArgv: ['--expose-gc'] });
  try {
    const small = await writeLayer(path.join(folder, 'small.tar.gz'), 2 * mebibyte);
    const layer = await writeLayer(path.join(folder, 'layer.tar.gz'), targetBytes);
    const { file } = layer;
    const least = { read: Infinity, gunzip: Infinity, tuned: Infinity };
    await times.call('read', small);
    for (let turn = 0; turn < turns; turn++) {
      least.gunzip = Math.min(least.gunzip, await times.call('gunzip', { file, tuned: false }));
      least.tuned = Math.min(least.tuned, await times.call('gunzip', { file, tuned: true }));
      least.read = Math.min(least.read, (await times.call('read', layer)).ms);
    }
    await memory.call('read', small);
    const { peakBytes } = await memory.call('read', layer);
    const row = (name: string, floor: number, budget: number): BenchRow => ({
      name,
      figure: rounded(least.read),
      unit: 'ms',
      floor: rounded(floor),
      ratio: rounded(least.read / floor),
      budget,
    });
    return [
      row("reading a layer, against Node's gunzip", least.gunzip, 1.25),
      // The harder comparison: what is left over the best that zlib can do is the hashing, when no core is free for it.
      row('reading a layer, against gunzip in pieces as large as its own', least.tuned, 1.5),
      {
        name: 'reading a layer, peak memory above idle',
        figure: rounded(peakBytes / mebibyte),
        unit: 'MiB',
        budget: 64,
      },
    ];
  } finally {
    await Promise.all([times.stop(), memory.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A layer of real files, at least so many bytes unpacked. */
async function writeLayer(file: string, bytes: number): Promise<LayerFile> {
  const inner = createHash('sha256');
  async function* archive(): AsyncGenerator<Buffer> {
    for await (const piece of members(bytes)) {
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

/** Members out of the installed packages and the program that runs this, again under other names until it is enough. */
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
