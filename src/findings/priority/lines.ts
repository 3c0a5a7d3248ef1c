import * as z from 'zod';
import { evaluateFinding } from './evaluate.ts';
import type { FactorId } from './factors.ts';
import { isFactorId } from './factors.ts';
import type { PriorityBase, PriorityInput, PriorityResult } from './finding.ts';
import { LEVELS } from './levels.ts';
import { resolveSettings } from './settings.ts';

/** A line that could not be evaluated: its number from 1, what is wrong, and the finding when it could be read. */
export interface LineError {
  readonly line: number;
  readonly finding?: string;
  readonly error: string;
}

const factorId = z.custom<FactorId>((value) => typeof value === 'string' && isFactorId(value), {
  error: 'unknown factor id',
});

const evidence = z.object({
  id: factorId,
  value: z.union([z.boolean(), z.literal('unknown')], { error: 'neither true, false nor "unknown"' }),
  // JSON can write 1e400, which reads as Infinity and is an age all the same.
  ageHours: z
    .custom<number>((value) => typeof value === 'number' && value >= 0, { error: 'no number of 0 or more' })
    .optional(),
  stale: z.boolean().optional(),
  values: z.record(z.string(), z.string()).optional(),
  why: z.string().optional(),
});

function isUnique(ids: readonly string[]): boolean {
  return new Set(ids).size === ids.length;
}

const factors = z
  .array(evidence)
  .refine((list) => isUnique(list.map(({ id }) => id)), { error: 'repeated factor id' })
  .optional();

const baseShape = z.object({
  level: z.enum([...LEVELS, 'Unknown']),
  source: z.string(),
  other: z.string().optional(),
});

/** Keeps the object itself, because the base comes back as it was given. */
const base = z.custom<PriorityBase>((value) => baseShape.safeParse(value).success, {
  error: 'needs a level (Info, Low, Medium, High, Critical or Unknown) and a source',
});

const common = {
  finding: z.string(),
  base,
  factors,
  placements: z
    .array(z.object({ id: z.string(), factors }))
    .refine((list) => isUnique(list.map(({ id }) => id)), { error: 'repeated placement id' })
    .optional(),
  settings: z.unknown().optional(),
};

/** Members that a kind ignores are not looked at, not even for their type. */
const lineSchema = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('vulnerability'),
    cvss: z.string().optional(),
    attackVector: z.enum(['N', 'A', 'L', 'P']).optional(),
    ssvc: z
      .object({
        automatable: z.enum(['yes', 'no', 'unknown']).optional(),
        technicalImpact: z.enum(['partial', 'total', 'unknown']).optional(),
      })
      .optional(),
    malicious: z.boolean().optional(),
  }),
  z.object({
    ...common,
    kind: z.literal('posture'),
    self: z.array(factorId).refine(isUnique, { error: 'repeated factor id' }).optional(),
    apiServer: z.boolean().optional(),
  }),
]);

const objectSchema = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'Cannot read the line';
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

/** A base with members of its own that nest deeper is written back without them: a writer of JSON may recurse. */
const MAX_ECHO_DEPTH = 100;

function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || Object.values(value).some((inner) => isDeeperThan(inner, limit - 1));
}

/**
 * Evaluates one line of `priority --stdin`: a JSON object with one finding. Returns the result in the member order of the
 * format, a `LineError` in its place, or undefined for a blank line. Never throws; lines share nothing.
 */
export function evaluateLine(text: string, lineNumber: number): PriorityResult | LineError | undefined {
  // A byte order mark may stand at the start of a UTF-8 stream and belongs to no line.
  const line = lineNumber === 1 ? text.replace(/^\uFEFF/, '') : text;
  if (line.trim() === '') return undefined;
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { line: lineNumber, error: 'not JSON: write one JSON object a line' };
  }
  const object = objectSchema.safeParse(json);
  if (!object.success) return { line: lineNumber, error: 'not a JSON object: write one JSON object a line' };
  const parsed = lineSchema.safeParse(object.data);
  if (!parsed.success) {
    const finding = z.string().safeParse(object.data['finding']);
    return { line: lineNumber, ...(finding.success && { finding: finding.data }), error: describe(parsed.error) };
  }
  const { settings, ...input } = parsed.data;
  const result = evaluateFinding(input satisfies PriorityInput, resolveSettings(settings));
  return isDeeperThan(input.base, MAX_ECHO_DEPTH) ? { ...result, base: baseShape.parse(input.base) } : result;
}

/** True for the answer to a line that could not be evaluated: the exit code is then 2. */
export function isLineError(answer: PriorityResult | LineError): answer is LineError {
  return 'error' in answer;
}
