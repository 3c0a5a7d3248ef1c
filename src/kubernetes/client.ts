import * as z from 'zod';
import { yieldToEventLoop } from '../core/concurrency.ts';
import {
  AccessDeniedError,
  isEngineError,
  LimitExceededError,
  NotFoundError,
  NotSignedInError,
  UnexpectedResponseError,
  type EngineError,
} from '../core/errors.ts';
import type { HttpClient, HttpResponse, TlsIdentity } from '../core/http.ts';
import type { Log } from '../core/log.ts';
import type { ClusterAccess } from './kubeconfig.ts';

/** A token for an application id, such as `6dae42f8-…/.default`; `renew` after the last one was refused. */
export type TokenForScope = (scope: string, signal: AbortSignal, renew: boolean) => Promise<string>;

export interface KubernetesClientOptions {
  readonly access: ClusterAccess;
  readonly clusterName: string;
  readonly http: HttpClient;
  readonly log: Log;
  readonly getToken: TokenForScope;
  /** Longest silence of the server. Default 15 s. */
  readonly idleTimeoutMs?: number;
}

/** A whole list, or why there is none. */
export type ListResult =
  | { readonly ok: true; readonly items: readonly unknown[] }
  /** The kind is not installed: there are none. */
  | { readonly ok: true; readonly items: readonly unknown[]; readonly absent: true }
  | { readonly ok: false; readonly status: number; readonly reason: string; readonly error: EngineError };

/** Reads of one cluster's API. Only GET is ever sent. */
export interface KubernetesClient {
  /** Version of the server, such as `v1.33.4`. Throws UnreachableError, TimedOutError, NotSignedInError, AccessDeniedError. */
  version(signal: AbortSignal): Promise<string>;
  /** All pages of a list. Refusals and failures are data; only the caller's abort and defects are thrown. */
  list(path: string, signal: AbortSignal, pageSize?: number): Promise<ListResult>;
  /** Whether a list may be read: asks for one entry. */
  mayList(path: string, signal: AbortSignal): Promise<ListResult>;
}

const listSchema = z.object({
  items: z.array(z.unknown()).nullish(),
  metadata: z.object({ continue: z.string().optional().catch(undefined) }).nullish(),
});
/** Kubernetes API, "Status". */
const statusSchema = z.object({
  reason: z.string().catch(''),
  message: z.string().catch(''),
});

const mostObjects = 200_000;
const largestPage = 64 * 1024 * 1024;
const probeTimeoutMs = 5000;

