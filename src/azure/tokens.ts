import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../core/clock.ts';
import { abandonOnAbort } from '../core/concurrency.ts';
import {
  isEngineError,
  NotSignedInError,
  RefusedError,
  UnexpectedResponseError,
  type EngineError,
} from '../core/errors.ts';
import type { HttpClient } from '../core/http.ts';
import type { Log, Redactor } from '../core/log.ts';
import { withDeadline } from './deadline.ts';
import { probeDirectory } from './diagnose.ts';
import { looksLikeSecretId } from './input.ts';
import type { SecretCredential } from './sdk/credential.ts';
import { signInError, type SignInContext } from './sign-in-errors.ts';
import type { Cloud, ConnectionSecret } from './types.ts';
import { callerHeaders, flatHeaders, type Wire } from './wire.ts';

export interface AccessToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface TokenRequest {
  /** True after a service refused the last token: a new one is fetched. */
  readonly renew?: boolean;
  /** The challenge of continuous access evaluation, decoded. */
  readonly claims?: string;
}

/** Supplies Entra tokens of one identity. Throws NotSignedInError, UnreachableError, TimedOutError, RefusedError. */
export interface TokenProvider {
  /** `scope` ends in `/.default`. */
  getToken(scope: string, signal: AbortSignal, request?: TokenRequest): Promise<AccessToken>;
}

export interface TokenDeps {
  readonly http: HttpClient;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly clock: Clock;
  /** Longest time for one sign-in, with its retries. Default 30 s. */
  readonly signInTimeoutMs?: number;
}

/** What happened on the wire during one sign-in. MSAL hides most of it behind texts of its own. */
interface Trace {
  readonly signal: AbortSignal;
  failure?: EngineError;
  refusal?: { readonly status: number; readonly body: string; readonly url: string };
}

interface Flight {
  readonly result: Promise<AccessToken>;
  readonly stop: AbortController;
  waiters: number;
}

/** Tokens are replaced this long before they end, or at four fifths of a short life. */
const earlyMs = 5 * 60_000;
const largestAnswer = 1024 * 1024;

