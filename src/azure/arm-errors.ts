import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import {
  AccessDeniedError,
  BadInputError,
  isEngineError,
  NotFoundError,
  NotSignedInError,
  UnexpectedResponseError,
  type EngineError,
} from '../core/errors.ts';
import { headerText } from '../core/http.ts';
import { roleForAction } from './roles.ts';

/** The parts of a refusing answer that its meaning is read from. */
export interface RefusedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  readonly body: string;
}

const detail = z.object({ code: z.string().catch(''), message: z.string().catch('') });
const errorBody = z.object({
  code: z.string().catch(''),
  message: z.string().catch(''),
  details: z.array(detail).catch([]),
});
/** With the envelope, and without it, as some providers answer. Azure REST API guidelines, "Error response". */
const envelope = z.union([z.object({ error: errorBody }), errorBody.transform((error) => ({ error }))]);

export interface ServiceError {
  readonly code: string;
  readonly message: string;
  /** Codes of the inner details, in order. */
  readonly details: readonly { readonly code: string; readonly message: string }[];
}

/** Code and message of an answer; both empty when it is no JSON of the known shape. */
export function readServiceError(body: string): ServiceError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.slice(0, 256 * 1024));
  } catch {
    return { code: '', message: '', details: [] };
  }
  const result = envelope.safeParse(parsed);
  return result.success ? result.data.error : { code: '', message: '', details: [] };
}

/** Codes that mean "there is nothing of the kind here", not a failure. */
const nothingThere: Readonly<Record<string, 'directoryOnly' | 'notRegistered' | 'notInCloud'>> = {
  DisallowedOperation: 'directoryOnly',
  MissingSubscriptionRegistration: 'notRegistered',
  NoRegisteredProviderFound: 'notInCloud',
  InvalidResourceType: 'notInCloud',
  InvalidApiVersionParameter: 'notInCloud',
};

/**
 * Whether an error says that a subscription holds no such resources: it is a mere directory, the provider is not
 * registered, or the cloud does not have it. Undefined for any other error.
 */
export function meansNothingThere(error: unknown): 'directoryOnly' | 'notRegistered' | 'notInCloud' | undefined {
  if (!isEngineError(error) || !('serviceCode' in error) || typeof error.serviceCode !== 'string') return undefined;
  return Object.hasOwn(nothingThere, error.serviceCode) ? nothingThere[error.serviceCode] : undefined;
}

/**
 * The error for an answer of Resource Manager, Resource Graph or Microsoft Graph with a status of 400 or more.
 * Branches on codes, never on the wording; texts are read only for the ids in them.
 */
