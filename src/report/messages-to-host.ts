import * as z from 'zod/mini';
import type { ToHost } from './contract.ts';
import { reportCommands } from './contract.ts';
import { count, id, line, list, optional, page, parsed, query, state, text } from './message-parts.ts';
import type { ParsedMessage } from './message-parts.ts';

const command = z.enum(reportCommands);

const toHost = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({
    type: z.literal('query'),
    queryId: count,
    query,
    offset: count,
    limit: z.int().check(z.minimum(0), z.maximum(500)),
    facets: z.boolean(),
    locate: optional(id),
  }),
  z.object({ type: z.literal('detail'), id }),
  z.object({ type: z.literal('page'), page }),
  z.object({ type: z.literal('state'), state }),
  z.object({ type: z.literal('goToSource'), id }),
  z.object({
    type: z.literal('openLink'),
    url: z.string().check(z.maxLength(2048), z.regex(/^https:\/\//)),
  }),
  z.object({ type: z.literal('copy'), text }),
  z.object({ type: z.literal('typeInTerminal'), text: line }),
  z.object({ type: z.literal('command'), command, argument: optional(id), ids: optional(list(id, 2000)) }),
  z.object({ type: z.literal('problem'), what: z.enum(['explanation', 'message', 'script']), detail: line }),
]);

/** Reads what the page sent. */
export function parseToHost(value: unknown): ParsedMessage<ToHost> {
  return parsed(toHost.safeParse(value));
}
