// Reads many images of one registry in a process of its own, as a scan does: several at a time, what was read kept in state.db.
import process from 'node:process';
import { systemClock } from '../../src/core/clock.ts';
import { mapAll } from '../../src/core/concurrency.ts';
import { createHttpClient } from '../../src/core/http.ts';
import { createLog, Redactor } from '../../src/core/log.ts';
import { createImageReader } from '../../src/image/read-image.ts';
import { registrySource } from '../../src/image/sources/registry.ts';
import type { ImageSource } from '../../src/image/types.ts';
import { createAnonymousCredentials } from '../../src/registry/anonymous.ts';
import { createRegistryClient } from '../../src/registry/client.ts';
import { StateStore } from '../../src/store/state-store.ts';
import { answerParent } from './child.ts';

export interface Wanted {
  readonly repository: string;
  readonly digest: string;
}

export interface ReadAllInput {
  readonly host: string;
  /** PEM of the authority that the registry's certificate comes from. */
  readonly ca: string;
  readonly dataDir: string;
  readonly wanted: readonly Wanted[];
}

export interface ReadAll {
  readonly ms: number;
  readonly images: number;
  readonly packages: number;
  readonly problems: number;
  /** Blobs that were fetched, and those of them that are layers. */
  readonly blobs: number;
  readonly layers: number;
  /** Most that the process held over what it held before, in bytes. */
  readonly peakBytes: number;
}

const imagesAtOnce = 4;
const signal = new AbortController().signal;
const log = createLog(() => undefined, new Redactor());
let store: StateStore | undefined;

async function readAll({ host, ca, dataDir, wanted }: ReadAllInput): Promise<ReadAll> {
  store ??= new StateStore(dataDir, systemClock, log);
  const plain = createHttpClient({ log, userAgent: 'plimsoll-bench' });
  const http = { send: (request: Parameters<typeof plain.send>[0]) => plain.send({ ...request, tls: { ca } }) };
  const client = createRegistryClient({
    http,
    log,
    host,
    credentials: createAnonymousCredentials({ http, clock: systemClock }),
    allowedBlobHosts: [],
    requestsPerSecond: 100_000,
  });
  const reader = createImageReader({ cache: store, log });
  let blobs = 0;
  let layers = 0;
  const counted = (source: ImageSource): ImageSource => ({
    ...source,
    blob: (descriptor, stop) => {
      blobs++;
      if (descriptor.mediaType.includes('.layer.')) layers++;
      return source.blob(descriptor, stop);
    },
  });
  globalThis.gc?.();
  const idle = process.memoryUsage.rss();
  let peak = idle;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  const start = performance.now();
  try {
    const reports = await mapAll(wanted, imagesAtOnce, signal, async ({ repository, digest }) => {
      const { packages, problems } = await reader.read({
        source: counted(registrySource({ host, repository, digest }, client)),
        signal,
      });
      return { packages: packages.length, problems: problems.length };
    });
    const ms = performance.now() - start;
    const sum = (of: (report: (typeof reports)[number]) => number): number =>
      reports.reduce((total, report) => total + of(report), 0);
    return {
      ms,
      images: reports.length,
      packages: sum(({ packages }) => packages),
      problems: sum(({ problems }) => problems),
      blobs,
      layers,
      peakBytes: peak - idle,
    };
  } finally {
    clearInterval(timer);
    plain.close();
  }
}

function close(_: null): null {
  store?.close();
  store = undefined;
  return null;
}

const handlers = { readAll, close };
export type SharingCalls = typeof handlers;
answerParent(handlers);