export function armError(answer: RefusedAnswer): EngineError {
  const { status, url } = answer;
  const service = readServiceError(answer.body);
  const { code } = service;
  const host = new URL(url).host;
  const path = decodedPath(url);
  const traceId =
    headerText(answer.headers, 'x-ms-correlation-request-id') ??
    headerText(answer.headers, 'x-ms-request-id') ??
    headerText(answer.headers, 'request-id');
  const text = oneLine(service.message);
  const denied = (
    message: string,
    next: string,
    more: { readonly action?: string; readonly scope?: string; readonly code?: string } = {},
  ): AccessDeniedError =>
    new AccessDeniedError(message, next, {
      scope: more.scope ?? path,
      ...(more.action === undefined ? {} : { action: more.action }),
      httpStatus: status,
      serviceCode: more.code ?? (code === '' ? undefined : code),
      traceId,
    });
  const unexpected = (message: string, next: string): UnexpectedResponseError =>
    new UnexpectedResponseError(message, next, {
      url,
      httpStatus: status,
      serviceCode: code === '' ? undefined : code,
      traceId,
    });

  if (service.details.some((inner) => inner.code === 'NoValidSubscriptionsInQueryRequest')) {
    return denied(
      'Cannot query the resources: this identity sees none of the subscriptions',
      'Assign the role Reader at the subscriptions. Assigned minutes ago? Wait, then try again.',
      { code: 'NoValidSubscriptionsInQueryRequest' },
    );
  }
  if (Object.hasOwn(nothingThere, code)) {
    return unexpected(
      {
        directoryOnly: `Cannot read "${path}": this subscription is a mere directory and holds no resources`,
        notRegistered: `Cannot read "${path}": the subscription does not use this service`,
        notInCloud: `Cannot read "${path}": this cloud does not offer it`,
      }[nothingThere[code] ?? 'notInCloud'],
      'Nothing is to be done.',
    );
  }
  switch (code) {
    case 'InvalidAuthenticationTokenTenant': {
      const tenant = owningTenant(service.message);
      return denied(
        tenant === undefined
          ? 'This subscription belongs to another tenant than the one that was signed in to'
          : `This subscription belongs to the tenant ${tenant}, not to the one that was signed in to`,
        tenant === undefined
          ? 'Connect with the tenant that owns the subscription.'
          : `Connect with tenant ${tenant}, or leave the subscription out.`,
      );
    }
    case 'InvalidAuthenticationTokenAudience':
      return denied(
        `${host} refuses the token: it was made for another cloud or service`,
        'The endpoints of two clouds are mixed: check the cloud of the connection, and armEndpoint and armAudience of a custom one.',
      );
    case 'ExpiredAuthenticationToken':
      return new NotSignedInError(
        `${host} says that a fresh token has expired (ExpiredAuthenticationToken)`,
        'Set the clock of this machine, then try again.',
        { traceId },
      );
    case 'AuthorizationFailed':
    case 'LinkedAuthorizationFailed': {
      const { action, scope } = missingAction(service.message);
      const role = action === undefined ? undefined : roleForAction(action);
      return denied(
        action === undefined
          ? `Cannot read "${path}": this identity has no permission for it`
          : `Cannot read "${scope ?? path}": the permission ${action} is missing`,
        `${role === undefined ? 'Assign a role that contains this permission' : `Assign the role ${role.name}`} at ${scope ?? 'this scope'}. Assigned minutes ago? Wait, then try again. The scope may also not exist.`,
        { ...(action === undefined ? {} : { action }), ...(scope === undefined ? {} : { scope }) },
      );
    }
    case 'SubscriptionNotFound':
      return new NotFoundError(
        `Cannot read "${path}": Azure finds no such subscription (SubscriptionNotFound)`,
        'The ID is wrong, it lives in another cloud, or this identity has no role in it.',
      );
    case 'InvalidSubscriptionId':
      return new BadInputError(`"${path.split('/')[2] ?? path}" is no subscription ID`, 'Correct the ID.');
    case 'ResourceGroupNotFound':
    case 'ResourceNotFound':
      return new NotFoundError(`"${path}" does not exist any more (${code})`, 'Refresh the list.');
    case 'ScopeLocked':
      return denied(
        `Cannot read "${path}": a read-only lock blocks this kind of reading`,
        'Reading keys, settings and credentials counts as a write under such a lock. Have it removed, or go without.',
      );
    case 'Authorization_RequestDenied':
      return denied(
        'Microsoft Graph refuses: the application lacks the permission',
        'An administrator grants it: App registrations, API permissions, Grant admin consent.',
      );
  }
  if (status === 401) {
    return new NotSignedInError(
      `${host} does not accept the token (${code === '' ? '401' : code})${text === '' ? '' : `: ${text}`}`,
      headerText(answer.headers, 'www-authenticate')?.includes('claims=') === true
        ? 'Access of this identity was revoked or is blocked. Ask your Entra administrator.'
        : 'A proxy may strip headers, or the sign-in was revoked. Check the proxy and the clock, then try again.',
      { traceId },
    );
  }
  if (status === 403) {
    return denied(
      `${host} refuses "${path}"${code === '' ? '' : ` (${code})`}${text === '' ? '' : `: ${text}`}`,
      code === '' ? 'A proxy or firewall may refuse it. Check both.' : 'Ask the owner of the subscription.',
    );
  }
  if (status === 404) {
    return new NotFoundError(
      `"${path}" was not found${code === '' ? '' : ` (${code})`}`,
      'Refresh the list; check the cloud of the connection.',
    );
  }
  const web = /^\s*<(!doctype|html)/i.test(answer.body);
  if (status >= 500) {
    return unexpected(
      `${host} has a fault: it answered ${status}${code === '' ? '' : ` (${code})`}${web ? ' with a web page' : ''}`,
      'Try again in some minutes; see the Azure status page if it stays.',
    );
  }
  return unexpected(
    `Cannot read "${path}": ${host} answered ${status}${code === '' ? '' : ` (${code})`}${text === '' ? '' : `: ${text}`}`,
    'Report this with the log if it stays.',
  );
}

function decodedPath(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURI(pathname);
  } catch {
    return pathname; // a following page may carry anything
  }
}

/** The tenant that a token should have come from: in the authority address, else in the last issuer named. */
export function owningTenant(message: string): string | undefined {
  const authority = /login\.(?:windows\.net|microsoftonline\.[a-z]+)\/([0-9a-f-]{36})/i.exec(message)?.[1];
  if (authority !== undefined) return authority.toLowerCase();
  return [...message.matchAll(/sts\.windows\.net\/([0-9a-f-]{36})/gi)].at(-1)?.[1]?.toLowerCase();
}

function missingAction(message: string): { readonly action?: string; readonly scope?: string } {
  const bounded = message.slice(0, 4096);
  const action = /perform action '([\w.*/-]+)'/i.exec(bounded)?.[1];
  const scope = /over scope '([^']+)'/i.exec(bounded)?.[1];
  return { ...(action === undefined ? {} : { action }), ...(scope === undefined ? {} : { scope }) };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 400);
}
