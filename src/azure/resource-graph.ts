import * as z from 'zod';
import { sleep } from '../core/concurrency.ts';
import { isEngineError, LimitExceededError, UnexpectedResponseError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { SdkClients } from './sdk/clients.ts';
import type { Wire } from './wire.ts';

export type GraphRow = Readonly<Record<string, unknown>>;

export interface GraphPage {
  readonly rows: readonly GraphRow[];
  /** True when the service left rows out; only on the last page. */
  readonly truncated: boolean;
}

export interface GraphQuery {
  /** GUIDs; absent: all that the identity can see in the tenant. */
  readonly subscriptions?: readonly string[];
  /** KQL that projects `id` and orders by it: without either there is no paging. Never built from foreign text. */
  readonly query: string;
  /** Rows a page, at most 1000. */
  readonly top?: number;
}

/** Asks Azure Resource Graph and follows its pages. Azure Resource Graph, "Work with large Azure resource data sets". */
export interface ResourceGraph {
  /**
   * Rows that may not be read are left out by the service without a word: a missing row proves nothing. Throws what
   * `armError` makes; LimitExceededError when the pages do not end.
   */
  query(query: GraphQuery, signal: AbortSignal): AsyncGenerator<GraphPage, void, undefined>;
}

/** Subscriptions in one query. */
const sliceSize = 1000;
const mostPages = 2000;
const pageRows = 1000;
const longestPauseMs = 15_000;

const rowsSchema = z.array(z.record(z.string(), z.unknown()));

/** State of the quota, shared by all queries of a session. Azure Resource Graph, "Guidance for throttled requests". */
export interface QuotaGate {
  /** Wraps a wire: reads the quota headers of its answers. */
  watch(wire: Wire): Wire;
  /** Waits while the quota is used up. */
  pass(signal: AbortSignal): Promise<void>;
}

export function createQuotaGate(): QuotaGate {
  let closedUntil = 0;
  return {
    watch: (wire) => async (request) => {
      const answer = await wire(request);
      const remaining = Number(answer.headers['x-ms-user-quota-remaining'] ?? Number.NaN);
      if (remaining === 0) {
        closedUntil = performance.now() + resetAfterMs(answer.headers['x-ms-user-quota-resets-after']);
      }
      return answer;
    },
    async pass(signal) {
      for (let wait = closedUntil - performance.now(); wait > 0; wait = closedUntil - performance.now()) {
        await sleep(wait, signal);
      }
    },
  };
}

/** `00:00:05` in milliseconds, bounded; one second when it cannot be read. */
export function resetAfterMs(text: string | undefined): number {
  const [, hours = '0', minutes = '0', seconds = ''] = /^(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(text ?? '') ?? [];
  if (seconds === '') return 1000;
  return Math.min(longestPauseMs, ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000);
}

export function createResourceGraph(loadClients: () => Promise<SdkClients>, gate: QuotaGate, log: Log): ResourceGraph {
  async function* slice(
    subscriptions: readonly string[] | undefined,
    query: string,
    rowsAPage: number,
    signal: AbortSignal,
  ): AsyncGenerator<GraphPage, void, undefined> {
    const clients = await loadClients();
    let top = rowsAPage;
    let skipToken: string | undefined;
    const seen = new Set<string>();
    for (;;) {
      await gate.pass(signal);
      let page;
      try {
        page = await clients.query(
          subscriptions,
          query,
          { top, ...(skipToken === undefined ? {} : { skipToken }) },
          signal,
        );
      } catch (error) {
        if (top > 10 && isTooLarge(error)) {
          top = Math.max(10, Math.floor(top / 4));
          log.debug('page of resources too large', { rows: top });
          continue;
        }
        throw error;
      }
      const rows = rowsSchema.safeParse(page.rows ?? []);
      if (!rows.success) {
        throw new UnexpectedResponseError(
          'Cannot understand the answer of Resource Graph: its rows are no list of objects',
          'Report this with the log.',
          { url: 'Microsoft.ResourceGraph/resources' },
        );
      }
      skipToken = page.skipToken;
      yield { rows: rows.data, truncated: page.truncated };
      if (skipToken === undefined) return;
      if (seen.has(skipToken) || seen.size >= mostPages) {
        throw new LimitExceededError('Cannot read all resources: the pages do not end', 'Scan fewer subscriptions.');
      }
      seen.add(skipToken);
    }
  }

  return {
    async *query(request, signal) {
      const top = Math.min(pageRows, request.top ?? pageRows);
      const { subscriptions } = request;
      if (subscriptions === undefined) {
        yield* slice(undefined, request.query, top, signal);
        return;
      }
      for (let at = 0; at < subscriptions.length; at += sliceSize) {
        yield* slice(subscriptions.slice(at, at + sliceSize), request.query, top, signal);
      }
    },
  };
}

/** The whole answer would be over the service's limit, or over ours. */
function isTooLarge(error: unknown): boolean {
  if (!isEngineError(error)) return false;
  if (error.code === 'limit-exceeded') return true;
  return 'serviceCode' in error && error.serviceCode === 'ResponsePayloadTooLarge';
}
