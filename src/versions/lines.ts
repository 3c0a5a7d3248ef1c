import { schemeFor } from './index.ts';

/**
 * The order of two versions in an OSV ecosystem, with or without its suffix: `!` when at least one side is no version
 * there. Undefined: versions of this ecosystem cannot be compared at all.
 */
export function compareLine(ecosystem: string, a: string, b: string): '<' | '=' | '>' | '!' | undefined {
  const scheme = schemeFor(ecosystem);
  if (scheme === undefined) return undefined;
  const left = scheme.parse(a);
  const right = scheme.parse(b);
  if (left === undefined || right === undefined) return '!';
  const order = scheme.compare(left, right);
  return order < 0 ? '<' : order > 0 ? '>' : '=';
}
