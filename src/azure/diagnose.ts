import * as z from 'zod';
import type { Clock } from '../core/clock.ts';
import {
  isEngineError,
  NotSignedInError,
  RefusedError,
  UnexpectedResponseError,
  type EngineError,
} from '../core/errors.ts';
import { headerText, type HttpClient, type HttpResponse } from '../core/http.ts';
import { signInError } from './sign-in-errors.ts';
import type { Cloud } from './types.ts';

/** What a look at an authority, without any credential, told. */
export interface DirectoryProbe {
  /** Absent when cloud and tenant are right. */
  readonly error?: EngineError;
  /** Tenant id out of the issuer: resolves a domain name. */
  readonly tenantId?: string;
  /** How far the local clock is behind the service's, in milliseconds; absent without a `Date` header. */
  readonly clockBehindMs?: number;
}

const configuration = z.object({ issuer: z.string(), token_endpoint: z.string() });

/** Issuers of Microsoft's own clouds, beside those on the authority's host. */
const microsoftIssuer =
  /^https:\/\/(sts\.windows\.net|sts\.chinacloudapi\.cn|login\.microsoftonline\.com|login\.microsoftonline\.us|login\.partner\.microsoftonline\.cn)\//;

/**
 * Reads the discovery document of a tenant, which needs no credential: tells a wrong name, a refused connection, an
 * untrusted certificate, a proxy's page, a wrong tenant and a wrong clock apart, where a failed sign-in is silent.
 * OpenID Connect Discovery 1.0, section 4. Never throws but for the caller's abort.
 */
export async function probeDirectory(options: {
  readonly cloud: Cloud;
  readonly tenantId: string;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<DirectoryProbe> {
  const { cloud, tenantId, clock } = options;
  const tenant = encodeURIComponent(tenantId);
  const url =
    tenant === 'adfs'
      ? `${cloud.authorityHost}/adfs/.well-known/openid-configuration`
      : `${cloud.authorityHost}/${tenant}/v2.0/.well-known/openid-configuration`;
  let response: HttpResponse;
  let body: string;
  const sentAt = clock.now().getTime();
  try {
    response = await options.http.send({ url, signal: options.signal, retries: 1 });
    body = await response.text(1024 * 1024);
  } catch (error) {
    options.signal.throwIfAborted();
    if (isEngineError(error)) return { error };
    throw error;
  }
  const behind = clockBehindMs(response, sentAt, clock.now().getTime());
  const skew = behind === undefined ? {} : { clockBehindMs: behind };
  if (/^\s*<(!doctype|html)/i.test(body)) {
    return {
      ...skew,
      error: new UnexpectedResponseError(
        `Cannot sign in: ${new URL(url).host} answered with a web page`,
        'A proxy or a sign-in page of the network stands in between: check the proxy settings.',
        { url, httpStatus: response.status },
      ),
    };
  }
  if (response.status !== 200) {
    return {
      ...skew,
      error: /AADSTS\d/.test(body)
        ? signInError(body.replace(/\\r\\n/g, ' '), { cloud })
        : new NotSignedInError(
            `Cannot sign in: ${new URL(url).host} answered ${response.status} where the directory should describe itself`,
            'Check the cloud of the connection; for a custom one its authorityHost.',
          ),
    };
  }
  const parsed = parse(body);
  if (parsed === undefined) {
    return {
      ...skew,
      error: new UnexpectedResponseError(
        `Cannot sign in: ${new URL(url).host} does not describe a directory`,
        'Check the cloud of the connection; for a custom one its authorityHost.',
        { url, httpStatus: response.status },
      ),
    };
  }
  const ownIssuer = URL.canParse(parsed.issuer) && new URL(parsed.issuer).origin === cloud.authorityHost;
  if (!ownIssuer && !microsoftIssuer.test(parsed.issuer)) {
    return {
      ...skew,
      error: new RefusedError(
        `Cannot sign in: the directory names the issuer "${parsed.issuer.slice(0, 200)}", which is not ${cloud.authorityHost}`,
        'Set authorityHost of the custom cloud to the address that its directory names.',
      ),
    };
  }
  if (!URL.canParse(parsed.token_endpoint) || new URL(parsed.token_endpoint).origin !== cloud.authorityHost) {
    return {
      ...skew,
      error: new RefusedError(
        `Cannot sign in: the directory sends us to "${parsed.token_endpoint.slice(0, 200)}", which is not its authority`,
        'Check authorityHost of the cloud. Nothing was sent there.',
      ),
    };
  }
  const id = /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\/|$)/i.exec(parsed.issuer)?.[1]?.toLowerCase();
  return { ...skew, ...(id === undefined ? {} : { tenantId: id }) };
}

function parse(body: string): z.infer<typeof configuration> | undefined {
  try {
    const result = configuration.safeParse(JSON.parse(body));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

/** Difference to the `Date` of an answer, at the middle of the exchange; seconds are all it tells. RFC 9110, 6.6.1. */
export function clockBehindMs(response: HttpResponse, sentAt: number, receivedAt: number): number | undefined {
  const date = Date.parse(headerText(response.headers, 'date') ?? '');
  return Number.isNaN(date) ? undefined : date - (sentAt + receivedAt) / 2;
}

/**
 * The tenant that a subscription belongs to, out of the challenge that Resource Manager gives to a call without token.
 * Undefined when it does not tell. Explains "right subscription, wrong tenant" without any permission.
 */
export async function owningTenantOf(
  cloud: Cloud,
  subscriptionId: string,
  http: HttpClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = `${cloud.armEndpoint}/subscriptions/${encodeURIComponent(subscriptionId)}?api-version=2022-12-01`;
  try {
    const response = await http.send({ url, signal, retries: 0 });
    response.discard();
    const challenge = headerText(response.headers, 'www-authenticate') ?? '';
    return /authorization_uri="https:\/\/[^"/]+\/([0-9a-f-]{36})"/i.exec(challenge)?.[1]?.toLowerCase();
  } catch (error) {
    signal.throwIfAborted();
    if (isEngineError(error)) return undefined; // a hint only: the failure itself is already being told
    throw error;
  }
}

/** Whether Resource Manager can be reached at all, and its clock. Any answer is good. */
export async function probeArm(
  cloud: Cloud,
  http: HttpClient,
  clock: Clock,
  signal: AbortSignal,
): Promise<Pick<DirectoryProbe, 'error' | 'clockBehindMs'>> {
  const sentAt = clock.now().getTime();
  try {
    const response = await http.send({
      url: `${cloud.armEndpoint}/subscriptions?api-version=2022-12-01`,
      signal,
      retries: 0,
    });
    response.discard();
    const behind = clockBehindMs(response, sentAt, clock.now().getTime());
    return behind === undefined ? {} : { clockBehindMs: behind };
  } catch (error) {
    signal.throwIfAborted();
    if (isEngineError(error)) return { error };
    throw error;
  }
}
