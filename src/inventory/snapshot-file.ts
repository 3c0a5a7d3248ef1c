import * as z from 'zod';
import { BadInputError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import type { Snapshot } from './types.ts';

/** A resource may have any shape; what cannot be judged is reported as unreadable, not refused. */
const resource = z.looseObject({}).transform((value) => value as Snapshot['resources'][number]);

const schema = z.object({
  subscriptions: z
    .array(z.looseObject({ id: z.string(), displayName: z.string().catch('') }))
    .nullish()
    .transform((list) => list ?? []),
  resources: z
    .array(z.unknown())
    .nullish()
    .transform((list) => list ?? []),
  errors: z
    .array(z.looseObject({ id: z.string(), status: z.number().catch(0), code: z.string().catch('') }))
    .nullish()
    .transform((list) => list ?? []),
  now: z.string().nullish(),
});

/** Reads a snapshot from JSON text. Absent `now` is the clock. Throws BadInputError. */
export function parseSnapshot(text: string, now: Date): Snapshot {
  const json = ((): unknown => {
    try {
      return parseJson(text, 'the snapshot', { maxChars: 512 * 1024 * 1024 });
    } catch (cause) {
      throw new BadInputError('Cannot read the snapshot: it is not valid JSON', 'Give an object with "resources".', {
        cause,
      });
    }
  })();
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BadInputError(
      `Cannot read the snapshot: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
      'Give an object with "subscriptions", "resources" and "errors".',
    );
  }
  const { subscriptions, resources, errors, now: time } = parsed.data;
  return {
    subscriptions,
    resources: resources.flatMap((each) => {
      const read = resource.safeParse(each);
      return read.success ? [read.data] : [];
    }),
    errors,
    now: typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : now.toISOString(),
  };
}
