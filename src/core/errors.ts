/**
 * Errors that a person can act on. Each class is one thing that callers handle differently; branch on `code`, never on
 * the message. Anything that is not an EngineError is a defect of ours.
 */
export abstract class EngineError extends Error {
  /** Stable word: logged, tested, mapped to exit codes. */
  abstract readonly code: ErrorCode;
  /** What this person can do now: a role, a command, a setting. */
  readonly nextStep: string;

  constructor(message: string, nextStep: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.nextStep = nextStep;
  }
}

export type ErrorCode =
  | 'not-signed-in'
  | 'access-denied'
  | 'not-found'
  | 'throttled'
  | 'unreachable'
  | 'timed-out'
  | 'unexpected-response'
  | 'digest-mismatch'
  | 'damaged'
  | 'limit-exceeded'
  | 'database-unusable'
  | 'refused'
  | 'bad-input';

const codes: ReadonlySet<string> = new Set<ErrorCode>([
  'not-signed-in',
  'access-denied',
  'not-found',
  'throttled',
  'unreachable',
  'timed-out',
  'unexpected-response',
  'digest-mismatch',
  'damaged',
  'limit-exceeded',
  'database-unusable',
  'refused',
  'bad-input',
]);

/** True for our own errors, also for those made by another bundle (each lazy chunk carries its own copy of the classes). */
export function isEngineError(error: unknown): error is EngineError {
  return error instanceof Error && 'code' in error && 'nextStep' in error && codes.has(String(error.code));
}

/** True when work ended because the caller's signal was aborted. Cancelling is not an error. */
export function isAbort(error: unknown, signal?: AbortSignal): boolean {
  if (signal?.aborted === true) return true;
  return error instanceof Error && error.name === 'AbortError';
}

/** One sentence for any thrown value; defects of ours say so. */
export function describeError(error: unknown): { code: ErrorCode | 'defect'; message: string; nextStep: string } {
  if (isEngineError(error)) return { code: error.code, message: error.message, nextStep: error.nextStep };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'defect', message, nextStep: 'This is a defect of Plimsoll. Report it with the log.' };
}

/** The identity service refused to sign in. `aadsts` is its number, when it gave one. */
export class NotSignedInError extends EngineError {
  readonly code = 'not-signed-in';
  readonly aadsts: number | undefined;
  readonly traceId: string | undefined;

  constructor(
    message: string,
    nextStep: string,
    options?: ErrorOptions & { aadsts?: number | undefined; traceId?: string | undefined },
  ) {
    super(message, nextStep, options);
    this.aadsts = options?.aadsts;
    this.traceId = options?.traceId;
  }
}

/** The service knows who we are and refuses. */
export class AccessDeniedError extends EngineError {
  readonly code = 'access-denied';
  /** ARM id, registry repository or Kubernetes path that was refused. */
  readonly scope: string;
  /** Action that is missing, when the service named it, such as `Microsoft.ContainerRegistry/registries/read`. */
  readonly action: string | undefined;
  readonly httpStatus: number | undefined;
  /** Code of the service, such as `AuthorizationFailed`. */
  readonly serviceCode: string | undefined;
  readonly traceId: string | undefined;

  constructor(
    message: string,
    nextStep: string,
    options: ErrorOptions & {
      scope: string;
      action?: string | undefined;
      httpStatus?: number | undefined;
      serviceCode?: string | undefined;
      traceId?: string | undefined;
    },
  ) {
    super(message, nextStep, options);
    this.scope = options.scope;
    this.action = options.action;
    this.httpStatus = options.httpStatus;
    this.serviceCode = options.serviceCode;
    this.traceId = options.traceId;
  }
}

/** The thing asked for is not there (404 and its relatives). */
export class NotFoundError extends EngineError {
  readonly code = 'not-found';
}

/** The service asked to slow down and the retries are used up. */
export class ThrottledError extends EngineError {
  readonly code = 'throttled';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, nextStep: string, options?: ErrorOptions & { retryAfterMs?: number | undefined }) {
    super(message, nextStep, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}

export type UnreachableCause = 'name' | 'refused' | 'timeout' | 'certificate' | 'proxy' | 'reset' | 'offline' | 'other';

/** No answer from the network; `cause` of the network error is kept. */
export class UnreachableError extends EngineError {
  readonly code = 'unreachable';
  readonly host: string;
  readonly reason: UnreachableCause;

  constructor(message: string, nextStep: string, options: ErrorOptions & { host: string; reason: UnreachableCause }) {
    super(message, nextStep, options);
    this.host = options.host;
    this.reason = options.reason;
  }
}

/** A deadline of ours passed. */
export class TimedOutError extends EngineError {
  readonly code = 'timed-out';
}

/** An answer that does not have the documented shape or status. */
export class UnexpectedResponseError extends EngineError {
  readonly code = 'unexpected-response';
  readonly url: string;
  readonly httpStatus: number | undefined;
  readonly serviceCode: string | undefined;
  readonly traceId: string | undefined;

  constructor(
    message: string,
    nextStep: string,
    options: ErrorOptions & {
      url: string;
      httpStatus?: number | undefined;
      serviceCode?: string | undefined;
      traceId?: string | undefined;
    },
  ) {
    super(message, nextStep, options);
    this.url = options.url;
    this.httpStatus = options.httpStatus;
    this.serviceCode = options.serviceCode;
    this.traceId = options.traceId;
  }
}

/** Bytes whose digest or size is not the one that was promised; nothing of them may be believed. */
export class DigestMismatchError extends EngineError {
  readonly code = 'digest-mismatch';
}

/** A file or archive that cannot be read as its format. */
export class DamagedError extends EngineError {
  readonly code = 'damaged';
}

/** A ceiling on size, count, depth or expansion was reached. */
export class LimitExceededError extends EngineError {
  readonly code = 'limit-exceeded';
}

/** A local database is of another version, or broken. */
export class DatabaseUnusableError extends EngineError {
  readonly code = 'database-unusable';
}

/** Something we refuse to do for safety: a foreign token realm, a redirect to another host, an http address. */
export class RefusedError extends EngineError {
  readonly code = 'refused';
}

/** Wrong arguments, settings or files of the person in front of us. */
export class BadInputError extends EngineError {
  readonly code = 'bad-input';
}
