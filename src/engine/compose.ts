import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { AdvisoryStatus } from '../advisories/types.ts';
import { isFolderMirror, updateLibrary } from '../advisories/update.ts';
import { type AzureDeps, createAzureSession } from '../azure/session.ts';
import type { Cloud, Connection, ConnectionSecret } from '../azure/types.ts';
import { armScope, portalResourceUrl } from '../azure/clouds.ts';
import type { VerifyResult } from '../connectivity/types.ts';
import { verify } from '../connectivity/verify.ts';
import { sleep } from '../core/concurrency.ts';
import { BadInputError } from '../core/errors.ts';
import { AssetCounts } from './asset-counts.ts';
import { AssetTree } from './asset-tree.ts';
import { buildDashboard } from './dashboard.ts';
import { DockerfileAnalyser } from './dockerfile-analysis.ts';
import { FindingsService } from './findings-service.ts';
import { exportSbom, scannedImages } from './sboms.ts';
import { agoText, connectionSummary } from './texts.ts';
import { matchInWorker, workerImporter } from './worker-advisories.ts';
import { WorkerClient } from './worker-client.ts';
import type { Engine, EngineEvent, EnginePorts, NewConnection, ScanProgress } from '../engine-contract.ts';
import { defaultBusinessRules } from '../findings/facts.ts';
import { createImageReader } from '../image/read-image.ts';
import type { ScanSummary } from '../report/contract.ts';
import type { FindingQueries } from '../report/query.ts';
import { toListItem } from '../report/list-item.ts';
import { Documents } from '../scan/documents.ts';
import { Estate, secretMissing } from '../scan/estate.ts';
import type { ScanPorts } from '../scan/ports.ts';
import { scanDockerfiles } from '../scan/dockerfile-step.ts';
import { runScan } from '../scan/run.ts';
import { readFingerprintKey } from '../store/fingerprint-key.ts';
import { type ScanRow, StateStore } from '../store/state-store.ts';

/** Ecosystems that an update without results in store brings: those of the most common bases. */
const firstEcosystems = ['Alpine', 'Debian', 'npm'] as const;

/**
 * Wires the domains together. Opens the databases in `ports.dataDir`; throws DatabaseUnusableError when they cannot be
 * used.
 */
