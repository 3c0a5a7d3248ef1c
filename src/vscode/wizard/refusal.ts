import type { Remark } from '../../azure/input.ts';
import { fieldOfSignInError } from '../../azure/sign-in-errors.ts';
import { describeError, isEngineError } from '../../core/errors.ts';
import type { L10n } from '../l10n.ts';
import type { StepId } from './draft.ts';

/** Where a refused sign-in leads and what it says there. */
export interface Refusal {
  /** The box that holds the wrong value; undefined: stay. */
  readonly step: StepId | undefined;
  readonly remark: Remark;
}

/** Error codes are hints: what is not known stays at the box with the service's own words. */
export function refusalOf(error: unknown, l10n: L10n, machine: string): Refusal {
  const { message, nextStep } = describeError(error);
  if (isEngineError(error) && (error.code === 'unreachable' || error.code === 'timed-out')) {
    return {
      step: undefined,
      remark: {
        level: 'error',
        message: l10n.t('{reason}, tried from {machine}. {nextStep} Press Enter to try again.', {
          reason: message,
          machine,
          nextStep,
        }),
      },
    };
  }
  const remark: Remark = { level: 'error', message: nextStep === '' ? message : `${message} ${nextStep}` };
  const field = fieldOfSignInError(error);
  return { step: field === 'none' ? undefined : field, remark };
}
