import * as z from 'zod';
import type { Clock } from '../core/clock.ts';
import { AccessDeniedError, NotSignedInError, RefusedError, UnexpectedResponseError } from '../core/errors.ts';
import type { HttpClient } from '../core/http.ts';
import { faultError, readFault } from './registry-errors.ts';
import type { RegistryCredentials } from './types.ts';

/** Tokens are renewed this long before their `exp`; one without it is used for a minute. */
const marginMs = 60_000;
const unknownLifeMs = 60_000 + marginMs;

const exchangeAnswer = z.object({ refresh_token: z.string().min(1) });
const tokenAnswer = z.object({ access_token: z.string().min(1) });
const claims = z.object({
  exp: z.number().optional().catch(undefined),
  access: z
    .array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()).nullish() }))
    .nullish()
    .catch(undefined),
});

export interface AcrCredentialsOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Login server; tokens made here go to it alone. */
  readonly host: string;
  /** An Entra access token for the registry audience (or, where that one does not exist, for ARM). */
  accessToken(signal: AbortSignal): Promise<string>;
  readonly tenantId?: string;
  /** Told every token that comes into being, so that logs can leave it out. */
  readonly onSecret?: (value: string) => void;
}

interface Kept {
  readonly value: string;
  readonly usableUntilMs: number;
}

/**
 * Sign-in to an Azure container registry: an Entra token is exchanged for a registry refresh token (hours), that one for
 * an access token for each scope (minutes). Azure Container Registry, "OAuth2 token exchange".
 * Throws AccessDeniedError when the exchange is refused or when a token comes with less than what was asked (a registry
 * grants a smaller token rather than refuse), NotSignedInError when the registry does not know the tenant,
 * RefusedError for any other host, and what `accessToken` throws.
 */
