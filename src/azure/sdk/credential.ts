import { ClientSecretCredential } from '@azure/identity';
import type { Cloud } from '../types.ts';
import type { Wire } from '../wire.ts';
import { pipelineClient } from './pipeline.ts';

export interface SecretCredential {
  /** `claims` answers a challenge of continuous access evaluation and goes past the cache. */
  getToken(
    scope: string,
    claims?: string,
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

export interface SecretCredentialOptions {
  readonly cloud: Cloud;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly wire: Wire;
}

/** Signs in as a service principal. The credential caches tokens; a new one starts clean. */
export function createSecretCredential(options: SecretCredentialOptions): SecretCredential {
  const credential = new ClientSecretCredential(options.tenantId, options.clientId, options.clientSecret, {
    authorityHost: options.cloud.authorityHost,
    // instance discovery asks the public cloud about the authority: an air-gapped one cannot, and must not
    disableInstanceDiscovery: options.cloud.id === 'custom',
    httpClient: pipelineClient(options.wire),
    retryOptions: { maxRetries: 0 }, // the wire retries, with a bound on Retry-After
  });
  return {
    getToken: (scope, claims) =>
      credential.getToken(scope, claims === undefined ? {} : { claims, enableCae: true, tenantId: options.tenantId }),
  };
}
