import { compareText } from '../core/order.ts';
import type { Comparison } from './scheme.ts';

const ZERO = 48;
const NINE = 57;

/** True for the code unit of an ASCII digit; false for NaN, which `charCodeAt` answers behind the end. */
export function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** True for the code unit of an ASCII letter. */
export function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** Order of two numbers that may be equal. */
export function compareNumbers(a: number, b: number): Comparison {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Order by value of two digit strings of any length; build numbers exceed 2^53. The empty string is 0. */
export function compareDigits(a: string, b: string): Comparison {
  const left = withoutZeros(a);
  const right = withoutZeros(b);
  return left.length === right.length ? compareText(left, right) : compareNumbers(left.length, right.length);
}

/** A digit string without leading zeros; the empty string for 0. */
export function withoutZeros(digits: string): string {
  let start = 0;
  while (digits.charCodeAt(start) === ZERO) start++;
  return start === 0 ? digits : digits.slice(start);
}
