import { isAbort, RefusedError } from '../core/errors.ts';
import { isAllowedHost } from './known-registries.ts';
import type { AuthChallenge, RegistryCredentials } from './types.ts';

/** Keeps one `Authorization` value a scope for one registry. Renewing is done once however many calls were refused. */
export interface Authorizer {
  /** The value to send at once; undefined before the first challenge and for open registries. */
  current(scope: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * The value to try after a 401 that `used` brought. Throws RefusedError when the challenge names a realm on another
   * host: nothing is sent there.
   */
  afterRefusal(
    scope: string,
    used: string | undefined,
    challenge: AuthChallenge,
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

export interface AuthorizerOptions {
  /** Host of the API, with its port if that is not 443. */
  readonly host: string;
  readonly credentials: RegistryCredentials;
  /** Hosts beside `host` whose realm is accepted. */
  readonly tokenHosts: readonly string[];
}

export function createAuthorizer({ host, credentials, tokenHosts }: AuthorizerOptions): Authorizer {
  const values = new Map<string, Promise<string | undefined>>();
  let known: AuthChallenge | undefined;

  function obtain(
    scope: string,
    challenge: AuthChallenge,
    renew: boolean,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const value = credentials.authorization({ host, scope, challenge, signal, renew });
    values.set(scope, value);
    value.catch(() => {
      if (values.get(scope) === value) values.delete(scope);
    });
    return value;
  }

  /** Waits for a value that another caller asked for; asks anew when that caller cancelled. */
  async function shared(
    scope: string,
    pending: Promise<string | undefined>,
    again: () => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      return await pending;
    } catch (error) {
      signal.throwIfAborted();
      if (!isAbort(error)) throw error;
      const newer = values.get(scope);
      return newer !== undefined && newer !== pending ? shared(scope, newer, again, signal) : again();
    }
  }

  function check(challenge: AuthChallenge): void {
    if (challenge.scheme !== 'bearer') return;
    const shown = (challenge.realm ?? '').slice(0, 200);
    const url = URL.canParse(shown) ? new URL(shown) : undefined;
    if (url?.protocol === 'https:' && url.username === '' && isAllowedHost(url.host, [host, ...tokenHosts])) return;
    throw new RefusedError(
      `Cannot sign in to registry "${host}": it sends sign-ins to "${url?.host ?? shown}", which is another host or not https`,
      'Nothing was sent there. Check the name of the registry and the proxy in between.',
    );
  }

  return {
    async current(scope, signal) {
      const pending = values.get(scope);
      const challenge = known;
      if (challenge === undefined) return pending;
      const again = (): Promise<string | undefined> => obtain(scope, challenge, false, signal);
      return pending === undefined ? again() : shared(scope, pending, again, signal);
    },
    async afterRefusal(scope, used, challenge, signal) {
      check(challenge);
      known = challenge;
      const again = (): Promise<string | undefined> => obtain(scope, challenge, used !== undefined, signal);
      const pending = values.get(scope);
      if (pending !== undefined) {
        const value = await shared(scope, pending, again, signal);
        if (value !== used) return value;
        if (values.get(scope) !== pending) return values.get(scope);
      }
      return again();
    },
  };
}
