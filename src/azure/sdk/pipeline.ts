import type { AccessToken, TokenCredential } from '@azure/core-auth';
import { createHttpHeaders, type HttpClient, type PipelineRequest } from '@azure/core-rest-pipeline';
import { LimitExceededError } from '../../core/errors.ts';
import type { Cloud } from '../types.ts';
import type { Wire } from '../wire.ts';

/** Sends what the packages build. Bodies are text: no read of ours uploads or streams. */
export function pipelineClient(wire: Wire): HttpClient {
  return {
    async sendRequest(request: PipelineRequest) {
      const answer = await wire({
        method: request.method,
        url: request.url,
        headers: request.headers.toJSON(),
        ...(typeof request.body === 'string' ? { body: request.body } : {}),
        ...(request.abortSignal === undefined ? {} : { signal: asAbortSignal(request.abortSignal) }),
      });
      return {
        request,
        status: answer.status,
        headers: createHttpHeaders({ ...answer.headers }),
        bodyAsText: answer.body,
      };
    },
  };
}

function asAbortSignal(signal: NonNullable<PipelineRequest['abortSignal']>): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  if (signal.aborted) controller.abort();
  else signal.addEventListener('abort', () => controller.abort());
  return controller.signal;
}

/** The packages insist on a token of their own; the wire replaces it by the real one, which they never see. */
export const placeholder: TokenCredential = {
  getToken: (): Promise<AccessToken> =>
    Promise.resolve({ token: 'placeholder', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
};

interface CommonSettings {
  readonly endpoint: string;
  readonly httpClient: HttpClient;
  readonly retryOptions: { readonly maxRetries: number };
}

/** Options of the clients for Resource Manager: those of the newer packages, and those of the older ones. */
export function clientSettings(
  cloud: Cloud,
  wire: Wire,
): {
  readonly modular: CommonSettings & { readonly credentials: { scopes: string[] } };
  readonly classic: CommonSettings & { readonly credentialScopes: string[]; readonly $host: string };
} {
  const scope = `${cloud.armAudience}/.default`;
  const common = { endpoint: cloud.armEndpoint, httpClient: pipelineClient(wire), retryOptions: { maxRetries: 0 } };
  return {
    modular: { ...common, credentials: { scopes: [scope] } },
    classic: { ...common, credentialScopes: [scope], $host: cloud.armEndpoint },
  };
}

/** Longest list of any kind that is read to its end. */
const mostItems = 100_000;

/** The whole of a list. Throws LimitExceededError when it is too long to be one. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) {
    out.push(item);
    if (out.length > mostItems) {
      throw new LimitExceededError(`Cannot read a list of more than ${mostItems} entries`, 'Scan fewer subscriptions.');
    }
  }
  return out;
}
