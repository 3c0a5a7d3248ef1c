import { isEngineError } from '../core/errors.ts';
import type { ReadError } from './types.ts';

/** A failed read as data. `id` is the ARM id of the resource or collection. Defects are passed on. */
export function toReadError(id: string, error: unknown): ReadError {
  if (!isEngineError(error)) throw error;
  const status =
    'httpStatus' in error && typeof error.httpStatus === 'number' ? error.httpStatus : statusOf(error.code);
  const code =
    'serviceCode' in error && typeof error.serviceCode === 'string' ? error.serviceCode : defaultCode(error.code);
  const action = 'action' in error && typeof error.action === 'string' ? error.action : undefined;
  return { id, status, code, message: error.message, ...(action === undefined ? {} : { action }) };
}

/** The status of errors that carry none; 0 when no answer came. */
function statusOf(code: string): number {
  switch (code) {
    case 'access-denied':
      return 403;
    case 'not-signed-in':
      return 401;
    case 'not-found':
      return 404;
    case 'throttled':
      return 429;
    default:
      return 0;
  }
}

function defaultCode(code: string): string {
  return code === 'access-denied' ? 'AuthorizationFailed' : code === 'not-found' ? 'ResourceNotFound' : code;
}

/** True when an error stands for missing access rather than for a failure. */
export function isDenial(error: ReadError): boolean {
  return error.status === 403 || error.status === 401;
}
