import * as z from 'zod';
import type { Clock } from '../core/clock.ts';
import { UnexpectedResponseError } from '../core/errors.ts';
import type { HttpClient } from '../core/http.ts';
import { faultError, readFault, withoutQuery } from './registry-errors.ts';
import type { RegistryCredentials } from './types.ts';

/** distribution, "Token Authentication Specification": either name; sixty seconds where nothing is said. */
const tokenAnswer = z.object({
  token: z.string().min(1).optional().catch(undefined),
  access_token: z.string().min(1).optional().catch(undefined),
  expires_in: z.number().positive().optional().catch(undefined),
});
const defaultLifeSeconds = 60;
/** A token is renewed this long before it ends. */
const marginMs = 10_000;

/**
 * No account: asks the realm of a Bearer challenge for a token that everybody gets, and sends nothing to a registry that
 * wants a password. Tokens are kept by host and scope until they end.
 */
export function createAnonymousCredentials(ports: {
  readonly http: HttpClient;
  readonly clock: Clock;
}): RegistryCredentials {
  const tokens = new Map<string, { readonly value: string; readonly endsAtMs: number }>();
  return {
    async authorization({ host, scope, challenge, signal, renew }) {
      if (challenge.scheme !== 'bearer' || challenge.realm === undefined) return undefined;
      const key = `${host} ${scope}`;
      const nowMs = ports.clock.now().getTime();
      const kept = tokens.get(key);
      if (!renew && kept !== undefined && kept.endsAtMs - marginMs > nowMs) return kept.value;
      const url = new URL(challenge.realm);
      if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
      url.searchParams.set('scope', scope);
      const response = await ports.http.send({ url: url.href, signal });
      const what = `sign in to registry "${host}" without an account`;
      if (response.status !== 200) throw faultError(what, scope, url.href, await readFault(response, signal));
      const parsed = tokenAnswer.safeParse(await response.json(256 * 1024));
      const token = parsed.success ? (parsed.data.token ?? parsed.data.access_token) : undefined;
      if (token === undefined) {
        throw new UnexpectedResponseError(`Cannot ${what}: the answer holds no token`, 'Try again later.', {
          url: withoutQuery(url.href),
          httpStatus: response.status,
        });
      }
      const lifeSeconds = (parsed.success ? parsed.data.expires_in : undefined) ?? defaultLifeSeconds;
      const value = `Bearer ${token}`;
      tokens.set(key, { value, endsAtMs: nowMs + lifeSeconds * 1000 });
      return value;
    },
  };
}
