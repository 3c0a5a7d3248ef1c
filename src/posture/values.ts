import type { ArmResource } from '../inventory/types.ts';
import type { CheckEvidence, Verdict } from './types.ts';

/**
 * Reading of properties whose types nobody guarantees. `null` and a missing property are the same: absent. Enumeration
 * words compare without regard to case. A value of an unexpected type never satisfies a predicate.
 */
export interface Property {
  readonly path: string;
  read(resource: unknown): unknown;
}

/** A property by its dotted path, such as `properties.policies.exportPolicy.status`. */
export function property(path: string): Property {
  const parts = path.split('.');
  return {
    path,
    read(resource) {
      let value: unknown = resource;
      for (const part of parts) {
        if (!isObject(value)) return undefined;
        value = Object.hasOwn(value, part) ? value[part] : undefined;
      }
      return value ?? undefined;
    },
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isWord(value: unknown, word: string): boolean {
  return typeof value === 'string' && value.toLowerCase() === word.toLowerCase();
}

export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

export function isFalseOrAbsent(value: unknown): boolean {
  return value === false || isAbsent(value);
}

export function isNonEmptyText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The items of a list; absent is an empty list, anything else no list at all. */
export function items(value: unknown): readonly unknown[] | undefined {
  if (isAbsent(value)) return [];
  return Array.isArray(value) ? (value as unknown[]) : undefined;
}

/** A region as names compare: lower case, without blanks. */
export function region(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase().replaceAll(' ', '') : '';
}

/** How a value reads in a sentence. */
export function show(value: unknown): string {
  if (isAbsent(value)) return 'not set';
  if (typeof value === 'string') return `"${value.length > 80 ? `${value.slice(0, 79)}…` : value}"`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}

/** Evidence for one property; absent values are shown as null. */
export function seen(resource: unknown, ...properties: readonly Property[]): CheckEvidence[] {
  return properties.map((each) => ({ path: each.path, value: each.read(resource) ?? null }));
}

export function pass(reason: string, evidence: readonly CheckEvidence[]): Verdict {
  return { pass: true, reason, evidence };
}

export function fail(reason: string, evidence: readonly CheckEvidence[]): Verdict {
  return { pass: false, reason, evidence };
}

/** Verdict on one property: `holds` decides, the sentence says what stands there. */
export function judgeProperty(resource: ArmResource, prop: Property, holds: (value: unknown) => boolean): Verdict {
  const value = prop.read(resource);
  const evidence = seen(resource, prop);
  const reason = `${prop.path} is ${show(value)}`;
  return holds(value) ? pass(reason, evidence) : fail(reason, evidence);
}