export async function composeEngine(ports: EnginePorts): Promise<Engine> {
  const { log, clock, connections: connectionStore } = ports;
  await mkdir(ports.dataDir, { recursive: true });
  const store = new StateStore(ports.dataDir, clock, log);
  store.markInterrupted();
  const advisoriesDir = path.join(ports.dataDir, 'advisories');
  const worker = new WorkerClient(ports.workerFile, { advisories: advisoriesDir }, log);
  const documents = new Documents(store);
  const listeners = new Set<(event: EngineEvent) => void>();
  const emit = (event: EngineEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const deps: AzureDeps = { http: ports.http, log, redactor: ports.redactor, clock };
  const estates = new Map<string, Promise<Estate>>();
  const connectionNames = new Map<string, string>();
  const subscriptionNames = new Map<string, string>();
  const findings = new FindingsService(store, clock, () => ({
    connections: connectionNames,
    subscriptions: subscriptionNames,
  }));
  const analyser = new DockerfileAnalyser(store, findings, clock);
  const reader = createImageReader({
    cache: store,
    log,
    fingerprintKey: await readFingerprintKey(ports.dataDir, log),
  });
  let scanning: { readonly progress: ScanProgress; readonly startedAt: string } | undefined;

  async function list(): Promise<readonly Connection[]> {
    const all = await connectionStore.list();
    for (const { id, name } of all) connectionNames.set(id, name);
    return all;
  }

  async function connectionOf(id: string): Promise<Connection> {
    const found = (await list()).find((connection) => connection.id === id);
    if (found === undefined) throw new BadInputError('There is no such connection any more', 'Refresh the view.');
    return found;
  }

  async function secretOf(connection: Connection): Promise<ConnectionSecret> {
    const secret = await connectionStore.secret(connection.id);
    if (secret !== undefined) {
      tenants.set(connection.id, secret.tenantId);
      return secret;
    }
    await setState(connection, { state: 'secretMissing' });
    throw secretMissing(connection);
  }

  async function setState(connection: Connection, change: Partial<Connection>): Promise<Connection> {
    const next = { ...connection, ...change };
    await connectionStore.save(next);
    emit({ type: 'connections' });
    return next;
  }

  /** One estate a connection, so that tokens are kept; made anew when connection or secret change. */
  function estate(connection: Connection): Promise<Estate> {
    let made = estates.get(connection.id);
    if (made === undefined) {
      made = secretOf(connection).then((secret) => new Estate(connection, ports.cloud(connection.cloud), secret, deps));
      made.catch(() => estates.delete(connection.id));
      estates.set(connection.id, made);
    }
    return made;
  }

  /** Known once the connection's secret has been read. */
  const tenants = new Map<string, string>();
  function portalUrl(connection: Connection, resourceId: string): string | undefined {
    const tenant = tenants.get(connection.id);
    return tenant === undefined ? undefined : portalResourceUrl(ports.cloud(connection.cloud), tenant, resourceId);
  }

  function forget(connectionId: string): void {
    estates.delete(connectionId);
    tree.refresh(connectionId);
  }

  const lastVerification = (id: string): VerifyResult | undefined =>
    store.document('verification', id)?.value as VerifyResult | undefined;

  let counted: { readonly queries: FindingQueries; readonly counts: AssetCounts } | undefined;
  async function assetCounts(): Promise<AssetCounts> {
    const queries = await findings.queries();
    if (counted?.queries !== queries) counted = { queries, counts: new AssetCounts(queries.index.items) };
    return counted.counts;
  }

  const tree = new AssetTree({
    documents,
    connections: list,
    estate,
    verification: lastVerification,
    counts: assetCounts,
    ago: (iso) => agoText(iso, clock.now()),
    portalUrl,
    changed: (connectionId) => emit({ type: 'assets', connectionId }),
  });

  const advisoryStatus = (signal: AbortSignal): Promise<AdvisoryStatus> => worker.call('status', null, signal);

  /** A scan does not wait longer for an answer; without one the download is left for the next time. */
  const answerWithinMs = 120_000;
  /** Downloads that a person did not want; asked again when the data is updated by hand. */
  const declined = new Set<string>();
  const wanted = async (ecosystem: string, bytes: number): Promise<boolean> => {
    if (ports.confirmDownload === undefined) return true;
    if (declined.has(ecosystem)) return false;
    const isWanted = await Promise.race([
      ports.confirmDownload(ecosystem, bytes),
      sleep(answerWithinMs, new AbortController().signal),
    ]);
    if (isWanted === false) declined.add(ecosystem);
    return isWanted === true;
  };

  const updateAdvisories: ScanPorts['updateAdvisories'] = (ecosystems, signals, signal, onProgress) =>
    updateLibrary({
      ecosystems,
      signals,
      mirror: ports.settings().advisoryMirror,
      workFolder: advisoriesDir,
      http: ports.http,
      clock,
      log,
      signal,
      importer: workerImporter(worker, signal),
      confirm: wanted,
      ...(onProgress === undefined ? {} : { onProgress }),
    });

  const scanPorts: ScanPorts = {
    store,
    reader,
    log,
    clock,
    ranFrom: ports.ranFrom,
    estate,
    match: (request, signal) => matchInWorker(worker, request, signal),
    posture: (snapshot, signal) => worker.call('posture', { snapshot }, signal),
    advisoryStatus,
    updateAdvisories,
    dockerfiles: () => ports.dockerfiles(),
    settings: () => ports.settings(),
    business: defaultBusinessRules,
    listItem: toListItem,
    changed: (what, connectionId) => {
      if (what === 'findings') findings.invalidate();
      emit(what === 'findings' ? { type: 'findings' } : { type: 'assets', connectionId });
    },
  };

  async function summaries(): Promise<ReturnType<typeof connectionSummary>[]> {
    return (await list()).map((connection) => connectionSummary(connection, lastVerification(connection.id)));
  }

  return {
    connections: {
      list,
      async trySignIn(cloudId: Cloud['id'], secret, signal) {
        const session = createAzureSession(ports.cloud(cloudId), secret, deps);
        await session.tokens.getToken(armScope(session.cloud), signal);
      },
      async subscriptions(cloudId, secret, signal) {
        return createAzureSession(ports.cloud(cloudId), secret, deps).subscriptions(signal);
      },
      async add(connection: NewConnection) {
        const made: Connection = {
          id: randomUUID(),
          name: connection.name,
          cloud: connection.cloud,
          signIn: 'servicePrincipalSecret',
          state: 'unverified',
          capabilities: ['registries', 'posture', 'aks'],
          createdAt: clock.now().toISOString(),
          ...(connection.description === undefined ? {} : { description: connection.description }),
          ...(connection.secretExpires === undefined ? {} : { secretExpires: connection.secretExpires }),
        };
        const secretKept = await connectionStore.saveSecret(made.id, connection.secret);
        await connectionStore.save(made);
        emit({ type: 'connections' });
        return { connection: made, secretKept };
      },
      async update(id, change) {
        const old = await connectionOf(id);
        if (change.secret !== undefined) await connectionStore.saveSecret(id, change.secret);
        const resumed = old.state === 'paused' && change.paused === false;
        const reset = change.secret !== undefined || resumed;
        const next = await setState(old, {
          ...(change.name === undefined ? {} : { name: change.name }),
          ...(change.description === undefined ? {} : { description: change.description }),
          ...(change.secretExpires === undefined ? {} : { secretExpires: change.secretExpires }),
          ...(change.paused === true ? { state: 'paused' as const } : reset ? { state: 'unverified' as const } : {}),
        });
        forget(id);
        return next;
      },
      async remove(id) {
        await connectionStore.remove(id);
        forget(id);
        store.removeConnection(id);
        findings.invalidate();
        emit({ type: 'connections' });
        emit({ type: 'findings' });
      },
    },

    async verify(connectionId, signal, onStep) {
      const connection = await connectionOf(connectionId);
      const secret = await secretOf(connection);
      const status = await advisoryStatus(signal);
      const updatedAt = status.ecosystems.map((each) => each.updatedAt).sort()[0];
      await setState(connection, { state: 'verifying' });
      try {
        const result = await verify({
          connection,
          secret,
          cloud: ports.cloud(connection.cloud),
          deps,
          ranFrom: ports.ranFrom,
          secretExpiryWarningDays: ports.settings().secretExpiryWarningDays,
          vulnerabilityData: { source: status.source ?? 'osv.dev', ...(updatedAt === undefined ? {} : { updatedAt }) },
          signal,
          ...(onStep === undefined ? {} : { onStep }),
        });
        if (signal.aborted) {
          await setState(connection, { state: connection.state });
          return result;
        }
        store.putDocument('verification', connectionId, connectionId, result);
        await setState(connection, { state: result.verdict, verifiedAt: result.startedAt });
        // What was refused before may be allowed now, and the other way round.
        forget(connectionId);
        emit({ type: 'connectivity', connectionId });
        emit({ type: 'assets', connectionId });
        return result;
      } catch (error) {
        await setState(connection, { state: connection.state });
        throw error;
      }
    },
    lastVerification: (connectionId) => Promise.resolve(lastVerification(connectionId)),

    assetChildren: (node, signal) => tree.children(node, signal),
    refreshAssets(node) {
      tree.refresh(node?.connectionId);
      emit({ type: 'assets', ...(node === undefined ? {} : { connectionId: node.connectionId }) });
    },

    async scan(request, signal, onProgress) {
      if (scanning !== undefined)
        throw new BadInputError('A scan is running already', 'Wait for it to end, or cancel it.');
      const all = await list();
      const chosen = all.filter(({ id, state }) =>
        request.connectionId === undefined ? state !== 'paused' : id === request.connectionId,
      );
      if (chosen.length === 0)
        throw new BadInputError('There is nothing to scan', 'Connect an Azure subscription first.');
      const startedAt = clock.now().toISOString();
      scanning = { progress: { scanId: '', done: 0, total: 0, text: '', active: [] }, startedAt };
      try {
        const summary = await runScan(
          scanPorts,
          {
            connections: chosen,
            ...(request.connectionId === undefined ? {} : { connectionId: request.connectionId }),
            ...(request.assetId === undefined || request.assetId === request.connectionId
              ? {}
              : {
                  assetId: request.assetId,
                  ...(request.assetLabel === undefined ? {} : { assetLabel: request.assetLabel }),
                }),
          },
          signal,
          (progress) => {
            scanning = { progress, startedAt };
            onProgress?.(progress);
            emit({ type: 'scan', progress });
          },
        );
        scanning = undefined;
        if (request.assetId === undefined) {
          for (const connection of await list()) {
            if (chosen.some(({ id }) => id === connection.id))
              await setState(connection, { lastScanAt: summary.startedAt });
          }
        }
        tree.refresh();
        findings.invalidate();
        store.prune(new Date(clock.now().getTime() - ports.settings().historyDays * 86_400_000).toISOString());
        emit({ type: 'findings' });
        emit({ type: 'assets' });
        emit({ type: 'scan', ended: summary });
        return summary;
      } finally {
        scanning = undefined;
      }
    },
    scanHistory: (limit) => Promise.resolve(store.scans(limit).map(toSummary)),

    findings: {
      page: (queryId, query, offset, limit, withFacets, locate) =>
        findings.page({
          queryId,
          query,
          offset,
          limit,
          facets: withFacets,
          ...(locate === undefined ? {} : { locate }),
        }),
      detail: async (id) => {
        const all = await list();
        return findings.detail(id, (finding) => {
          const connection = all.find((each) => each.id === finding.connectionId);
          if (connection === undefined || !finding.asset.id.startsWith('/subscriptions/')) return undefined;
          return portalUrl(connection, finding.asset.id);
        });
      },
      all: (filter) => findings.all(filter),
      counts: (filter) => findings.counts(filter),
    },

    scannedImages: () => Promise.resolve(scannedImages(documents)),
    sbom: (assetId, format, toolVersion) => exportSbom({ store, documents, clock }, assetId, format, toolVersion),
    async dashboard() {
      const running = scanning;
      const summary: ScanSummary | undefined =
        running === undefined
          ? undefined
          : {
              id: running.progress.scanId,
              state: 'running',
              startedAt: running.startedAt,
              ranFrom: ports.ranFrom,
              done: running.progress.done,
              total: running.progress.total,
              target: '',
              problems: [],
            };
      return buildDashboard({
        store,
        documents,
        connections: await list(),
        items: (await findings.queries()).index.items,
        summaries: await summaries(),
        advisories: await advisoryStatus(new AbortController().signal),
        running: summary,
        ago: (iso) => agoText(iso, clock.now()),
      });
    },
    async connectivity() {
      const connections = await list();
      return {
        connections: connections.map((connection) => {
          const result = lastVerification(connection.id);
          return {
            connection: connectionSummary(connection, result),
            running: connection.state === 'verifying',
            ...(result === undefined ? {} : { result }),
          };
        }),
      };
    },

    analyzeDockerfile: (uri, text) => analyser.analyze(uri, text),
    async scanDockerfiles(files) {
      const violations = await scanDockerfiles(scanPorts, files);
      findings.invalidate();
      emit({ type: 'findings' });
      return { files: files.length, violations };
    },

    advisoryStatus: () => advisoryStatus(new AbortController().signal),
    async updateAdvisories(signal, onProgress) {
      if (!store.acquire('advisories'))
        throw new BadInputError('Another window is updating the vulnerability data', 'Wait for it to end.');
      try {
        const { offline, advisoryMirror } = ports.settings();
        if (offline && !isFolderMirror(advisoryMirror))
          throw new BadInputError(
            'Cannot update vulnerability data: Plimsoll works offline',
            'Turn plimsoll.offline off.',
          );
        declined.clear();
        const status = await advisoryStatus(signal);
        const known = status.ecosystems.map(({ ecosystem }) => ecosystem);
        const { failed } = await updateAdvisories(
          known.length === 0 ? firstEcosystems : known,
          true,
          signal,
          onProgress,
        );
        const [first] = failed;
        if (first !== undefined)
          throw new BadInputError(`Cannot update ${first.what}: ${first.reason}`, first.nextStep);
        return await advisoryStatus(signal);
      } finally {
        store.release('advisories');
      }
    },

    onDidChange(listener) {
      listeners.add(listener);
      return { dispose: () => listeners.delete(listener) };
    },
    async dispose() {
      listeners.clear();
      findings.dispose();
      await worker.close();
      store.close();
    },
  };
}

/** A stored run as the views show it. */
function toSummary({ label, ...row }: ScanRow): ScanSummary {
  return { ...row, target: label };
}
