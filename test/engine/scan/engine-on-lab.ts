// The engine as its hosts compose it, over a lab in another process.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { customCloud } from '../../../src/azure/clouds.ts';
import type { Connection, ConnectionSecret } from '../../../src/azure/types.ts';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import { createLog, Redactor } from '../../../src/core/log.ts';
import { createEngine, createHttpClient } from '../../../src/engine.ts';
import type {
  Engine,
  EngineSettings,
  ScanProgress,
  ScanRequest,
  WorkspaceDockerfile,
} from '../../../src/engine-contract.ts';
import type { Finding } from '../../../src/findings/types.ts';
import type { FindingsFilter, ScanSummary } from '../../../src/report/contract.ts';
import type { LabData } from '../../lab/types.ts';
import { repositoryRoot } from '../../support/process.ts';

export interface EngineOnLab {
  readonly engine: Engine;
  readonly connectionId: string;
  readonly dataDir: string;
  /** Lines of the log at its most talkative. */
  readonly lines: readonly string[];
  scan(
    request?: Partial<ScanRequest>,
    signal?: AbortSignal,
    onProgress?: (progress: ScanProgress) => void,
  ): Promise<ScanSummary>;
  all(filter?: FindingsFilter): Promise<Finding[]>;
  close(): Promise<void>;
}

export interface EngineOnLabOptions {
  /** A folder to go on with; a fresh one when absent. */
  readonly dataDir?: string;
  readonly settings?: Partial<EngineSettings>;
  readonly clock?: Clock;
  /** Subscriptions of the connection; all that can be read when absent. */
  readonly subscriptionIds?: readonly string[];
}

/** The process must trust the lab. Every engine has one connection, `lab`, kept beside the data. */
export async function engineOnLab(lab: LabData, options: EngineOnLabOptions = {}): Promise<EngineOnLab> {
  const dataDir = options.dataDir ?? newFolder();
  const redactor = new Redactor();
  const lines: string[] = [];
  const log = createLog((level, line) => lines.push(`${level} ${line}`), redactor);
  const http = createHttpClient({ log, userAgent: 'plimsoll-test', backOffMs: 5 });
  const { tenantId, clientId, clientSecret } = lab.credentials;
  redactor.register(clientSecret);
  const secret: ConnectionSecret = { tenantId, clientId, clientSecret, subscriptionIds: options.subscriptionIds ?? [] };
  let connection: Connection = {
    id: 'lab',
    name: 'Lab',
    cloud: 'custom',
    signIn: 'servicePrincipalSecret',
    state: 'unverified',
    capabilities: ['registries', 'posture', 'aks'],
    createdAt: '2026-11-01T00:00:00.000Z',
  };
  const engine = await createEngine({
    log,
    redactor,
    clock: options.clock ?? systemClock,
    http,
    dataDir,
    workerFile: path.join(repositoryRoot, 'src/worker.ts'),
    connections: {
      list: () => Promise.resolve([connection]),
      save: (changed) => Promise.resolve(void (connection = changed)),
      remove: () => Promise.reject(new Error('no test removes the connection')),
      secret: () => Promise.resolve(secret),
      saveSecret: () => Promise.resolve(true),
    },
    cloud: () => customCloud(lab.customCloud),
    settings: () => ({
      images: 'runningAndLatest',
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
      applicationTagKeys: ['application', 'app'],
      allowedRegistries: [],
      ...options.settings,
    }),
    dockerfiles: () => Promise.resolve(dockerfilesIn(lab.workspaceDir)),
    ranFrom: 'this computer',
  });
  return {
    engine,
    connectionId: connection.id,
    dataDir,
    lines,
    scan: (request = {}, signal = new AbortController().signal, onProgress = () => undefined) =>
      engine.scan({ trigger: 'user', ...request }, signal, onProgress),
    async all(filter = {}) {
      const found: Finding[] = [];
      for await (const finding of engine.findings.all(filter)) found.push(finding);
      return found;
    },
    async close() {
      await engine.dispose();
      http.close();
    },
  };
}

const made: string[] = [];

export function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-scan-'));
  made.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
}

/** The image part of a finding's asset id, without host and digest: `services/orders`. */
export function repositoryOf(finding: Finding): string | undefined {
  return /^image:[^/]+\/(.+)@sha256:/.exec(finding.asset.id)?.[1];
}

function dockerfilesIn(folder: string): WorkspaceDockerfile[] {
  // As the remote of the sample's repository says it, credentials stripped.
  const repository = { root: pathToFileURL(folder).href, remotes: ['git.harbour.example/harbour/harbour'] };
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name) === 'Dockerfile' && !name.includes('node_modules'))
    .map((name) => {
      const file = path.join(folder, name);
      return {
        uri: pathToFileURL(file).href,
        path: name.replaceAll(path.sep, '/'),
        text: fs.readFileSync(file, 'utf8'),
        repository,
      };
    });
}
