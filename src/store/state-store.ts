import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { Clock } from '../core/clock.ts';
import { TurnTaker, yieldToEventLoop } from '../core/concurrency.ts';
import type { Log } from '../core/log.ts';
import { applyScan, type StoredFinding } from '../findings/identity.ts';
import type { Finding, FindingDraft } from '../findings/types.ts';
import { readerVersion } from '../image/reader-version.ts';
import type { ImageReport, LayerCache, LayerContent } from '../image/types.ts';
import { inTransaction, openDatabase } from './database.ts';
import { decodeLayer, encodeLayer, layerFormat } from './layer-codec.ts';
import { stateMigrations } from './schema.ts';

const deflate = promisify<string, object, Buffer>(deflateRaw);
const inflate = promisify<Uint8Array, object, Buffer>(inflateRaw);

/** What readers of other versions kept is forgotten and read again. */
const imageFormat = readerVersion;
const storedLayer = layerFormat * 1000 + readerVersion;

/** A lease whose owner has not shown up for this long is free. */
const leaseTimeoutMs = 30_000;

export interface ScanRow {
  readonly id: string;
  readonly connectionId?: string;
  /** Id under which runs of the same target are compared. */
  readonly target: string;
  /** The target in words. */
  readonly label: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly state: 'running' | 'complete' | 'partial' | 'cancelled' | 'interrupted' | 'failed';
  readonly ranFrom: string;
  readonly done: number;
  readonly total: number;
  readonly problems: readonly { readonly what: string; readonly reason: string; readonly nextStep: string }[];
}

/** state.db: what was read and found, shared by all windows. Throws DatabaseUnusableError when it cannot be opened. */
export class StateStore implements LayerCache {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #owner = randomUUID();
  readonly #statements = new Map<string, StatementSync>();

  constructor(dataDir: string, clock: Clock, log: Log) {
    this.#database = openDatabase(path.join(dataDir, 'state.db'), stateMigrations);
    this.#clock = clock;
    this.#log = log;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }

  // — layers and images —

  async getLayer(diffId: string): Promise<LayerContent | undefined> {
    const row = this.#sql('SELECT content FROM layers WHERE diff_id = ? AND format = ?').get(diffId, storedLayer);
    const content = row?.['content'];
    if (!(content instanceof Uint8Array)) return undefined;
    try {
      return await decodeLayer(content);
    } catch (error) {
      this.#log.error('stored layer unusable', error, { diffId });
      this.#sql('DELETE FROM layers WHERE diff_id = ?').run(diffId);
      return undefined;
    }
  }

  async putLayer(layer: LayerContent): Promise<void> {
    const content = await encodeLayer(layer);
    this.#sql('INSERT OR REPLACE INTO layers (diff_id, format, content, read_at) VALUES (?, ?, ?, ?)').run(
      layer.diffId,
      storedLayer,
      content,
      this.#now(),
    );
  }

  async getImage(digest: string): Promise<ImageReport | undefined> {
    const row = this.#sql('SELECT report FROM images WHERE digest = ? AND format = ?').get(digest, imageFormat);
    const report = row?.['report'];
    if (!(report instanceof Uint8Array)) return undefined;
    try {
      const text = (await inflate(report, {})).toString('utf8');
      return JSON.parse(text) as ImageReport; // our own writing
    } catch (error) {
      this.#log.error('stored image unusable', error, { digest });
      this.#sql('DELETE FROM images WHERE digest = ?').run(digest);
      return undefined;
    }
  }

