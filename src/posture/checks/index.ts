import type { Check, CheckService } from '../types.ts';
import { containerRegistry } from './container-registry.ts';

/** All services of the catalogue, sorted by name. A new one is added here by hand. */
export const services: readonly CheckService[] = [containerRegistry];

export const allChecks: readonly Check[] = services.flatMap((service) => service.checks);

const byId = new Map(allChecks.map((check) => [check.id, check]));

export function checkById(id: string): Check | undefined {
  return byId.get(id);
}
