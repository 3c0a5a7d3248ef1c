// Microsoft Graph: the `roles` claim of the token decides, and nothing else.
import { randomUUID } from 'node:crypto';
import { graphCollections } from './data/graph.ts';
import { isArray, textOf, type JsonObject } from './json.ts';
import { json, type Exchange, type Handler, type Reply } from './origin.ts';
import { isExpired, type TokenSigner } from './tokens.ts';

export interface GraphParts {
  readonly signer: TokenSigner;
  readonly audience: string;
  readonly tenantId: string;
  readonly pageSize: number;
}

export function microsoftGraph(parts: GraphParts): Handler {
  return (exchange) => {
    const reply = route(parts, exchange);
    return {
      ...reply,
      headers: {
        'request-id': randomUUID(),
        'client-request-id': randomUUID(),
        'odata-version': '4.0',
        ...reply.headers,
      },
    };
  };
}

function graphError(status: number, code: string, message: string): Reply {
  const date = new Date().toISOString().slice(0, 19);
  return json(status, {
    error: { code, message, innerError: { date, 'request-id': randomUUID(), 'client-request-id': randomUUID() } },
  });
}

function route(parts: GraphParts, exchange: Exchange): Reply {
  if (exchange.method !== 'GET') {
    exchange.violation(`not a read: ${exchange.method}`);
    return graphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  }
  const token = /^Bearer (\S+)$/.exec(exchange.headers['authorization'] ?? '')?.[1];
  if (token === undefined) return graphError(401, 'InvalidAuthenticationToken', 'Access token is empty.');
  const claims = parts.signer.verify(token);
  if (claims === undefined || claims['tid'] !== parts.tenantId)
    return graphError(401, 'InvalidAuthenticationToken', 'Access token validation failure.');
  if (
    ![parts.audience, '00000003-0000-0000-c000-000000000000'].includes((textOf(claims['aud']) ?? '').replace(/\/$/, ''))
  ) {
    exchange.violation('a token that was not made for Microsoft Graph');
    return graphError(401, 'InvalidAuthenticationToken', 'Access token validation failure. Invalid audience.');
  }
  if (isExpired(claims))
    return graphError(401, 'InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.');
  const path = decodeURIComponent(exchange.path).toLowerCase().replace(/\/$/, '');
  const collection = graphCollections.find((known) => `/v1.0${known.path}` === path);
  if (collection === undefined) {
    exchange.violation('unknown path');
    return graphError(
      404,
      'Request_ResourceNotFound',
      `Resource '${exchange.path}' does not exist or one of its queried reference-property objects are not present.`,
    );
  }
  const roles = isArray(claims['roles']) ? claims['roles'] : [];
  if (!collection.roles.some((role) => roles.includes(role))) {
    return graphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
  }
  const context = { '@odata.context': `${exchange.origin}/v1.0/$metadata#${collection.path.slice(1)}` };
  if (collection.single !== undefined) return json(200, { ...context, ...selected(exchange, collection.single) });
  return pageOf(parts, exchange, context, collection.items ?? []);
}

function pageOf(parts: GraphParts, exchange: Exchange, context: JsonObject, items: readonly JsonObject[]): Reply {
  const top = Number(exchange.query.get('$top') ?? parts.pageSize);
  const size = Math.min(Number.isInteger(top) && top > 0 ? top : parts.pageSize, parts.pageSize);
  const start = Number(exchange.query.get('$skiptoken')?.replace('page-', '') ?? '0');
  const value = items.slice(start, start + size).map((item) => selected(exchange, item));
  if (start + size >= items.length) return json(200, { ...context, value });
  const next = new URLSearchParams(exchange.query);
  next.set('$skiptoken', `page-${start + size}`);
  return json(200, { ...context, '@odata.nextLink': `${exchange.origin}${exchange.path}?${next.toString()}`, value });
}

function selected(exchange: Exchange, item: JsonObject): JsonObject {
  const names = exchange.query
    .get('$select')
    ?.split(',')
    .map((name) => name.trim());
  if (names === undefined) return item;
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name) || name.startsWith('@')));
}