export function createAcrCredentials(options: AcrCredentialsOptions): RegistryCredentials {
  const { http, clock, host, onSecret } = options;
  const accessTokens = new Map<string, Kept>();
  let refresh: Kept | undefined;
  let exchanging: Promise<Kept> | undefined;

  const usable = (kept: Kept | undefined): kept is Kept =>
    kept !== undefined && kept.usableUntilMs > clock.now().getTime();
  const keep = (value: string): Kept => {
    onSecret?.(value);
    const expSeconds = readClaims(value)?.exp;
    const endsAtMs = expSeconds === undefined ? clock.now().getTime() + unknownLifeMs : expSeconds * 1000;
    return { value, usableUntilMs: endsAtMs - marginMs };
  };

  async function exchange(signal: AbortSignal): Promise<Kept> {
    const entra = await options.accessToken(signal);
    const what = `sign in to registry "${host}"`;
    const url = `https://${host}/oauth2/exchange`;
    const answer = await post(url, what, `registry:${host}`, signal, {
      grant_type: 'access_token',
      service: host,
      ...(options.tenantId === undefined ? {} : { tenant: options.tenantId }),
      access_token: entra,
    });
    const parsed = exchangeAnswer.safeParse(answer);
    if (!parsed.success) {
      // "no role" may also show as an exchange that answers without a token
      throw new AccessDeniedError(
        `Cannot ${what}: it gave no token in exchange`,
        'Assign AcrPull, or Container Registry Repository Reader where the registry uses repository permissions.',
        { scope: `registry:${host}`, httpStatus: 200 },
      );
    }
    return keep(parsed.data.refresh_token);
  }

  /** One exchange for all callers; a caller that cancelled does not take the others with it. */
  async function refreshToken(signal: AbortSignal): Promise<Kept> {
    for (;;) {
      if (usable(refresh)) return refresh;
      const mine = exchanging === undefined;
      exchanging ??= exchange(signal)
        .then((kept) => (refresh = kept))
        .finally(() => (exchanging = undefined));
      try {
        return await exchanging;
      } catch (error) {
        signal.throwIfAborted();
        if (mine || !(error instanceof Error) || error.name !== 'AbortError') throw error;
      }
    }
  }

  async function accessToken(scope: string, signal: AbortSignal): Promise<Kept> {
    const what = `get access to "${scope}" at registry "${host}"`;
    const url = `https://${host}/oauth2/token`;
    for (let attempt = 0; ; attempt++) {
      const used = await refreshToken(signal);
      let answer: unknown;
      try {
        answer = await post(url, what, scope, signal, {
          grant_type: 'refresh_token',
          service: host,
          scope,
          refresh_token: used.value,
        });
      } catch (error) {
        if (attempt > 0 || !(error instanceof AccessDeniedError) || error.httpStatus !== 401) throw error;
        if (refresh === used) refresh = undefined; // it may have been withdrawn before its time
        continue;
      }
      const parsed = tokenAnswer.safeParse(answer);
      if (!parsed.success) {
        throw new UnexpectedResponseError(`Cannot ${what}: the answer holds no token`, 'Try again later.', {
          url,
          httpStatus: 200,
        });
      }
      const kept = keep(parsed.data.access_token);
      checkGranted(scope, kept.value);
      return kept;
    }
  }

  function checkGranted(scope: string, token: string): void {
    const granted = readClaims(token)?.access;
    if (granted === undefined || granted === null) return; // opaque: the operation itself will tell
    const wanted = parseScope(scope);
    const actions = new Set(
      granted
        .filter((entry) => entry.type === wanted.type && entry.name === wanted.name)
        .flatMap((e) => e.actions ?? []),
    );
    const missing = actions.has('*') ? undefined : wanted.actions.find((action) => !actions.has(action));
    if (missing === undefined) return;
    const what = wanted.type === 'repository' ? `repository "${host}/${wanted.name}"` : `the catalog of "${host}"`;
    throw new AccessDeniedError(
      `Cannot read ${what}: the registry granted a token without "${missing}"`,
      wanted.type === 'repository'
        ? 'Assign AcrPull, or Container Registry Repository Reader where the registry uses repository permissions.'
        : 'Assign AcrPull, or Container Registry Repository Catalog Lister where the registry uses repository permissions.',
      { scope, action: missing, httpStatus: 200 },
    );
  }

  async function post(
    url: string,
    what: string,
    scope: string,
    signal: AbortSignal,
    form: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const response = await http.send({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      retries: 3, // both calls only read
      signal,
    });
    if (response.status === 200) return response.json(256 * 1024);
    const fault = await readFault(response, signal);
    if (fault.status === 401 && /not registered with AAD/i.test(fault.message)) {
      throw new NotSignedInError(
        `Cannot ${what}: the application is unknown in the tenant of the registry`,
        'Use an application of the tenant that the registry belongs to.',
      );
    }
    throw faultError(what, scope, url, fault);
  }

  return {
    async authorization(request) {
      if (request.host.toLowerCase() !== host.toLowerCase()) {
        throw new RefusedError(
          `Cannot sign in to "${request.host}" with the token of registry "${host}"`,
          'Nothing was sent. Scan the image through the connection that its registry belongs to.',
        );
      }
      const kept = accessTokens.get(request.scope);
      if (!request.renew && usable(kept)) return `Bearer ${kept.value}`;
      const fresh = await accessToken(request.scope, request.signal);
      accessTokens.set(request.scope, fresh);
      return `Bearer ${fresh.value}`;
    },
  };
}

/** `type:name:action,action`; names may hold colons. distribution, "Token Scope Documentation". */
function parseScope(scope: string): { type: string; name: string; actions: readonly string[] } {
  const first = scope.indexOf(':');
  const last = scope.lastIndexOf(':');
  return { type: scope.slice(0, first), name: scope.slice(first + 1, last), actions: scope.slice(last + 1).split(',') };
}

/** Claims of a token, unchecked: they only tell what was granted and until when. Undefined when it is opaque. */
function readClaims(token: string): z.infer<typeof claims> | undefined {
  const payload = token.split('.')[1];
  if (payload === undefined || token.length > 64 * 1024) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined; // not a JWT
  }
  const parsed = claims.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