export function createKubernetesClient(options: KubernetesClientOptions): KubernetesClient {
  const { access, clusterName, http, log, getToken } = options;
  const { signIn } = access;
  const tls: TlsIdentity =
    signIn.kind === 'certificate' ? { ca: access.ca, cert: signIn.cert, key: signIn.key } : { ca: access.ca };

  async function authorization(signal: AbortSignal, renew: boolean): Promise<Record<string, string>> {
    if (signIn.kind === 'certificate') return {};
    const token = signIn.kind === 'token' ? signIn.token : await getToken(`${signIn.serverId}/.default`, signal, renew);
    return { authorization: `Bearer ${token}` };
  }

  async function send(path: string, signal: AbortSignal, probe: boolean): Promise<HttpResponse> {
    const once = async (renew: boolean): Promise<HttpResponse> =>
      http.send({
        url: `${access.server}${path}`,
        headers: { accept: 'application/json', ...(await authorization(signal, renew)) },
        signal,
        tls,
        idleTimeoutMs: probe ? probeTimeoutMs : (options.idleTimeoutMs ?? 15_000),
        retries: probe ? 0 : 2,
      });
    const response = await once(false);
    if (response.status !== 401 || signIn.kind !== 'entra') return response;
    response.discard();
    return once(true);
  }

  async function failure(response: HttpResponse, path: string): Promise<EngineError> {
    const body = await response.text(1024 * 1024);
    let status = { reason: '', message: '' };
    try {
      status = statusSchema.parse(JSON.parse(body));
    } catch {
      if (/^\s*<(!doctype|html)/i.test(body)) {
        return new UnexpectedResponseError(
          `Cannot read "${path}" of cluster "${clusterName}": a web page answered`,
          'A proxy stands in between: check the proxy settings.',
          { url: response.url, httpStatus: response.status },
        );
      }
    }
    log.debug('cluster refused', { cluster: clusterName, path, status: response.status, reason: status.reason });
    if (response.status === 401) {
      return new NotSignedInError(
        `Cluster "${clusterName}" does not accept the token`,
        'The cluster may use another tenant, or the retired sign-in that service principals cannot use. Check its authentication settings.',
      );
    }
    if (response.status === 403) {
      const byAzure = /User does not have access to the resource in Azure/i.test(status.message);
      return new AccessDeniedError(
        `Cannot read "${path}" of cluster "${clusterName}": this identity may not list it`,
        byAzure
          ? 'Assign the role Azure Kubernetes Service RBAC Reader at the cluster. Assigned minutes ago? Wait, then try again.'
          : 'Bind this identity to a reading role inside the cluster.',
        { scope: path, httpStatus: 403, serviceCode: byAzure ? 'AzureRbac' : 'KubernetesRbac' },
      );
    }
    if (response.status === 404) {
      return new NotFoundError(`Cluster "${clusterName}" does not know "${path}"`, 'Nothing is to be done.');
    }
    return new UnexpectedResponseError(
      `Cannot read "${path}" of cluster "${clusterName}": it answered ${response.status}${status.reason === '' ? '' : ` (${status.reason})`}`,
      'Try again; look at the health of the cluster if it stays.',
      { url: response.url, httpStatus: response.status, serviceCode: status.reason || undefined },
    );
  }

  async function page(
    path: string,
    limit: number,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<{ items: readonly unknown[]; next: string | undefined } | 'expired' | ListResult> {
    const query = `?limit=${limit}${token === undefined ? '' : `&continue=${encodeURIComponent(token)}`}`;
    const response = await send(`${path}${query}`, signal, false);
    if (response.status === 410) {
      response.discard();
      return 'expired';
    }
    if (response.status !== 200) {
      const error = await failure(response, path);
      // an API group that is not there holds nothing; a path of the core API that is missing is a fault
      if (error.code === 'not-found' && path.startsWith('/apis/')) return { ok: true, items: [], absent: true };
      return { ok: false, status: response.status, reason: error.message, error };
    }
    const parsed = listSchema.safeParse(await response.json(largestPage));
    if (!parsed.success) {
      const error = new UnexpectedResponseError(
        `Cannot understand the list "${path}" of cluster "${clusterName}"`,
        'Report this with the log.',
        { url: response.url, httpStatus: 200 },
      );
      return { ok: false, status: 200, reason: error.message, error };
    }
    const next = parsed.data.metadata?.continue;
    return { items: parsed.data.items ?? [], next: next === undefined || next === '' ? undefined : next };
  }

  async function pages(path: string, limit: number, signal: AbortSignal): Promise<ListResult> {
    for (let attempt = 0; ; attempt++) {
      const items: unknown[] = [];
      let token: string | undefined;
      let expired = false;
      do {
        signal.throwIfAborted();
        const result = await page(path, limit, token, signal);
        if (result === 'expired') {
          expired = true;
          break;
        }
        if ('ok' in result) return result;
        for (const item of result.items) items.push(item);
        const circles = result.next !== undefined && result.next === token;
        if (circles || items.length > mostObjects) {
          const reason = `"${path}" of cluster "${clusterName}" has more entries than are read`;
          const error = new LimitExceededError(reason, 'Scan fewer clusters at once, or report this.');
          return { ok: false, status: 200, reason, error };
        }
        token = result.next;
        await yieldToEventLoop();
      } while (token !== undefined);
      if (!expired) return { ok: true, items };
      // the list grew too old while it was read: begin again, once more after that
      if (attempt >= 2) {
        const reason = `"${path}" of cluster "${clusterName}" changes faster than it can be read`;
        const error = new UnexpectedResponseError(reason, 'Try again later.', { url: path, httpStatus: 410 });
        return { ok: false, status: 410, reason, error };
      }
    }
  }

  async function asResult(signal: AbortSignal, work: () => Promise<ListResult>): Promise<ListResult> {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!isEngineError(error)) throw error;
      return { ok: false, status: 0, reason: error.message, error };
    }
  }

  return {
    async version(signal) {
      const response = await send('/version', signal, true);
      if (response.status !== 200) throw await failure(response, '/version');
      const parsed = z.object({ gitVersion: z.string() }).safeParse(await response.json(64 * 1024));
      if (!parsed.success) {
        throw new UnexpectedResponseError(
          `What answers for cluster "${clusterName}" is no Kubernetes API`,
          'A proxy may stand in between: check the proxy settings.',
          { url: response.url, httpStatus: 200 },
        );
      }
      return parsed.data.gitVersion;
    },
    list: (path, signal, pageSize = 500) => asResult(signal, () => pages(path, pageSize, signal)),
    mayList: (path, signal) =>
      asResult(signal, async () => {
        const result = await page(path, 1, undefined, signal);
        if (result === 'expired') return { ok: true, items: [] };
        return 'ok' in result ? result : { ok: true, items: result.items };
      }),
  };
}
