import * as z from 'zod/mini';
import { detailTabs } from './contract.ts';
import {
  assetKinds,
  effectiveSeverities,
  findingKinds,
  findingStates,
  groupings,
  originalSeverities,
  reportPages,
  severities,
  sortKeys,
  sourceTools,
} from './words.ts';

/** Parts of the messages between the page and its host that both directions have. Unknown members are dropped. */

export const optional = z.exactOptional;
export const id = z.string().check(z.maxLength(2048));
export const line = z.string().check(z.maxLength(4096));
/** Advisory text, excerpts, commands. */
export const text = z.string().check(z.maxLength(200_000));
export const count = z.number().check(z.nonnegative(), z.refine(Number.isInteger));
export const list = <T extends z.core.SomeType>(item: T, most: number) => z.array(item).check(z.maxLength(most));

export const severity = z.enum(severities);
export const effective = z.enum(effectiveSeverities);
export const original = z.enum(originalSeverities);
export const sourceTool = z.enum(sourceTools);
export const findingState = z.enum(findingStates);
export const findingKind = z.enum(findingKinds);
export const assetKind = z.enum(assetKinds);
export const page = z.enum(reportPages);

export const filter = z.object({
  sourceTools: optional(list(sourceTool, 20)),
  severities: optional(list(severity, 20)),
  originalSeverities: optional(list(original, 20)),
  states: optional(list(findingState, 20)),
  kinds: optional(list(findingKind, 20)),
  assetKinds: optional(list(assetKind, 20)),
  connections: optional(list(id, 200)),
  subscriptions: optional(list(id, 200)),
  applications: optional(list(id, 200)),
  asset: optional(id),
  check: optional(id),
  fixAvailable: optional(z.boolean()),
  running: optional(z.boolean()),
  internetFacing: optional(z.boolean()),
  knownExploited: optional(z.boolean()),
  severityChanged: optional(z.boolean()),
  firstSeenDays: optional(count.check(z.minimum(1), z.maximum(9999))),
  text: optional(z.string().check(z.maxLength(500))),
});

export const query = z.object({
  filter,
  grouping: z.enum(groupings),
  sort: z.object({ key: z.enum(sortKeys), descending: z.boolean() }),
  folded: list(id, 5000),
});

export const state = z.object({
  page,
  query,
  selected: optional(id),
  split: optional(z.number().check(z.minimum(0), z.maximum(1))),
  detailTab: optional(z.enum(detailTabs)),
  letterKeys: optional(z.boolean()),
});

/** A message that has the shape of the contract, or why it has not: path and rule, never its values. */
export type ParsedMessage<T> = { readonly message: T } | { readonly problem: string };

export function parsed<T>(result: z.core.util.SafeParseResult<T>): ParsedMessage<T> {
  if (result.success) return { message: result.data };
  const [issue] = result.error.issues;
  return { problem: `${issue?.path.map(String).join('.') ?? ''}: ${issue?.code ?? 'invalid'}` };
}
