import * as z from 'zod';
import { compareText } from '../core/order.ts';
import type { ArmResource } from './types.ts';

const text = z.string().optional().catch(undefined);
const schema = z.looseObject({
  id: z.string().startsWith('/'),
  type: z.string().min(1),
  name: z.string().min(1),
  location: text,
  kind: text,
  tags: z.record(z.string(), z.string()).nullish().catch(undefined),
});

/** Columns of Resource Graph that a resource does not have in Resource Manager's own answer. */
const columnsOnly: ReadonlySet<string> = new Set(['subscriptionId', 'resourceGroup', 'tenantId']);

/**
 * A resource out of ARM JSON or a row of Resource Graph; nothing of it is dropped but absent values and columns that
 * only repeat the id. Undefined when id, type or name is missing. `type` may be given for members of a list without it.
 */
export function readArmResource(raw: unknown, type?: string): ArmResource | undefined {
  const result = schema.safeParse(
    type !== undefined && typeof raw === 'object' && raw !== null && !('type' in raw) ? { ...raw, type } : raw,
  );
  if (!result.success) return undefined;
  const { tags, ...rest } = result.data;
  const kept = Object.fromEntries(
    Object.entries(rest).filter(([name, value]) => value !== null && value !== undefined && !columnsOnly.has(name)),
  );
  return {
    ...kept,
    id: result.data.id,
    type: result.data.type,
    name: result.data.name,
    ...(tags === null || tags === undefined ? {} : { tags }),
  };
}

/** Resources by id without letter case; a later one replaces an earlier one. */
export class ResourceSet {
  readonly #byId = new Map<string, ArmResource>();

  add(resource: ArmResource): void {
    this.#byId.set(resource.id.toLowerCase(), resource);
  }

  /** Adds only what is not known yet: rows of Resource Graph never replace Resource Manager's own answer. */
  addIfNew(resource: ArmResource): boolean {
    const key = resource.id.toLowerCase();
    if (this.#byId.has(key)) return false;
    this.#byId.set(key, resource);
    return true;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** In the order of their ids. */
  sorted(): ArmResource[] {
    return [...this.#byId].sort(([a], [b]) => compareText(a, b)).map(([, resource]) => resource);
  }
}