/** Tokens for a service principal with a secret. One request a scope at a time; tokens live in memory only. */
export function createTokenProvider(cloud: Cloud, secret: ConnectionSecret, deps: TokenDeps): TokenProvider {
  const { log, redactor, clock } = deps;
  redactor.register(secret.clientSecret);
  const context: SignInContext = {
    cloud,
    clientId: secret.clientId,
    secretLooksLikeId: looksLikeSecretId(secret.clientSecret),
  };
  const traces = new AsyncLocalStorage<Trace>();
  const cache = new Map<string, { readonly token: AccessToken; readonly refreshAt: number }>();
  const flights = new Map<string, Flight>();
  const timeoutMs = deps.signInTimeoutMs ?? 30_000;
  let shared: SecretCredential | undefined;

  const wire: Wire = async (request) => {
    const trace = traces.getStore();
    try {
      const url = new URL(request.url);
      if (url.origin !== cloud.authorityHost) {
        throw new RefusedError(
          `Cannot sign in: the directory sends us to ${url.origin}, which is not its authority`,
          'Check authorityHost of the cloud. Nothing was sent there.',
        );
      }
      if (request.method !== 'GET' && request.method !== 'POST') {
        throw new RefusedError('Cannot sign in: an unexpected kind of request was asked for', 'Report this.');
      }
      const response = await deps.http.send({
        method: request.method,
        url: request.url,
        headers: callerHeaders(request.headers),
        ...(request.body === undefined ? {} : { body: request.body }),
        signal: trace?.signal ?? request.signal ?? AbortSignal.timeout(timeoutMs),
        retries: 3,
      });
      const body = await response.text(largestAnswer);
      if (trace !== undefined && (response.status >= 400 || looksLikePage(body))) {
        trace.refusal = { status: response.status, body, url: request.url };
      }
      return { status: response.status, headers: flatHeaders(response.headers), body };
    } catch (error) {
      if (trace !== undefined && isEngineError(error)) trace.failure = error;
      throw error;
    }
  };

  async function signIn(scope: string, request: TokenRequest, signal: AbortSignal): Promise<AccessToken> {
    const { loadSdk } = await import('./sdk.ts');
    const sdk = await loadSdk();
    const fresh = (): SecretCredential => sdk.createSecretCredential({ cloud, ...secret, wire });
    // a credential keeps its tokens, and after a failure a block: both ask for a new one
    const credential = request.renew === true ? fresh() : (shared ?? fresh());
    shared = credential;
    const trace: Trace = { signal };
    try {
      const got = await traces.run(trace, () => abandonOnAbort(credential.getToken(scope, request.claims), signal));
      if (got === null) throw new NotSignedInError('Cannot sign in: Azure gave no token', 'Try again.');
      redactor.register(got.token);
      log.debug('token received', { scope, expires: new Date(got.expiresOnTimestamp) });
      return { token: got.token, expiresAt: got.expiresOnTimestamp };
    } catch (error) {
      shared = undefined;
      signal.throwIfAborted();
      const explained = await explain(error, trace);
      log.debug('sign-in failed', { scope, reason: explained.message });
      throw explained;
    }
  }

  async function explain(error: unknown, trace: Trace): Promise<Error> {
    if (trace.failure !== undefined) return trace.failure;
    if (isEngineError(error)) return error;
    const { refusal } = trace;
    const described = refusal === undefined ? undefined : descriptionOf(refusal.body);
    const text = [described, error instanceof Error ? error.message : String(error)].find(
      (candidate) => candidate !== undefined && /AADSTS\d/.test(candidate),
    );
    if (text !== undefined) return signInError(redactor.text(text), context, error);
    if (refusal !== undefined && looksLikePage(refusal.body)) {
      return new UnexpectedResponseError(
        `Cannot sign in: ${new URL(refusal.url).host} answered with a web page`,
        'A proxy or a sign-in page of the network stands in between: check the proxy settings.',
        { url: refusal.url, httpStatus: refusal.status, cause: error },
      );
    }
    if (refusal !== undefined && refusal.status >= 500) {
      return new NotSignedInError(
        `Cannot sign in: the identity service has a passing fault (${refusal.status})`,
        'Try again in a minute.',
        { cause: error },
      );
    }
    // MSAL says no more than "endpoints_resolution_error" here: look ourselves
    const probe = await probeDirectory({ cloud, tenantId: secret.tenantId, ...deps, signal: trace.signal });
    if (probe.error !== undefined) return probe.error;
    return signInError(redactor.text(error instanceof Error ? error.message : String(error)), context, error);
  }

  function start(key: string, scope: string, request: TokenRequest): Flight {
    const stop = new AbortController();
    const result = withDeadline(stop.signal, timeoutMs, `sign in at ${new URL(cloud.authorityHost).host}`, (signal) =>
      signIn(scope, request, signal),
    ).then((token) => {
      const life = token.expiresAt - clock.now().getTime();
      cache.set(scope, { token, refreshAt: token.expiresAt - Math.min(earlyMs, Math.max(0, life) / 5) });
      return token;
    });
    result.catch(() => undefined); // each waiter sees the rejection; one without waiters is nobody's
    const flight: Flight = { result, stop, waiters: 0 };
    flights.set(key, flight);
    return flight;
  }

  return {
    async getToken(scope, signal, request = {}) {
      signal.throwIfAborted();
      const cached = cache.get(scope);
      const again = request.renew === true || request.claims !== undefined;
      if (!again && cached !== undefined && clock.now().getTime() < cached.refreshAt) return cached.token;
      const key = again ? `${scope} again` : scope;
      const flight = flights.get(key) ?? start(key, scope, request);
      flight.waiters++;
      try {
        return await abandonOnAbort(flight.result, signal);
      } finally {
        // the last one to leave stops the request, and nobody may join it any more
        if (--flight.waiters === 0) {
          if (flights.get(key) === flight) flights.delete(key);
          flight.stop.abort();
        }
      }
    },
  };
}

function looksLikePage(body: string): boolean {
  return /^\s*<(!doctype|html)/i.test(body);
}

/** `error_description` of an OAuth error. RFC 6749, 5.2. */
function descriptionOf(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null || !('error_description' in parsed)) return undefined;
    return typeof parsed.error_description === 'string' ? parsed.error_description : undefined;
  } catch {
    return undefined;
  }
}
