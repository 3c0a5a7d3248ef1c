import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import type { FaultRule, LabSettings, RecordedRequest } from '../lab/main.ts';
import type { LabData } from '../lab/types.ts';
import { askLabControl } from './lab-control.ts';
import { endWithThisProcess, repositoryRoot, stopProcess } from './process.ts';

/** A lab in a process of its own, so that its work does not sit on the event loop that is measured. */
export interface LabProcess extends LabData {
  /** Everything that was asked of the lab since its start or the last clearing, in order of arrival. */
  requests(): Promise<RecordedRequest[]>;
  clearRequests(): Promise<void>;
  /** Switches a fault on. */
  addFault(rule: FaultRule): Promise<void>;
  /** Changes some settings; the others stay. */
  configure(settings: Partial<LabSettings>): Promise<void>;
  /** No faults, default settings. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export interface LabProcessOptions {
  /** Fails where Debian's `docker-registry` is not installed. */
  readonly requireRealRegistry?: boolean;
  /** So many generated resources beside the others; pages are then as large as Azure's. */
  readonly resources?: number;
  /** No built images and no advisories: a start without any building. */
  readonly specimens?: boolean;
}

/**
 * Starts `test/lab/main.ts` as a child process; it ends with this one.
 * @throws Error with its output when it ends before it serves.
 */
export async function startLabProcess(options: LabProcessOptions = {}): Promise<LabProcess> {
  const args = [
    ...(options.requireRealRegistry === true ? ['--require-real-registry'] : []),
    ...(options.resources === undefined ? [] : ['--resources', String(options.resources)]),
    ...(options.specimens === true ? ['--specimens'] : []),
  ];
  const child = spawn(process.execPath, [path.join(repositoryRoot, 'test/lab/main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const release = endWithThisProcess(child);
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString('utf8')).slice(-64 * 1024)));
  const line = await new Promise<string>((resolve, reject) => {
    readline.createInterface({ input: child.stdout }).once('line', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The lab ended with exit code ${code ?? 'none'}:\n${output}`)));
  });
  const data = JSON.parse(line) as LabData; // printed by this repository's own program
  const control = async (method: string, asked: string, body?: unknown): Promise<unknown> =>
    JSON.parse(await askLabControl(`${data.controlUrl}${asked}`, method, body)) as unknown;
  return {
    ...data,
    async requests() {
      return (await control('GET', '/requests')) as RecordedRequest[]; // see above
    },
    async clearRequests() {
      await control('DELETE', '/requests');
    },
    async addFault(rule) {
      await control('POST', '/faults', rule);
    },
    async configure(settings) {
      await control('POST', '/settings', settings);
    },
    async reset() {
      await control('POST', '/reset');
    },
    async stop() {
      await stopProcess(child);
      release();
    },
  };
}
