import { compareText } from '../core/order.ts';
import type { Comparison } from './scheme.ts';

const ZERO = 48;
const NINE = 57;

/** True for the code unit of an ASCII digit; false for NaN, which `charCodeAt` answers behind the end. */
export function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** Order of two numbers that may be equal. */
export function compareNumbers(a: number, b: number): Comparison {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Order by value of two digit strings of any length; build numbers exceed 2^53. The empty string is 0. */
export function compareDigits(a: string, b: string): Comparison {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length === right.length ? compareText(left, right) : compareNumbers(left.length, right.length);
}
