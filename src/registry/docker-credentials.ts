import type { Clock } from '../core/clock.ts';
import { describeError } from '../core/errors.ts';
import type { HttpClient } from '../core/http.ts';
import type { Log } from '../core/log.ts';
import { helperAddress, type DockerAccount, type DockerConfig } from './docker-config.ts';
import { basicAuthorization, createTokenService } from './token-service.ts';
import type { RegistryCredentials } from './types.ts';

/** Asks a credential helper for the account of a registry; undefined when it has none. */
export type AskHelper = (name: string, address: string, signal: AbortSignal) => Promise<DockerAccount | undefined>;

export interface DockerCredentialsOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Read when the first registry asks for a sign-in; undefined when there is no configuration. */
  config(signal: AbortSignal): Promise<DockerConfig | undefined>;
  readonly askHelper: AskHelper;
  /** Told every secret that comes into being, so that logs can leave it out. */
  readonly onSecret: (value: string) => void;
}

/**
 * The accounts that `docker login` left, for registries that a person named. They must never serve hosts that files of a
 * workspace name: a helper is a program, and an account is for who was asked about it. A host without an account, and one
 * whose helper fails (which is logged), is read without one. An account goes to its own host alone, and to the token service
 * that this host is allowed to name.
 */
export function createDockerCredentials(options: DockerCredentialsOptions): RegistryCredentials {
  const { log, onSecret, askHelper } = options;
  const service = createTokenService(options);
  const accounts = new Map<string, Promise<DockerAccount | undefined>>();

  async function find(host: string, signal: AbortSignal): Promise<DockerAccount | undefined> {
    const config = await options.config(signal);
    if (config === undefined) return undefined;
    const helper = config.helperFor(host);
    // the file comes second: with a store it holds empty entries, and what an older sign-in left
    const fromHelper = helper === undefined ? undefined : await askHelper(helper, helperAddress(host), signal);
    const account = fromHelper ?? config.accountFor(host);
    if (account === undefined) return undefined;
    onSecret(account.kind === 'password' ? account.password : account.token);
    if (account.kind === 'password') onSecret(basicAuthorization(account).slice('Basic '.length));
    return account;
  }

  function accountOf(host: string, signal: AbortSignal): Promise<DockerAccount | undefined> {
    const known = accounts.get(host);
    if (known !== undefined) return known;
    const found = find(host, signal).catch((error: unknown) => {
      if (signal.aborted) {
        accounts.delete(host);
        throw error;
      }
      const { message, nextStep } = describeError(error);
      log.warn('registry read without an account', { host, reason: message, nextStep });
      return undefined;
    });
    accounts.set(host, found);
    return found;
  }

  return {
    async authorization(request) {
      const account = await accountOf(request.host, request.signal);
      if (account === undefined) return service.authorization(request);
      const { scheme } = request.challenge;
      if (account.kind === 'bearer') return scheme === 'bearer' ? `Bearer ${account.token}` : undefined;
      if (scheme === 'bearer') return service.authorization(request, account);
      // an identity token is for a token service; a password may go straight to the registry
      return account.kind === 'password' ? basicAuthorization(account) : undefined;
    },
  };
}
