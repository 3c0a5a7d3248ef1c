import { type ParseArgsConfig, parseArgs } from 'node:util';
import { BadInputError } from '../core/errors.ts';
import { type Severity, severities, severityRank } from '../core/severity.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** `parseArgs` with errors that name the next step. */
export function readArguments<O extends Options>(command: string, args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error);
    throw usage(command, reason);
  }
}

export function usage(command: string, reason: string): BadInputError {
  return new BadInputError(reason, `See "plimsoll ${command} --help".`);
}

/** One of the words, or the default. */
export function oneOf<T extends string>(
  command: string,
  option: string,
  value: string | undefined,
  words: readonly T[],
  fallback: T,
): T {
  if (value === undefined) return fallback;
  const found = words.find((word) => word === value);
  if (found === undefined) throw usage(command, `--${option} is "${value}"; it takes ${words.join(', ')}`);
  return found;
}

export function readFailOn(command: string, value: string | undefined): Severity | undefined {
  if (value === undefined || value === 'none') return undefined;
  return oneOf(command, 'fail-on', value, severities, 'critical');
}

/** True when any level is at or above the limit. */
export function reaches(limit: Severity | undefined, levels: Iterable<Severity | 'none'>): boolean {
  if (limit === undefined) return false;
  for (const level of levels) if (level !== 'none' && severityRank(level) >= severityRank(limit)) return true;
  return false;
}
