import { z } from 'zod';

/**
 * What the suite in the extension host writes to the file named by PLIMSOLL_TEST_RESULT, one JSON object a line, as it
 * goes: a host that dies leaves what it had done so far.
 */
export const integrationEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), vscode: z.string(), appName: z.string(), node: z.string(), total: z.number() }),
  z.object({ kind: z.literal('suite'), title: z.string(), depth: z.number() }),
  z.object({ kind: z.literal('pass'), title: z.string(), depth: z.number(), durationMs: z.number() }),
  z.object({
    kind: z.literal('fail'),
    title: z.string(),
    fullTitle: z.string(),
    depth: z.number(),
    error: z.string(),
  }),
  z.object({ kind: z.literal('pending'), title: z.string(), depth: z.number() }),
  z.object({ kind: z.literal('end'), passes: z.number(), failures: z.number(), pending: z.number() }),
  /** The suite itself could not run. */
  z.object({ kind: z.literal('broken'), error: z.string() }),
]);

export type IntegrationEvent = z.infer<typeof integrationEvent>;
