// Answers of Resource Manager: the error envelope, pages, the headers that come with everything.
import { randomUUID } from 'node:crypto';
import type { Json, JsonObject } from '../json.ts';
import { json, type Exchange, type Reply } from '../origin.ts';

export function armError(status: number, code: string, message: string, headers: Reply['headers'] = {}): Reply {
  return json(status, { error: { code, message } }, { 'x-ms-failure-cause': 'gateway', ...headers });
}

export interface Caller {
  readonly clientId: string;
  readonly objectId: string;
  readonly tenantId: string;
}

export function authorizationFailed(caller: Caller, action: string, scope: string): Reply {
  return armError(
    403,
    'AuthorizationFailed',
    `The client '${caller.clientId}' with object id '${caller.objectId}' does not have authorization to perform action '${action}' over scope '${scope === '' ? '/' : scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

/** One page of a list; `$skiptoken` says where it begins. */
export function page(exchange: Exchange, items: readonly Json[], size: number, more: JsonObject = {}): Reply {
  const given = [...exchange.query].find(([name]) => name.toLowerCase() === '$skiptoken')?.[1];
  const start = given === undefined ? 0 : Number(Buffer.from(given, 'base64url').toString('utf8').replace('item:', ''));
  if (!Number.isInteger(start) || start < 0) return armError(400, 'InvalidSkipToken', 'The skip token is not valid.');
  const value = items.slice(start, start + size);
  if (start + size >= items.length) return json(200, { value, ...more });
  const next = new URLSearchParams([...exchange.query].filter(([name]) => name.toLowerCase() !== '$skiptoken'));
  next.set('$skiptoken', Buffer.from(`item:${start + size}`).toString('base64url'));
  return json(200, { value, nextLink: `${exchange.origin}${exchange.path}?${next.toString()}`, ...more });
}

/** Headers of every answer. */
export function commonHeaders(exchange: Exchange): Record<string, string> {
  const correlation = exchange.headers['x-ms-correlation-request-id'] ?? randomUUID();
  const time = new Date()
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d{3}/, '');
  return {
    'cache-control': 'no-cache',
    pragma: 'no-cache',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-ms-request-id': randomUUID(),
    'x-ms-correlation-request-id': correlation,
    'x-ms-routing-request-id': `WESTEUROPE:${time}:${correlation}`,
  };
}
