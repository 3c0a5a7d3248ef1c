// Reads layers in a process of its own, so that its memory is that of reading and nothing else.
import { createReadStream } from 'node:fs';
import process from 'node:process';
import { createGunzip } from 'node:zlib';
import { keepFilter } from '../../src/image/catalogue.ts';
import { cataloguers } from '../../src/image/cataloguers/index.ts';
import { readLayer, type ExpectedLayer } from '../../src/image/layer.ts';
import { fingerprinter, withSearch } from '../../src/image/secrets/search.ts';
import { answerParent } from './child.ts';

export interface LayerFile extends ExpectedLayer {
  readonly file: string;
}

export interface ReadOutput {
  readonly ms: number;
  readonly entries: number;
  readonly kept: number;
  /** Most that the process held over what it held before, in bytes. */
  readonly peakBytes: number;
}

const signal = new AbortController().signal;
const filter = keepFilter(cataloguers);
const fingerprint = fingerprinter();

async function read({ file, ...expected }: LayerFile): Promise<ReadOutput> {
  collectGarbage();
  const idle = process.memoryUsage.rss();
  let peak = idle;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 2);
  const start = performance.now();
  try {
    const { entries, problems } = await readLayer(createReadStream(file, { highWaterMark: 256 * 1024 }), expected, {
      keep: withSearch(filter, fingerprint),
      signal,
    });
    const ms = performance.now() - start;
    if (problems.length > 0) throw new Error(`The layer has problems: ${problems[0]?.reason ?? ''}`);
    peak = Math.max(peak, process.memoryUsage.rss());
    const kept = entries.filter(({ content }) => content !== undefined).length;
    return { ms, entries: entries.length, kept, peakBytes: peak - idle };
  } finally {
    clearInterval(timer);
  }
}

/** Node's own gunzip and nothing else: with its defaults, or with pieces as large as those of the layer reader. */
async function gunzip({ file, tuned }: { readonly file: string; readonly tuned: boolean }): Promise<number> {
  collectGarbage();
  const start = performance.now();
  const source = createReadStream(file, tuned ? { highWaterMark: 256 * 1024 } : {});
  const unpacked = source.pipe(tuned ? createGunzip({ chunkSize: 1024 * 1024 }) : createGunzip());
  await new Promise((resolve, reject) => unpacked.on('end', resolve).on('error', reject).resume());
  return performance.now() - start;
}

function collectGarbage(): void {
  globalThis.gc?.();
}

const handlers = { read, gunzip };
export type LayerCalls = typeof handlers;

answerParent(handlers);
