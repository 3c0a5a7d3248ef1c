import { isEngineError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { HttpClient } from '../core/http.ts';
import type { Log, Redactor } from '../core/log.ts';
import { createAcrCredentials } from '../registry/acr-exchange.ts';
import { createRegistryClient, type RegistryClient } from '../registry/client.ts';
import type { RegistryCredentials } from '../registry/types.ts';
import { armScope, registryScope } from './clouds.ts';
import type { RegistryFacts } from './registry-facts.ts';
import type { AzureSession } from './session.ts';

/** Refusals that mean "there is no such audience here": private clouds may have no registry audience of their own. */
const unknownAudience: ReadonlySet<number> = new Set([50001, 500011]);

/** Entra tokens to be exchanged at registries. Remembers which audience the cloud has. */
export interface RegistryTokenSource {
  (signal: AbortSignal): Promise<string>;
  /** `registry` as long as nothing else was needed; `arm` after the cloud said that it knows no registry audience. */
  audience(): 'registry' | 'arm';
}

/** Asks for the registry audience, which every registry accepts; for that of Resource Manager only where the cloud lacks it. */
export function createRegistryTokenSource(session: Pick<AzureSession, 'cloud' | 'tokens'>): RegistryTokenSource {
  let known: 'registry' | 'arm' = 'registry';
  const source = async (signal: AbortSignal): Promise<string> => {
    const scopes = { registry: registryScope(session.cloud), arm: armScope(session.cloud) };
    try {
      return (await session.tokens.getToken(scopes[known], signal)).token;
    } catch (error) {
      const code = isEngineError(error) && 'aadsts' in error ? error.aadsts : undefined;
      if (known === 'arm' || typeof code !== 'number' || !unknownAudience.has(code)) throw error;
      const { token } = await session.tokens.getToken(scopes.arm, signal);
      known = 'arm';
      return token;
    }
  };
  return Object.assign(source, { audience: () => known });
}

/** Credentials for one registry of the connection: tokens made with them go to its login server alone. */
export function credentialsForRegistry(
  session: Pick<AzureSession, 'tenantId'>,
  source: RegistryTokenSource,
  loginServer: string,
  deps: { readonly http: HttpClient; readonly clock: Clock; readonly redactor: Redactor },
): RegistryCredentials {
  return createAcrCredentials({
    http: deps.http,
    clock: deps.clock,
    host: loginServer,
    accessToken: source,
    tenantId: session.tenantId,
    onSecret: (value) => deps.redactor.register(value),
  });
}

/** The client for a registry of the connection. Layers may come from the cloud's blob hosts and its own data endpoints. */
export function openRegistry(
  session: Pick<AzureSession, 'tenantId' | 'cloud'>,
  source: RegistryTokenSource,
  facts: Pick<RegistryFacts, 'loginServer' | 'dataEndpointHosts'>,
  deps: { readonly http: HttpClient; readonly clock: Clock; readonly redactor: Redactor; readonly log: Log },
): RegistryClient {
  return createRegistryClient({
    http: deps.http,
    log: deps.log,
    host: facts.loginServer,
    credentials: credentialsForRegistry(session, source, facts.loginServer, deps),
    allowedBlobHosts: [...session.cloud.blobHosts, ...facts.dataEndpointHosts],
    acr: true,
  });
}
