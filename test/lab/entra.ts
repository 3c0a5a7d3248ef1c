// Microsoft Entra ID: discovery and the v2 token endpoint for client credentials.
import { randomBytes, randomUUID } from 'node:crypto';
import type { App, Tenant } from './data/directory.ts';
import type { FaultBoard } from './faults.ts';
import { at, isArray, parseJson, type JsonObject } from './json.ts';
import { json, type Exchange, type Handler, type Reply } from './origin.ts';
import type { TokenSigner } from './tokens.ts';

/** A resource that tokens are made for. */
interface Resource {
  readonly kind: 'arm' | 'registry' | 'graph' | 'kubernetes' | 'other';
  /** As asked for in scopes, without trailing slash. */
  readonly audience: string;
}

export interface EntraParts {
  readonly tenants: readonly Tenant[];
  readonly apps: readonly App[];
  readonly resources: readonly Resource[];
  readonly signer: TokenSigner;
  readonly faults: FaultBoard;
  /** Name of the app whose secret the setting `secretExpired` expires. */
  readonly mainApp: string;
}

interface Refusal {
  readonly code: number;
  readonly error: string;
  readonly status: number;
  readonly text: string;
  readonly suberror?: string;
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function entra(parts: EntraParts): Handler {
  return (exchange) => {
    const reply = route(parts, exchange);
    return {
      ...reply,
      headers: {
        'cache-control': 'no-store, no-cache',
        pragma: 'no-cache',
        'x-ms-request-id': randomUUID(),
        'x-ms-ests-server': '2.1.22222.3 - WEULR1 ProdSlices',
        'client-request-id':
          exchange.query.get('client-request-id') ?? exchange.headers['x-ms-client-request-id'] ?? randomUUID(),
        p3p: 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
        ...reply.headers,
      },
    };
  };
}

function route(parts: EntraParts, exchange: Exchange): Reply {
  const { path, method } = exchange;
  const discovery = /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/.exec(path);
  if (discovery !== null && method === 'GET') return configuration(parts, exchange, discovery[1] ?? '');
  const token = /^\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(path);
  if (token !== null) {
    if (method === 'POST') return tokenReply(parts, exchange, token[1] ?? '');
    exchange.violation(`${method} on the token endpoint`);
    return refuse({
      code: 900561,
      error: 'invalid_request',
      status: 405,
      text: `The endpoint only accepts POST requests. Received a ${method} request.`,
    });
  }
  if (/^\/[^/]+\/discovery\/v2\.0\/keys$/.test(path) && method === 'GET')
    return json(200, { keys: [parts.signer.jwk()] });
  if (path === '/common/discovery/instance' && method === 'GET') return instanceDiscovery(exchange);
  exchange.violation('unknown path');
  return {
    status: 404,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<html><head><title>404</title></head><body></body></html>',
  };
}

function instanceDiscovery(exchange: Exchange): Reply {
  const endpoint = exchange.query.get('authorization_endpoint') ?? '';
  const tenantId = URL.canParse(endpoint) ? (new URL(endpoint).pathname.split('/')[1] ?? 'common') : 'common';
  return json(200, {
    tenant_discovery_endpoint: `${exchange.origin}/${tenantId}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: exchange.host, preferred_cache: exchange.host, aliases: [exchange.host] }],
  });
}

/** The tenant of the first path segment, or why there is none. */
function findTenant(parts: EntraParts, segment: string): Tenant | Refusal {
  const wanted = decodeURIComponent(segment).toLowerCase();
  const found = parts.tenants.find(({ tenantId, domain }) => tenantId === wanted || domain === wanted);
  if (found !== undefined) return found;
  if (!guid.test(wanted) && !wanted.includes('.')) {
    return {
      code: 900023,
      error: 'invalid_request',
      status: 400,
      text: `Specified tenant identifier '${wanted}' is neither a valid DNS name, nor a valid external domain.`,
    };
  }
  return {
    code: 90002,
    error: 'invalid_request',
    status: 400,
    text: `Tenant '${wanted}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  };
}

function configuration(parts: EntraParts, exchange: Exchange, segment: string): Reply {
  const found = findTenant(parts, segment);
  if ('code' in found) return refuse({ ...found, error: found.code === 90002 ? 'invalid_tenant' : found.error });
  const base = `${exchange.origin}/${found.tenantId}`;
  return json(200, {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    tenant_region_scope: 'EU',
    cloud_instance_name: exchange.host,
  });
}

function tokenReply(parts: EntraParts, exchange: Exchange, segment: string): Reply {
  const fault = exchange.faults.find(({ kind }) => kind === 'aadsts');
  if (fault?.code !== undefined) {
    return refuse({
      code: fault.code,
      error: fault.text ?? 'invalid_request',
      status: fault.status ?? 400,
      text: 'A fault that the lab was asked for.',
    });
  }
  const contentType = exchange.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (contentType !== 'application/x-www-form-urlencoded') {
    exchange.violation('a form of another content type');
    return refuse({
      code: 900144,
      error: 'invalid_request',
      status: 400,
      text: "The request body must contain the following parameter: 'grant_type'.",
    });
  }
  const form = new URLSearchParams(exchange.body);
  const outcome = grant(parts, form, segment);
  return 'code' in outcome ? refuse(outcome) : json(200, issue(parts, outcome, form));
}

interface Granted {
  readonly tenant: Tenant;
  readonly app: App;
  readonly resource: Resource;
  readonly audience: string;
}

function grant(parts: EntraParts, form: URLSearchParams, segment: string): Granted | Refusal {
  for (const name of ['grant_type', 'client_id', 'scope']) {
    if ((form.get(name) ?? '') === '') {
      return {
        code: 900144,
        error: 'invalid_request',
        status: 400,
        text: `The request body must contain the following parameter: '${name}'.`,
      };
    }
  }
  if (form.get('grant_type') !== 'client_credentials') {
    return {
      code: 70003,
      error: 'unsupported_grant_type',
      status: 400,
      text: 'The app requested an unsupported grant type.',
    };
  }
  if (['common', 'organizations', 'consumers'].includes(segment)) {
    return {
      code: 9001023,
      error: 'invalid_request',
      status: 400,
      text: 'The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.',
    };
  }
  const tenant = findTenant(parts, segment);
  if ('code' in tenant) return tenant;
  const clientId = (form.get('client_id') ?? '').toLowerCase();
  const app = parts.apps.find((known) => known.clientId === clientId && known.tenantId === tenant.tenantId);
  if (app === undefined) {
    return {
      code: 700016,
      error: 'unauthorized_client',
      status: 400,
      text: `Application with identifier '${clientId}' was not found in the directory '${tenant.displayName}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
    };
  }
  const refused = refusalOfSecret(parts, app, form.get('client_secret') ?? '') ?? refusalOfApp(app);
  return refused ?? grantScope(parts, tenant, app, form.get('scope') ?? '');
}

function refusalOfSecret(parts: EntraParts, app: App, given: string): Refusal | undefined {
  if (given === '') {
    return {
      code: 7000216,
      error: 'invalid_client',
      status: 401,
      text: "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    };
  }
  const secret = app.secrets.find(({ value }) => value === given);
  if (secret === undefined) {
    return {
      code: 7000215,
      error: 'invalid_client',
      status: 401,
      text: `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${app.clientId}'.`,
    };
  }
  const expired =
    Date.parse(secret.expires) <= Date.now() || (parts.faults.settings.secretExpired && app.name === parts.mainApp);
  return expired
    ? {
        code: 7000222,
        error: 'invalid_client',
        status: 401,
        text: `The provided client secret keys for app '${app.clientId}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.`,
      }
    : undefined;
}

function refusalOfApp(app: App): Refusal | undefined {
  if (!app.enabled) {
    return {
      code: 7000112,
      error: 'unauthorized_client',
      status: 400,
      text: `Application '${app.clientId}'(${app.displayName}) is disabled.`,
    };
  }
  if (app.blocked) {
    return {
      code: 53003,
      error: 'access_denied',
      status: 400,
      suberror: 'message_only',
      text: 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
    };
  }
  return undefined;
}

function grantScope(parts: EntraParts, tenant: Tenant, app: App, scope: string): Granted | Refusal {
  const scopes = scope
    .split(' ')
    .filter((part) => part !== '' && !['openid', 'profile', 'offline_access'].includes(part));
  const [first = ''] = scopes;
  if (scopes.length > 1) {
    return {
      code: 700022,
      error: 'invalid_resource',
      status: 400,
      text: 'The provided value for the input parameter scope is not valid because it contains more than one resource.',
    };
  }
  if (!first.endsWith('/.default')) {
    return {
      code: 70011,
      error: 'invalid_scope',
      status: 400,
      text: `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${first} is not valid.`,
    };
  }
  const audience = first.slice(0, -'/.default'.length);
  const resource = parts.resources.find((known) => known.audience === audience.replace(/\/$/, ''));
  if (resource === undefined || (resource.kind === 'registry' && parts.faults.settings.registryAudienceUnknown)) {
    return {
      code: 500011,
      error: 'invalid_resource',
      status: 400,
      text: `The resource principal named ${audience} was not found in the tenant named ${tenant.displayName}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
    };
  }
  return { tenant, app, resource, audience };
}

function issue(parts: EntraParts, { tenant, app, resource, audience }: Granted, form: URLSearchParams): JsonObject {
  const lifetime = parts.faults.settings.tokenLifetimeSeconds;
  const now = Math.floor(Date.now() / 1000);
  const capabilities = at(parseJson(form.get('claims') ?? ''), 'access_token', 'xms_cc', 'values');
  const token = parts.signer.sign({
    aud: audience,
    iss: `https://sts.windows.net/${tenant.tenantId}/`,
    iat: now,
    nbf: now,
    exp: now + lifetime,
    aio: randomBytes(24).toString('base64'),
    appid: app.clientId,
    appidacr: '1',
    idp: `https://sts.windows.net/${tenant.tenantId}/`,
    idtyp: 'app',
    oid: app.objectId,
    rh: randomBytes(12).toString('base64url'),
    ...(resource.kind === 'graph' && app.graphRoles.length > 0 ? { roles: app.graphRoles } : {}),
    sub: app.objectId,
    tid: tenant.tenantId,
    uti: randomBytes(16).toString('base64url'),
    ver: '1.0',
    ...(isArray(capabilities) ? { xms_cc: capabilities } : {}),
  });
  return { token_type: 'Bearer', expires_in: lifetime, ext_expires_in: lifetime, access_token: token };
}

function refuse(refusal: Refusal): Reply {
  const trace = randomUUID();
  const correlation = randomUUID();
  const time = new Date()
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d{3}Z$/, 'Z');
  return json(
    refusal.status,
    {
      error: refusal.error,
      error_description: `AADSTS${refusal.code}: ${refusal.text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${time}`,
      error_codes: [refusal.code],
      timestamp: time,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://login.microsoftonline.com/error?code=${refusal.code}`,
      ...(refusal.suberror === undefined ? {} : { suberror: refusal.suberror }),
    },
    { 'x-ms-clitelem': `1,${refusal.code},0,,` },
  );
}
