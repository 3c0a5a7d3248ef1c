// The engine out of the built bundles, as the extension host composes it: one process, the worker thread beside it, and
// a host that reacts to events like the editor's views do.
import 'node:http2';
import 'node:https';
import 'node:worker_threads';
import 'node:zlib';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { customCloud } from '../../src/azure/clouds.ts';
import type { Connection, ConnectionSecret } from '../../src/azure/types.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createLog, Redactor } from '../../src/core/log.ts';
import type * as EngineModule from '../../src/engine.ts';
import type { Engine, WorkspaceDockerfile } from '../../src/engine-contract.ts';
import type { FindingsQuery } from '../../src/report/contract.ts';
import type { LabData } from '../lab/types.ts';
import { repositoryRoot } from '../support/process.ts';
import { answerParent } from './child.ts';
import { type LoopDelay, watchLoop } from './loop-monitor.ts';

export interface OpenInput {
  readonly lab: Pick<LabData, 'customCloud' | 'credentials' | 'mirrorUrl' | 'workspaceDir'>;
  readonly dataDir: string;
  readonly images: 'running' | 'runningAndLatest' | 'all';
}

export interface ScanOutput {
  readonly state: string;
  readonly done: number;
  readonly problems: readonly string[];
  readonly findings: number;
  readonly ms: number;
  /** Images that were looked at, and the time that this took. */
  readonly images: number;
  readonly imagesMs: number;
  readonly delay: LoopDelay;
}

/** As long as the editor's views wait before they ask again. */
const recountPauseMs = 500;

const firstPage: FindingsQuery = {
  filter: { states: ['open', 'new'] },
  grouping: 'severity',
  sort: { key: 'severity', descending: true },
  folded: [],
};

// An extension host has loaded these modules, and the web client behind this name, before any extension.
Reflect.get(globalThis, 'FormData');

let engine: Engine | undefined;
let recounting: NodeJS.Timeout | undefined;

function opened(): Engine {
  if (engine === undefined) throw new Error('The engine was not opened');
  return engine;
}

const handlers = {
  /** Loads the bundle and makes one connection to the lab. */
  async open({ lab, dataDir, images }: OpenInput): Promise<LoopDelay> {
    const ended = watchLoop();
    await sleep(50);
    const dist = path.join(repositoryRoot, 'dist');
    const load = createRequire(path.join(dist, 'extension.cjs'));
    const { createEngine, createHttpClient } = load('./engine.cjs') as typeof EngineModule; // built from that source
    const redactor = new Redactor();
    const log = createLog(() => undefined, redactor);
    const connections = new Map<string, Connection>();
    const secrets = new Map<string, ConnectionSecret>();
    engine = await createEngine({
      log,
      redactor,
      clock: systemClock,
      http: createHttpClient({ log, userAgent: 'plimsoll-bench' }),
      dataDir,
      workerFile: path.join(dist, 'worker.cjs'),
      connections: {
        list: () => Promise.resolve([...connections.values()]),
        save: (connection) => Promise.resolve(void connections.set(connection.id, connection)),
        remove: (id) => Promise.resolve(void connections.delete(id)),
        secret: (id) => Promise.resolve(secrets.get(id)),
        saveSecret: (id, secret) => Promise.resolve(secrets.set(id, secret).has(id)),
      },
      cloud: () => customCloud(lab.customCloud),
      settings: () => ({
        images,
        platform: 'linux/amd64',
        concurrency: 3,
        timeoutMinutes: 15,
        maxImageSizeMB: 4000,
        requestTimeoutSeconds: 30,
        offline: false,
        advisoryUpdates: 'automatic',
        advisoryMirror: lab.mirrorUrl,
        historyDays: 90,
        secretExpiryWarningDays: 30,
        applicationTagKeys: ['application', 'app', 'azd-env-name'],
        allowedRegistries: [],
      }),
      dockerfiles: () => Promise.resolve(dockerfilesIn(lab.workspaceDir)),
      ranFrom: 'this computer',
    });
    const { tenantId, clientId, clientSecret, subscriptionId, subscriptionId2 } = lab.credentials;
    await engine.connections.add({
      name: 'Lab',
      cloud: 'custom',
      secret: { tenantId, clientId, clientSecret, subscriptionIds: [subscriptionId, subscriptionId2] },
    });
    engine.onDidChange((event) => {
      if (event.type === 'findings') recounting ??= setTimeout(() => void recount(), recountPauseMs);
    });
    await sleep(50);
    return ended();
  },

  /** The floor: this process with the engine loaded, doing nothing. */
  async idle(ms: number): Promise<LoopDelay> {
    const ended = watchLoop();
    await sleep(ms);
    return ended();
  },

  async scan(_: null): Promise<ScanOutput> {
    const ended = watchLoop();
    await sleep(20); // the first tick of a monitor has nothing to be compared with
    const begin = performance.now();
    const marks: { readonly at: number; readonly done: number }[] = [];
    const summary = await opened().scan({ trigger: 'user' }, new AbortController().signal, ({ text, done }) => {
      if (text === 'Reading images' || text === 'Relating images to their bases')
        marks.push({ at: performance.now(), done });
    });
    const [first, last] = [marks.at(0), marks.at(-1)];
    const ms = performance.now() - begin;
    await sleep(recountPauseMs + 200); // what the views ask at the end belongs to it
    const delay = ended();
    const { total } = await opened().findings.counts({});
    return {
      state: summary.state,
      done: summary.done,
      problems: summary.problems.map(({ what, reason }) => `${what}: ${reason}`),
      findings: total,
      ms,
      images: (last?.done ?? 0) - (first?.done ?? 0),
      imagesMs: (last?.at ?? 0) - (first?.at ?? 0),
      delay,
    };
  },

  async close(_: null): Promise<null> {
    clearTimeout(recounting);
    await opened().dispose();
    return null;
  },
};

export type EngineCalls = typeof handlers;

/** What status bar, badges, findings tree and an open report ask for when findings have changed. */
async function recount(): Promise<void> {
  recounting = undefined;
  const { findings } = opened();
  await findings.counts({});
  await findings.counts({ states: ['new'] });
  await findings.page(1, firstPage, 0, 60, true);
}

function dockerfilesIn(folder: string): WorkspaceDockerfile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name) === 'Dockerfile' && !name.includes('node_modules'))
    .map((name) => {
      const file = path.join(folder, name);
      return {
        uri: pathToFileURL(file).href,
        path: name.replaceAll(path.sep, '/'),
        text: readFileSync(file, 'utf8'),
      };
    });
}

answerParent(handlers);
