import { randomUUID } from 'node:crypto';
import type { Connection } from '../azure/types.ts';
import { mapConcurrently } from '../core/concurrency.ts';
import { BadInputError, describeError, isAbort, isEngineError } from '../core/errors.ts';
import type { ScanSummary } from '../report/contract.ts';
import type { ClusterState } from '../kubernetes/types.ts';
import { listImages, listRepositories } from '../inventory/registry-tree.ts';
import type { Snapshot } from '../inventory/types.ts';
import { AdvisoryKeeper } from './advisory-keeper.ts';
import { Documents } from './documents.ts';
import { type Estate, clustersOf, registriesOf } from './estate.ts';
import { ImageScanner } from './image-scanner.ts';
import { type RegistryListing, planImages } from './image-plan.ts';
import type { ScanPorts } from './ports.ts';
import { scanDockerfiles } from './dockerfile-step.ts';
import { judgePosture } from './posture-step.ts';
import { ScanScope } from './scope.ts';

export interface ScanOrder {
  readonly connections: readonly Connection[];
  /** Absent: all connections of the call. */
  readonly connectionId?: string;
  readonly assetId?: string;
  readonly assetLabel?: string;
}

export interface ScanStep {
  readonly scanId: string;
  readonly done: number;
  readonly total: number;
  readonly text: string;
  readonly active: readonly string[];
}

/** Most repositories of a registry, and images of a repository, that are listed. */
const mostRepositories = 5_000;
const mostImages = 1_000;

/** A scan that was cut off is resumed when it began within this time. */
const resumeWithinMs = 24 * 3_600_000;

const heartbeatMs = 10_000;
const leaseName = 'scan';

type Problem = ScanSummary['problems'][number];

/**
 * Runs one scan: inventory, clusters, posture, then images, running digests first. Results are written as they come.
 * What fails becomes a problem of the summary and the rest goes on; cancelling keeps what is finished, and the next scan
 * of the same target goes on there. Throws BadInputError when another window is scanning.
 */
export async function runScan(
  ports: ScanPorts,
  order: ScanOrder,
  signal: AbortSignal,
  onStep: (step: ScanStep) => void,
): Promise<ScanSummary> {
  const { store } = ports;
  store.markInterrupted();
  if (!store.acquire(leaseName)) {
    throw new BadInputError('Cannot scan: another window is scanning', 'Wait for it to end, or cancel it there.');
  }
  const beat = setInterval(() => store.heartbeat(leaseName), heartbeatMs);
  try {
    return await new Run(ports, order, signal, onStep).run();
  } finally {
    clearInterval(beat);
    store.release(leaseName);
  }
}

class Run {
  readonly #ports: ScanPorts;
  readonly #order: ScanOrder;
  readonly #signal: AbortSignal;
  readonly #onStep: (step: ScanStep) => void;
  readonly #id = randomUUID();
  readonly #scope: ScanScope;
  readonly #documents: Documents;
  readonly #problems: Problem[] = [];
  readonly #active = new Set<string>();
  readonly #startedAt: string;
  #done = 0;
  #total = 0;
  #resumed = 0;

  constructor(ports: ScanPorts, order: ScanOrder, signal: AbortSignal, onStep: (step: ScanStep) => void) {
    this.#ports = ports;
    this.#order = order;
    this.#signal = signal;
    this.#onStep = onStep;
    this.#scope = new ScanScope(order.assetId);
    this.#documents = new Documents(ports.store);
    this.#startedAt = ports.clock.now().toISOString();
  }

