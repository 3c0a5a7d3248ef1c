import * as z from 'zod';
import type { Clock } from '../core/clock.ts';
import { UnexpectedResponseError } from '../core/errors.ts';
import type { HttpClient, HttpResponse } from '../core/http.ts';
import { faultError, readFault, withoutQuery } from './registry-errors.ts';
import type { AuthChallenge } from './types.ts';

/** distribution, "Token Authentication Specification": either name; sixty seconds where nothing is said. */
const tokenAnswer = z.object({
  token: z.string().min(1).optional().catch(undefined),
  access_token: z.string().min(1).optional().catch(undefined),
  expires_in: z.number().positive().optional().catch(undefined),
});
const defaultLifeSeconds = 60;
/** A token is renewed this long before it ends. */
const marginMs = 10_000;
const maxAnswerBytes = 256 * 1024;

/** What a token service is shown: a name and password, or a refresh token that a sign-in brought earlier. */
export type TokenProof =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | { readonly kind: 'identity'; readonly token: string };

export interface TokenRequest {
  readonly host: string;
  readonly scope: string;
  /** Its realm was found to be one that this host may name. */
  readonly challenge: AuthChallenge;
  readonly signal: AbortSignal;
  readonly renew: boolean;
}

export interface TokenService {
  /** `Bearer …` for a scope, or undefined where the registry names no service. Throws what the service's refusal is. */
  authorization(request: TokenRequest, proof?: TokenProof): Promise<string | undefined>;
}

/**
 * Asks the realm of a Bearer challenge for access tokens and keeps them by host and scope until they end. distribution,
 * "Token Authentication Specification" (GET) and "OAuth2 Token Authentication" (POST, for identity tokens).
 */
export function createTokenService(ports: {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Told every token that comes into being, so that logs can leave it out. */
  readonly onSecret?: ((value: string) => void) | undefined;
}): TokenService {
  const { http, clock, onSecret } = ports;
  const tokens = new Map<string, { readonly value: string; readonly endsAtMs: number }>();

  function ask(realm: string, request: TokenRequest, proof: TokenProof | undefined): Promise<HttpResponse> {
    const { challenge, scope, signal } = request;
    if (proof?.kind === 'identity') {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        ...(challenge.service === undefined ? {} : { service: challenge.service }),
        scope,
        client_id: 'plimsoll',
        refresh_token: proof.token,
      });
      return http.send({
        method: 'POST',
        url: realm,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
        retries: 3, // the call only reads
        signal,
      });
    }
    const url = new URL(realm);
    if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
    url.searchParams.set('scope', scope);
    return http.send({
      url: url.href,
      ...(proof === undefined ? {} : { headers: { authorization: basicAuthorization(proof) } }),
      signal,
    });
  }

  return {
    async authorization(request, proof) {
      const { host, scope, challenge, signal, renew } = request;
      if (challenge.scheme !== 'bearer' || challenge.realm === undefined) return undefined;
      const key = `${host} ${scope}`;
      const nowMs = clock.now().getTime();
      const kept = tokens.get(key);
      if (!renew && kept !== undefined && kept.endsAtMs - marginMs > nowMs) return kept.value;
      const what =
        proof === undefined
          ? `sign in to registry "${host}" without an account`
          : `sign in to registry "${host}" with the account of the Docker configuration`;
      const response = await ask(challenge.realm, request, proof);
      if (response.status !== 200) {
        throw faultError(what, scope, withoutQuery(response.url), await readFault(response, signal));
      }
      const parsed = tokenAnswer.safeParse(await response.json(maxAnswerBytes));
      const token = parsed.success ? (parsed.data.token ?? parsed.data.access_token) : undefined;
      if (token === undefined) {
        throw new UnexpectedResponseError(`Cannot ${what}: the answer holds no token`, 'Try again later.', {
          url: withoutQuery(response.url),
          httpStatus: response.status,
        });
      }
      onSecret?.(token);
      const lifeSeconds = (parsed.success ? parsed.data.expires_in : undefined) ?? defaultLifeSeconds;
      const value = `Bearer ${token}`;
      tokens.set(key, { value, endsAtMs: nowMs + lifeSeconds * 1000 });
      return value;
    },
  };
}

/** RFC 7617. */
export function basicAuthorization(account: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${account.username}:${account.password}`, 'utf8').toString('base64')}`;
}
