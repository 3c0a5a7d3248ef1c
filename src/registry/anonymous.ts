import type { Clock } from '../core/clock.ts';
import type { HttpClient } from '../core/http.ts';
import { createTokenService } from './token-service.ts';
import type { RegistryCredentials } from './types.ts';

/**
 * No account: asks the realm of a Bearer challenge for a token that everybody gets, and sends nothing to a registry that
 * wants a password. Tokens are kept by host and scope until they end.
 */
export function createAnonymousCredentials(ports: {
  readonly http: HttpClient;
  readonly clock: Clock;
}): RegistryCredentials {
  const service = createTokenService(ports);
  return { authorization: (request) => service.authorization(request) };
}