  async run(): Promise<ScanSummary> {
    const { store, log, ranFrom } = this.#ports;
    const target = this.#scope.key(this.#order.connectionId);
    const before = this.#lastRun();
    const finished = this.#resumable(before) ? store.jobsDone(before?.id ?? '') : new Set<string>();
    store.startScan({
      id: this.#id,
      ...(this.#order.connectionId === undefined ? {} : { connectionId: this.#order.connectionId }),
      target,
      label: this.#label(),
      startedAt: this.#startedAt,
      ranFrom,
    });
    log.info('scan started', { scan: this.#id, target, connections: this.#order.connections.length });
    let state: ScanSummary['state'] = 'failed';
    try {
      this.#step('Reading the inventory');
      for (const connection of this.#order.connections) await this.#connection(connection, finished);
      if (this.#scope.isWhole) await scanDockerfiles(this.#ports, await this.#ports.dockerfiles(), this.#id);
      state = this.#problems.length === 0 ? 'complete' : 'partial';
    } catch (error) {
      if (isAbort(error, this.#signal)) state = 'cancelled';
      else {
        this.#problem('The scan', error);
        if (!isEngineError(error)) log.error('scan failed', error, { scan: this.#id });
      }
    }
    const summary: ScanSummary = {
      id: this.#id,
      state,
      startedAt: this.#startedAt,
      endedAt: this.#ports.clock.now().toISOString(),
      ranFrom,
      done: this.#done,
      total: this.#total,
      target: this.#label(),
      ...(this.#resumed === 0 ? {} : { resumed: this.#resumed }),
      problems: this.#problems,
    };
    store.updateScan(this.#id, summary);
    log.info('scan ended', {
      scan: this.#id,
      state,
      done: this.#done,
      total: this.#total,
      problems: this.#problems.length,
    });
    return summary;
  }

  /** The target in words. */
  #label(): string {
    if (this.#order.assetId !== undefined) return this.#order.assetLabel ?? this.#order.assetId;
    return this.#order.connections.map(({ name }) => name).join(', ');
  }

  /** The newest run of this target, or of one that has it in itself or lies in it: of all connections, and of one. */
  #lastRun(): ReturnType<ScanPorts['store']['lastScan']> {
    const { connections, connectionId } = this.#order;
    const targets = new Set(
      [connectionId, undefined, ...connections.map(({ id }) => id)].map((id) => this.#scope.key(id)),
    );
    return [...targets]
      .flatMap((target) => this.#ports.store.lastScan(target) ?? [])
      .reduce<ReturnType<ScanPorts['store']['lastScan']>>(
        (newest, each) => (newest === undefined || each.startedAt > newest.startedAt ? each : newest),
        undefined,
      );
  }

  #resumable(before: ReturnType<ScanPorts['store']['lastScan']>): boolean {
    if (before === undefined || (before.state !== 'cancelled' && before.state !== 'interrupted')) return false;
    return this.#ports.clock.now().getTime() - Date.parse(before.startedAt) < resumeWithinMs;
  }

  /** One connection after the other: each has its own throttling, and a refused sign-in ends its part alone. */
  async #connection(connection: Connection, finished: ReadonlySet<string>): Promise<void> {
    let estate: Estate;
    let snapshot: Snapshot;
    this.#total += 1;
    try {
      estate = await this.#ports.estate(connection);
      snapshot = await this.#watch(connection.id, connection.name, (signal) => estate.inventory(signal));
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#problem(connection.name, error);
      this.#done += 1;
      return;
    }
    await this.#documents.putSnapshot(connection.id, snapshot);
    for (const error of snapshot.errors) {
      this.#problems.push({
        what: error.id,
        reason: error.message ?? `Azure answered ${error.status} ${error.code}`,
        nextStep: error.action === undefined ? 'Verify the connection.' : `Grant a role with ${error.action}.`,
      });
    }
    this.#ports.changed('assets', connection.id);
    this.#done += 1;
    const listings = await this.#registries(connection, estate, snapshot);
    const clusters = await this.#clusters(connection, estate, snapshot);
    await this.#posture(connection, snapshot);
    await this.#images(connection, estate, snapshot, listings, clusters, finished);
  }

  async #posture(connection: Connection, snapshot: Snapshot): Promise<void> {
    this.#total += 1;
    await this.#watch(connection.id, `Checks of ${connection.name}`, (signal) =>
      judgePosture(this.#ports, connection, snapshot, this.#id, signal),
    );
    this.#done += 1;
    this.#ports.changed('findings', connection.id);
    this.#step('Judging the configuration');
  }

  async #registries(connection: Connection, estate: Estate, snapshot: Snapshot): Promise<RegistryListing[]> {
    const targets = registriesOf(snapshot).filter(({ facts }) => this.#scope.registry(facts.id, facts.loginServer));
    this.#total += targets.length;
    this.#step('Listing registries');
    const out: RegistryListing[] = [];
    const work = async ({ facts }: (typeof targets)[number], signal: AbortSignal): Promise<void> => {
      const client = estate.registry(facts);
      const images = [];
      let complete = true;
      try {
        const repositories = await listRepositories(client, mostRepositories, signal);
        complete = repositories.complete;
        for (const repository of repositories.items) {
          try {
            const listed = await listImages(client, repository, mostImages, signal);
            images.push(...listed.items);
            complete &&= listed.complete;
          } catch (error) {
            signal.throwIfAborted();
            if (!isEngineError(error)) throw error;
            complete = false;
            this.#problem(`${facts.name}/${repository}`, error);
          }
        }
        this.#documents.putRegistry(connection.id, facts.id, { images, complete });
      } catch (error) {
        signal.throwIfAborted();
        if (!isEngineError(error)) throw error;
        complete = false;
        this.#problem(facts.name, error);
        const { message, nextStep, code } = error;
        this.#documents.putRegistry(connection.id, facts.id, {
          images,
          complete,
          error: { message, nextStep, denied: code === 'access-denied' },
        });
      }
      out.push({ registry: facts, images, complete });
      this.#done += 1;
      this.#step(facts.name);
    };
    for await (const _ of mapConcurrently(targets, 4, this.#signal, (each, signal) =>
      this.#watch(each.facts.id.toLowerCase(), each.facts.name, () => work(each, signal)),
    )) {
      this.#signal.throwIfAborted();
    }
    return out;
  }

  async #clusters(
    connection: Connection,
    estate: Estate,
    snapshot: Snapshot,
  ): Promise<{ states: ClusterState[]; failed: number }> {
    const targets = clustersOf(snapshot).filter(({ facts }) => this.#scope.cluster(facts.id));
    this.#total += targets.length;
    this.#step('Reading clusters');
    const states: ClusterState[] = [];
    let failed = 0;
    const work = async ({ facts }: (typeof targets)[number], signal: AbortSignal): Promise<void> => {
      try {
        const state = await estate.cluster(facts, snapshot, signal);
        states.push(state);
        this.#documents.putCluster(connection.id, facts.id, { state });
        for (const error of state.errors) {
          this.#problems.push({
            what: `${facts.name}${error.path}`,
            reason: error.status === 0 ? error.reason : `The cluster answered ${error.status}: ${error.reason}`,
            nextStep: 'Without it, exposure or rights stay partly unknown. Verify the connection for the missing role.',
          });
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!isEngineError(error)) throw error;
        failed += 1;
        this.#problem(facts.name, error);
        const { message, nextStep, code } = error;
        this.#documents.putCluster(connection.id, facts.id, {
          error: { message, nextStep, denied: code === 'access-denied' },
        });
      }
      this.#done += 1;
      this.#step(facts.name);
    };
    for await (const _ of mapConcurrently(targets, 3, this.#signal, (each, signal) =>
      this.#watch(each.facts.id.toLowerCase(), each.facts.name, () => work(each, signal)),
    )) {
      this.#signal.throwIfAborted();
    }
    this.#ports.changed('assets', connection.id);
    return { states, failed };
  }

  async #images(
    connection: Connection,
    estate: Estate,
    snapshot: Snapshot,
    listings: readonly RegistryListing[],
    clusters: { readonly states: readonly ClusterState[]; readonly failed: number },
    finished: ReadonlySet<string>,
  ): Promise<void> {
    const settings = this.#ports.settings();
    const known = new Set(this.#documents.images(connection.id).map(({ key }) => key));
    const plan = planImages(settings.images, listings, clusters.states, known);
    const scanner = new ImageScanner({
      ports: this.#ports,
      documents: this.#documents,
      connection,
      estate,
      snapshot,
      clusters: clusters.states,
      clustersFailed: clusters.failed,
      scanId: this.#id,
      advisories: new AdvisoryKeeper(this.#ports, (problem) => this.#problems.push(problem)),
      dockerfiles: await this.#ports.dockerfiles(),
    });
    const jobs = plan.jobs.filter((job) =>
      this.#scope.image(job.key, job.registry.id, job.registry.loginServer, job.repository, scanner.workloadsOf(job)),
    );
    if (this.#scope.isWhole) this.#documents.putSkipped(connection.id, plan.skipped);
    // What an earlier scan had finished comes last: its layers are known, and only its context may have changed.
    const fresh = jobs.filter(({ key }) => !finished.has(key));
    const again = jobs.filter(({ key }) => finished.has(key));
    this.#total += jobs.length;
    this.#resumed += again.length;
    this.#done += again.length;
    this.#step(
      again.length === 0 ? 'Reading images' : `Going on: ${again.length} of ${jobs.length} images were read before`,
    );
    const read = async (job: (typeof jobs)[number], counted: boolean, signal: AbortSignal): Promise<void> => {
      const name = `${job.repository}${job.tags[0] === undefined ? '' : `:${job.tags[0]}`}`;
      await this.#watch(`image:${job.key}`, name, async () => {
        try {
          const problems = await scanner.scan(job, signal);
          for (const each of problems) this.#problems.push(each);
          this.#ports.store.jobDone(this.#id, job.key);
        } catch (error) {
          signal.throwIfAborted();
          this.#problem(`${job.registry.loginServer}/${name}`, error);
          if (!isEngineError(error)) this.#ports.log.error('image not scanned', error, { image: job.key });
        }
      });
      if (counted) this.#done += 1;
      this.#ports.changed('findings', connection.id);
      this.#save();
      this.#step(name);
    };
    for (const [list, counted] of [
      [fresh, true],
      [again, false],
    ] as const) {
      for await (const _ of mapConcurrently(list, settings.concurrency, this.#signal, (job, signal) =>
        read(job, counted, signal),
      )) {
        this.#signal.throwIfAborted();
      }
    }
    this.#step('Relating images to their bases');
    await scanner.relate(this.#signal);
    if (this.#scope.isWhole) await scanner.forgetGone(listings, this.#signal);
    this.#ports.changed('findings', connection.id);
  }

  /** Shows what is being worked on while it lasts. */
  async #watch<T>(assetId: string, name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#active.add(assetId);
    this.#step(name);
    try {
      return await work(this.#signal);
    } finally {
      this.#active.delete(assetId);
    }
  }

  #problem(what: string, error: unknown): void {
    const { message, nextStep } = describeError(error);
    this.#problems.push({ what, reason: message, nextStep });
  }

  #save(): void {
    this.#ports.store.updateScan(this.#id, {
      state: 'running',
      done: this.#done,
      total: this.#total,
      problems: this.#problems,
    });
  }

  #step(text: string): void {
    this.#onStep({ scanId: this.#id, done: this.#done, total: this.#total, text, active: [...this.#active] });
  }
}
