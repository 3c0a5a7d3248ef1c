// POST /providers/Microsoft.ResourceGraph/resources
import { QueryWindow } from '../arm/quota.ts';
import type { Caller } from '../arm/replies.ts';
import { subscriptions } from '../data/estate.ts';
import type { FaultBoard, LabSettings } from '../faults.ts';
import { at, isArray, parseObject, textOf, type Json, type JsonObject } from '../json.ts';
import { json, type Exchange, type Reply } from '../origin.ts';
import { evaluate, type Result } from './evaluate.ts';
import { QueryError } from './lexer.ts';
import { parseQuery } from './parser.ts';
import { columns, rowsOf, type TableParts } from './tables.ts';

export interface ResourceGraphParts extends TableParts {
  readonly faults: FaultBoard;
  /** The most rows of a page; the service's own limit is 1000. */
  readonly pageSize: number;
}

export function resourceGraph(parts: ResourceGraphParts): (caller: Caller, exchange: Exchange) => Reply {
  const window = new QueryWindow(15, 5);
  const latest = new LatestResult(parts.faults);
  return (caller, exchange) => {
    const { remaining, resetsAfterSeconds } = window.take(caller.objectId);
    const headers = {
      'x-ms-user-quota-remaining': String(Math.max(remaining, 0)),
      'x-ms-user-quota-resets-after': `00:00:${String(resetsAfterSeconds).padStart(2, '0')}`,
    };
    if (remaining < 0 && parts.faults.settings.enforceQuotas) {
      return { ...rateLimited(), headers: { ...headers, 'retry-after': String(resetsAfterSeconds) } };
    }
    const reply = answer(parts, latest, caller, exchange);
    return { ...reply, headers: { ...headers, ...reply.headers } };
  };
}

function rateLimited(): Reply {
  return json(429, {
    error: {
      code: 'RateLimiting',
      message: `Please provide below info when asking for support: timestamp = ${new Date().toISOString()}, correlationId = ${crypto.randomUUID()}.`,
      details: [
        {
          code: 'RateLimiting',
          message:
            'Client application has been throttled and should not continue to repeat the request until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.',
        },
      ],
    },
  });
}

function badRequest(code: string, message: string): Reply {
  return json(400, {
    error: {
      code: 'BadRequest',
      message: `Please provide below info when asking for support: timestamp = ${new Date().toISOString()}, correlationId = ${crypto.randomUUID()}.`,
      details: [{ code, message }],
    },
  });
}

function answer(parts: ResourceGraphParts, latest: LatestResult, caller: Caller, exchange: Exchange): Reply {
  const contentType = exchange.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (contentType !== 'application/json') {
    exchange.violation('a query of another content type');
    return json(415, {
      error: {
        code: 'UnsupportedMediaType',
        message: 'The content media type is not supported. Only application/json is supported.',
      },
    });
  }
  const body = parseObject(exchange.body);
  const query = textOf(body?.['query']);
  if (body === undefined || query === undefined) return badRequest('InvalidPayload', 'The payload is not valid.');
  const visible = visibleSubscriptions(parts, caller, body);
  if (visible.length === 0) {
    return badRequest(
      'NoValidSubscriptionsInQueryRequest',
      "There must be at least one subscription that is eligible to contain resources. Given: ''.",
    );
  }
  try {
    const key = JSON.stringify([query, caller.objectId, visible]);
    const result = latest.find(key) ?? evaluated(parts, caller, query, visible);
    latest.keep(key, result);
    return pageOf(parts, body, query, result);
  } catch (error) {
    if (error instanceof QueryError) return badRequest(error.code, error.message);
    throw error;
  }
}

function evaluated(
  parts: ResourceGraphParts,
  caller: Caller,
  query: string,
  subscriptionIds: readonly string[],
): Result {
  const parsed = parseQuery(query);
  const rows = rowsOf(parts, parsed.table, caller.objectId, subscriptionIds);
  if (rows === undefined) {
    throw new QueryError('UnknownTable', `Table '${parsed.table}' is invalid, unsupported or disallowed.`);
  }
  return evaluate(parsed, columns, rows);
}

/** Keeps one result, so that a page after the first costs nothing; a change of settings ends it. */
class LatestResult {
  readonly #faults: FaultBoard;
  #kept: { readonly key: string; readonly settings: LabSettings; readonly result: Result } | undefined;

  constructor(faults: FaultBoard) {
    this.#faults = faults;
  }

  find(key: string): Result | undefined {
    return this.#kept?.key === key && this.#kept.settings === this.#faults.settings ? this.#kept.result : undefined;
  }

  keep(key: string, result: Result): void {
    this.#kept = { key, settings: this.#faults.settings, result };
  }
}

function visibleSubscriptions(parts: ResourceGraphParts, caller: Caller, body: JsonObject): string[] {
  const asked = isArray(body['subscriptions'])
    ? body['subscriptions'].map((id) => textOf(id)?.toLowerCase())
    : undefined;
  const groups = isArray(body['managementGroups']) ? body['managementGroups'].map((name) => textOf(name)) : undefined;
  return subscriptions
    .filter(
      (one) =>
        caller.tenantId === one.tenantId && parts.access.knows(caller.objectId, `/subscriptions/${one.subscriptionId}`),
    )
    .filter((one) => asked === undefined || asked.includes(one.subscriptionId))
    .filter((one) => groups === undefined || one.managementGroups.some((name) => groups.includes(name)))
    .map((one) => one.subscriptionId);
}

function pageOf(parts: ResourceGraphParts, body: JsonObject, query: string, result: Result): Reply {
  const asked = at(body, 'options', '$top');
  const pageable = result.pages && result.columns.includes('id');
  const wanted = Math.min(typeof asked === 'number' && asked > 0 ? asked : 100, 1000);
  const top = pageable ? Math.min(wanted, parts.pageSize) : wanted;
  const token = textOf(at(body, 'options', '$skipToken'));
  const skip = at(body, 'options', '$skip');
  let start = typeof skip === 'number' ? skip : 0;
  if (token !== undefined && token !== '') {
    const state = parseObject(Buffer.from(token, 'base64').toString('utf8'));
    const from = state?.['from'];
    if (typeof from !== 'number' || state?.['query'] !== query)
      return badRequest('InvalidSkipToken', 'The skip token is not valid for this query.');
    start = from;
  }
  const rows = result.rows.slice(start, start + top);
  const more = start + top < result.rows.length;
  const next = Buffer.from(JSON.stringify({ $id: '1', from: start + top, query })).toString('base64');
  return json(200, {
    totalRecords: result.rows.length,
    count: rows.length,
    resultTruncated: more && !pageable ? 'true' : 'false',
    ...(more && pageable ? { $skipToken: next } : {}),
    facets: [],
    data: dataOf(textOf(at(body, 'options', 'resultFormat')), result, rows),
  });
}

function dataOf(format: string | undefined, result: Result, rows: readonly JsonObject[]): Json {
  if (format !== 'table') return rows;
  return {
    columns: result.columns.map((name) => ({ name, type: 'object' })),
    rows: rows.map((one) => result.columns.map((name) => one[name] ?? null)),
  };
}
