import * as z from 'zod';
import { AccessDeniedError, NotFoundError, UnexpectedResponseError, type EngineError } from '../core/errors.ts';
import type { HttpResponse } from '../core/http.ts';

/** OCI distribution-spec v1.1, "Error Codes". `detail` as Azure Container Registry fills it. */
const envelope = z.object({
  errors: z
    .array(
      z.object({
        code: z.string().catch(''),
        message: z.string().catch(''),
        detail: z.unknown().optional(),
      }),
    )
    .min(1),
});
const actionDetail = z.array(
  z.object({ Type: z.string().optional(), Name: z.string().optional(), Action: z.string() }),
);

export interface RegistryFault {
  readonly status: number;
  /** `UNAUTHORIZED`, `DENIED`, `NAME_UNKNOWN`, …; empty when the body was not the standard one. */
  readonly code: string;
  readonly message: string;
  /** The action that was refused, when the registry names it. */
  readonly action?: string;
}

/** Reads the error body of an answer, at most 64 KiB; never throws for a body that is something else. */
export async function readFault(response: HttpResponse, signal: AbortSignal): Promise<RegistryFault> {
  const status = response.status;
  let body: unknown;
  try {
    body = JSON.parse(await response.text(64 * 1024));
  } catch {
    signal.throwIfAborted();
    return { status, code: '', message: '' }; // a page of a proxy, or nothing: the status says enough
  }
  const parsed = envelope.safeParse(body);
  const first = parsed.success ? parsed.data.errors[0] : undefined;
  if (first === undefined) return { status, code: '', message: '' };
  const detail = actionDetail.safeParse(first.detail);
  const action = detail.success ? detail.data[0]?.Action : undefined;
  return {
    status,
    code: first.code.slice(0, 64),
    message: oneLine(first.message),
    ...(action === undefined ? {} : { action }),
  };
}

/** The error for a refused or failed call. `what` continues "Cannot …", `scope` names what access is needed to. */
export function faultError(what: string, scope: string, url: string, fault: RegistryFault): EngineError {
  const said = fault.code === '' ? '' : ` ${fault.code}${fault.message === '' ? '' : `: ${fault.message}`}`;
  const message = `Cannot ${what}: the registry answered ${fault.status}${said}`;
  const service = fault.code === '' ? undefined : fault.code;
  if (fault.status === 401) {
    return new AccessDeniedError(
      message,
      'Assign AcrPull, or Container Registry Repository Reader where the registry uses repository permissions; for other registries sign in with an account that may read it.',
      { scope, action: fault.action ?? actionOf(scope), httpStatus: 401, serviceCode: service },
    );
  }
  if (fault.status === 403) {
    const address = /client with IP '([0-9a-fA-F.:]+)'/.exec(fault.message)?.[1];
    return new AccessDeniedError(
      message,
      address === undefined
        ? 'Check the firewall and private endpoints of the registry, and the roles of this identity.'
        : `Allow the address ${address} in the firewall of the registry; the change takes some minutes.`,
      { scope, action: fault.action, httpStatus: 403, serviceCode: service },
    );
  }
  if (fault.status === 405) {
    return new AccessDeniedError(
      `${message}; it may be locked against reading`,
      'Check "readEnabled" of the repository, the tag and the manifest.',
      { scope, httpStatus: 405, serviceCode: service },
    );
  }
  if (fault.status === 404) {
    return new NotFoundError(message, 'Check the repository, the tag and the digest; it may have been deleted.');
  }
  return new UnexpectedResponseError(message, 'Try again; if it stays, report it with the log.', {
    url: withoutQuery(url),
    httpStatus: fault.status,
    serviceCode: service,
  });
}

/** Addresses of blobs are secrets by their query: only this part may be shown or logged. */
export function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

function actionOf(scope: string): string | undefined {
  const action = scope.slice(scope.lastIndexOf(':') + 1);
  return action === scope ? undefined : action;
}

function oneLine(text: string): string {
  return text
    .slice(0, 300)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
}