  async putImage(report: ImageReport): Promise<void> {
    const content = await deflate(JSON.stringify(report), { level: 1 });
    this.#sql('INSERT OR REPLACE INTO images (digest, format, report, read_at) VALUES (?, ?, ?, ?)').run(
      report.digest,
      imageFormat,
      content,
      this.#now(),
    );
  }

  // — findings —

  /**
   * Takes the results for one scope (an image digest, the posture of a registry, a Dockerfile): earlier findings of the
   * scope that are not among the drafts become `fixed`, unless access was denied. Several scopes may share a call.
   */
  async applyResults(
    scope: string,
    connectionId: string | undefined,
    scanId: string,
    drafts: readonly FindingDraft[],
    listItem: (finding: Finding) => unknown,
    outOfReach?: (finding: Finding) => boolean,
  ): Promise<void> {
    const before = new Map<string, StoredFinding>();
    const reading = new TurnTaker();
    for (const row of this.#sql(
      'SELECT detail, state, first_seen, last_seen, fixed_at, reopened_at, history FROM findings WHERE scope = ?',
    ).all(scope)) {
      const finding = toFinding(row);
      before.set(finding.id, finding);
      await reading.pause();
    }
    const now = this.#now();
    const changed = applyScan(before, drafts, now, scanId, outOfReach);
    let at = 0;
    while (at < changed.length) {
      const turns = new TurnTaker();
      inTransaction(this.#database, () => {
        const put = this.#sql(
          `INSERT OR REPLACE INTO findings
           (id, scope, connection_id, state, first_seen, last_seen, fixed_at, reopened_at, effective, item, detail, history)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        );
        do {
          const finding = changed[at++];
          if (finding === undefined) break;
          const { state, firstSeen, lastSeen, fixedAt, reopenedAt, history, ...draft } = finding;
          put.run(
            finding.id,
            scope,
            connectionId ?? null,
            state,
            firstSeen,
            lastSeen,
            fixedAt ?? null,
            reopenedAt ?? null,
            finding.explanation.effective,
            JSON.stringify(listItem(finding)),
            JSON.stringify(draft),
            JSON.stringify(history),
          );
        } while (!turns.isDue);
        this.#sql('UPDATE change_counter SET findings = findings + 1').run();
      });
      await yieldToEventLoop();
    }
  }

  /** Scopes that begin with `prefix`, to find those that are gone. */
  scopes(prefix: string): string[] {
    const rows = this.#sql('SELECT DISTINCT scope FROM findings WHERE scope >= ? AND scope < ?').all(
      prefix,
      `${prefix}\uffff`,
    );
    return rows.map((row) => String(row['scope']));
  }

  /** Compact list items of all findings, in slices. */
  async *listItems(): AsyncGenerator<readonly string[], void, undefined> {
    let last = '';
    for (;;) {
      const rows = this.#sql('SELECT id, item FROM findings WHERE id > ? ORDER BY id LIMIT 500').all(last);
      if (rows.length === 0) return;
      last = String(rows[rows.length - 1]?.['id']);
      yield rows.map((row) => String(row['item']));
      await yieldToEventLoop();
    }
  }

  finding(id: string): Finding | undefined {
    const row = this.#sql(
      'SELECT detail, state, first_seen, last_seen, fixed_at, reopened_at, history FROM findings WHERE id = ?',
    ).get(id);
    return row === undefined ? undefined : toFinding(row);
  }

  /** Rises with every change of findings, in whatever window. */
  findingsVersion(): number {
    return Number(this.#sql('SELECT findings FROM change_counter').get()?.['findings'] ?? 0);
  }

  // — scans —

  startScan(scan: Omit<ScanRow, 'state' | 'endedAt' | 'problems' | 'done' | 'total'>): void {
    this.#sql(
      `INSERT INTO scans (id, connection_id, target, label, started_at, state, ran_from, owner, done, total, problems)
       VALUES (?, ?, ?, ?, ?, 'running', ?, ?, 0, 0, '[]')`,
    ).run(scan.id, scan.connectionId ?? null, scan.target, scan.label, scan.startedAt, scan.ranFrom, this.#owner);
  }

  updateScan(
    id: string,
    change: Pick<ScanRow, 'state' | 'done' | 'total' | 'problems'> & { readonly endedAt?: string },
  ): void {
    this.#sql('UPDATE scans SET state = ?, done = ?, total = ?, problems = ?, ended_at = ? WHERE id = ?').run(
      change.state,
      change.done,
      change.total,
      JSON.stringify(change.problems),
      change.endedAt ?? null,
      id,
    );
  }

  jobDone(scanId: string, key: string): void {
    this.#sql('INSERT OR IGNORE INTO scan_jobs (scan_id, key) VALUES (?, ?)').run(scanId, key);
  }

  /** Jobs that a scan finished before it was cut off. */
  jobsDone(scanId: string): Set<string> {
    return new Set(
      this.#sql('SELECT key FROM scan_jobs WHERE scan_id = ?')
        .all(scanId)
        .map((row) => String(row['key'])),
    );
  }

  /** Newest first. */
  scans(limit: number): ScanRow[] {
    return this.#sql('SELECT * FROM scans ORDER BY started_at DESC, id DESC LIMIT ?').all(limit).map(toScan);
  }

  lastScan(target: string): ScanRow | undefined {
    const row = this.#sql('SELECT * FROM scans WHERE target = ? ORDER BY started_at DESC, id DESC LIMIT 1').get(target);
    return row === undefined ? undefined : toScan(row);
  }

  /** Marks scans as interrupted whose window is gone: they run, but nobody holds the lease. */
  markInterrupted(): number {
    if (this.#leaseHolder('scan') !== undefined) return 0;
    const result = this.#sql(`UPDATE scans SET state = 'interrupted', ended_at = ? WHERE state = 'running'`).run(
      this.#now(),
    );
    return Number(result.changes);
  }

  // — leases —

  /** True when this window now holds the lease. Renew it with `heartbeat` at least every ten seconds. */
  acquire(name: string): boolean {
    return inTransaction(this.#database, () => {
      const holder = this.#leaseHolder(name);
      if (holder !== undefined && holder !== this.#owner) return false;
      this.#sql('INSERT OR REPLACE INTO leases (name, owner, heartbeat) VALUES (?, ?, ?)').run(
        name,
        this.#owner,
        this.#clock.now().getTime(),
      );
      return true;
    });
  }

  heartbeat(name: string): void {
    this.#sql('UPDATE leases SET heartbeat = ? WHERE name = ? AND owner = ?').run(
      this.#clock.now().getTime(),
      name,
      this.#owner,
    );
  }

  release(name: string): void {
    this.#sql('DELETE FROM leases WHERE name = ? AND owner = ?').run(name, this.#owner);
  }

  #leaseHolder(name: string): string | undefined {
    const row = this.#sql('SELECT owner, heartbeat FROM leases WHERE name = ?').get(name);
    if (row === undefined) return undefined;
    if (this.#clock.now().getTime() - Number(row['heartbeat']) > leaseTimeoutMs) return undefined;
    return String(row['owner']);
  }

  // — documents: small JSON values by kind and key —

  document(kind: string, key: string): { readonly value: unknown; readonly writtenAt: string } | undefined {
    const row = this.#sql('SELECT value, written_at FROM documents WHERE kind = ? AND key = ?').get(kind, key);
    if (row === undefined) return undefined;
    return { value: JSON.parse(String(row['value'])) as unknown, writtenAt: String(row['written_at']) };
  }

  documents(
    kind: string,
    connectionId?: string,
  ): { readonly key: string; readonly value: unknown; readonly writtenAt: string }[] {
    const parameters: SQLInputValue[] = connectionId === undefined ? [kind] : [kind, connectionId];
    const where = connectionId === undefined ? '' : ' AND connection_id = ?';
    return this.#sql(`SELECT key, value, written_at FROM documents WHERE kind = ?${where} ORDER BY key`)
      .all(...parameters)
      .map((row) => ({
        key: String(row['key']),
        value: JSON.parse(String(row['value'])) as unknown,
        writtenAt: String(row['written_at']),
      }));
  }

  putDocument(kind: string, key: string, connectionId: string | undefined, value: unknown): void {
    this.#sql(
      'INSERT OR REPLACE INTO documents (kind, key, connection_id, written_at, value) VALUES (?, ?, ?, ?, ?)',
    ).run(kind, key, connectionId ?? null, this.#now(), JSON.stringify(value));
  }

  removeDocument(kind: string, key: string): void {
    this.#sql('DELETE FROM documents WHERE kind = ? AND key = ?').run(kind, key);
  }

  /** Removes everything that belongs to a connection. Layers and images stay: they are keyed by content. */
  removeConnection(connectionId: string): void {
    inTransaction(this.#database, () => {
      this.#sql('DELETE FROM findings WHERE connection_id = ?').run(connectionId);
      this.#sql('DELETE FROM documents WHERE connection_id = ?').run(connectionId);
      this.#sql('DELETE FROM scans WHERE connection_id = ?').run(connectionId);
      this.#sql('UPDATE change_counter SET findings = findings + 1').run();
    });
  }

  /** Forgets scans that ended, and findings fixed, before the given ISO time. */
  prune(before: string): void {
    inTransaction(this.#database, () => {
      this.#sql('DELETE FROM scans WHERE ended_at IS NOT NULL AND ended_at < ?').run(before);
      this.#sql(`DELETE FROM findings WHERE state = 'fixed' AND fixed_at < ?`).run(before);
    });
  }
}

type Row = Record<string, unknown>;

function toFinding(row: Row): StoredFinding {
  const draft = JSON.parse(String(row['detail'])) as FindingDraft; // our own writing
  const history = JSON.parse(String(row['history'])) as Finding['history'];
  return {
    ...draft,
    state: String(row['state']) as Finding['state'],
    firstSeen: String(row['first_seen']),
    lastSeen: String(row['last_seen']),
    ...(typeof row['fixed_at'] === 'string' ? { fixedAt: row['fixed_at'] } : {}),
    ...(typeof row['reopened_at'] === 'string' ? { reopenedAt: row['reopened_at'] } : {}),
    history,
  };
}

function toScan(row: Row): ScanRow {
  return {
    id: String(row['id']),
    ...(typeof row['connection_id'] === 'string' ? { connectionId: row['connection_id'] } : {}),
    target: String(row['target']),
    label: String(row['label']),
    startedAt: String(row['started_at']),
    ...(typeof row['ended_at'] === 'string' ? { endedAt: row['ended_at'] } : {}),
    state: String(row['state']) as ScanRow['state'],
    ranFrom: String(row['ran_from']),
    done: Number(row['done']),
    total: Number(row['total']),
    problems: JSON.parse(String(row['problems'])) as ScanRow['problems'],
  };
}
