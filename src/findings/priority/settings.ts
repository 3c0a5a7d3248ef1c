import { compareText } from '../../core/order.ts';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Factor, FactorId } from './factors.ts';
import { FACTORS, findFactor, isFactorId, PRIVATE_API_SERVER_POINTS } from './factors.ts';

/** The version of the model; part of every result. */
export const MODEL_VERSION = '1.0.0';

/** What a team may tune. Group caps, guards and ceilings apply whatever stands here. */
export interface PrioritySettings {
  /** Weights that were given, in points; 0 disables a factor. A factor that is not listed has the weight of the table. */
  readonly weights: ReadonlyMap<FactorId, number>;
  /** Levels that context may move at most. */
  readonly limits: { readonly maxDown: number; readonly maxUp: number };
  readonly thresholds: { readonly epssHigh: number; readonly epssMedium: number; readonly evidenceMaxAgeHours: number };
  /** False: no result has a window. */
  readonly window: boolean;
  readonly tags: {
    readonly environment: readonly string[];
    readonly critical: readonly string[];
    readonly low: readonly string[];
    readonly production: readonly string[];
  };
  readonly trusted: { readonly ranges: readonly string[]; readonly vexIssuers: readonly string[] };
}

export const DEFAULT_PRIORITY_SETTINGS: PrioritySettings = {
  weights: new Map(),
  limits: { maxDown: 2, maxUp: 2 },
  thresholds: { epssHigh: 0.5, epssMedium: 0.1, evidenceMaxAgeHours: 24 },
  window: true,
  tags: {
    environment: ['environment', 'env'],
    critical: ['tier=0', 'criticality=high'],
    low: ['criticality=low'],
    production: ['prod', 'prd', 'production'],
  },
  trusted: { ranges: [], vexIssuers: [] },
};

/** A setting that was refused: its path (`weights.exploit.kev`) and why. Its default stays in force. */
export interface RefusedSetting {
  readonly path: string;
  readonly reason: string;
}

/** Settings after validation: what is in force, its hash, and what was refused, sorted by path. */
export interface SettingsInForce {
  readonly settings: PrioritySettings;
  /** `sha256:` and the digest of the settings in force; equal settings have an equal hash, however they were written. */
  readonly hash: string;
  readonly rejected: readonly RefusedSetting[];
}

type JsonMap = Readonly<Record<string, unknown>>;

const mapSchema = z.custom<JsonMap>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const wordsSchema = z.array(z.string());

function isWhole(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
}

function weightRange(factor: Factor): readonly [number, number] {
  const points = factor.id === 'exposure.private-cluster' ? PRIVATE_API_SERVER_POINTS : factor.points;
  return points > 0 ? [0, 20] : points < 0 ? [-20, 0] : [0, 0];
}

/** The reader of one map of the settings; it notes what it refuses and never throws. */
class Reader {
  readonly refused: RefusedSetting[] = [];

  refuse(path: string, reason: string): void {
    this.refused.push({ path, reason });
  }

  /** The entries of the map `name`, none when it is absent or no map. Unknown keys are refused. */
  entriesOf(root: JsonMap, name: string, known?: readonly string[]): ReadonlyMap<string, unknown> {
    if (!Object.hasOwn(root, name)) return new Map();
    const map = mapSchema.safeParse(root[name]);
    if (!map.success) {
      this.refuse(name, 'not a map');
      return new Map();
    }
    const entries = new Map(Object.entries(map.data));
    for (const key of [...entries.keys()]) {
      if (known === undefined || known.includes(key)) continue;
      this.refuse(`${name}.${key}`, 'unknown key');
      entries.delete(key);
    }
    return entries;
  }
}

function readWeights(reader: Reader, root: JsonMap): ReadonlyMap<FactorId, number> {
  const weights = new Map<FactorId, number>();
  for (const [id, value] of reader.entriesOf(root, 'weights')) {
    const factor = findFactor(id);
    if (factor === undefined || !isFactorId(id)) {
      reader.refuse(`weights.${id}`, 'unknown factor');
      continue;
    }
    const [low, high] = weightRange(factor);
    // Adding 0 turns -0, which JSON can write, into 0.
    if (isWhole(value, low, high)) weights.set(id, value + 0);
    else reader.refuse(`weights.${id}`, low === high ? 'only 0 is allowed' : `not a whole number of ${low}..${high}`);
  }
  return weights;
}

function readLimits(reader: Reader, root: JsonMap): PrioritySettings['limits'] {
  const given = reader.entriesOf(root, 'limits', ['maxDown', 'maxUp']);
  const limits = { ...DEFAULT_PRIORITY_SETTINGS.limits };
  for (const key of ['maxDown', 'maxUp'] as const) {
    if (!given.has(key)) continue;
    const value = given.get(key);
    if (isWhole(value, 0, 2)) limits[key] = value + 0;
    else reader.refuse(`limits.${key}`, 'not a whole number of 0..2');
  }
  return limits;
}

function readThresholds(reader: Reader, root: JsonMap): PrioritySettings['thresholds'] {
  const given = reader.entriesOf(root, 'thresholds', ['epssHigh', 'epssMedium', 'evidenceMaxAgeHours']);
  const defaults = DEFAULT_PRIORITY_SETTINGS.thresholds;
  const thresholds = { ...defaults };
  const accepted: ('epssHigh' | 'epssMedium')[] = [];
  for (const key of ['epssHigh', 'epssMedium'] as const) {
    if (!given.has(key)) continue;
    const value = given.get(key);
    if (typeof value === 'number' && value > 0 && value <= 1) {
      thresholds[key] = value;
      accepted.push(key);
    } else reader.refuse(`thresholds.${key}`, 'not a number above 0 and at most 1');
  }
  if (thresholds.epssMedium >= thresholds.epssHigh) {
    for (const key of accepted) {
      reader.refuse(`thresholds.${key}`, 'epssMedium is not under epssHigh');
      thresholds[key] = defaults[key];
    }
  }
  if (given.has('evidenceMaxAgeHours')) {
    const value = given.get('evidenceMaxAgeHours');
    if (typeof value === 'number' && value >= 1 && value <= 8760) thresholds.evidenceMaxAgeHours = value;
    else reader.refuse('thresholds.evidenceMaxAgeHours', 'not a number of 1..8760');
  }
  return thresholds;
}

function readWords<K extends string>(
  reader: Reader,
  root: JsonMap,
  name: string,
  defaults: Readonly<Record<K, readonly string[]>>,
  keys: readonly K[],
): Record<K, readonly string[]> {
  const given = reader.entriesOf(root, name, keys);
  const words: Record<K, readonly string[]> = { ...defaults };
  for (const key of keys) {
    if (!given.has(key)) continue;
    const value = wordsSchema.safeParse(given.get(key));
    if (value.success) words[key] = value.data;
    else reader.refuse(`${name}.${key}`, 'not a list of texts');
  }
  return words;
}

/** True when a weight given as 0 changes a result although the factor has no points: it then switches a rule off. */
function hasEffectAtZero(factor: Factor): boolean {
  return factor.points !== 0 || factor.rule !== undefined || factor.id === 'exposure.private-cluster';
}

/** JSON with keys in code-unit order and no blanks, so that equal settings give equal bytes. */
function hashOf(settings: PrioritySettings): string {
  const weights: Record<string, number> = {};
  for (const factor of FACTORS) {
    const given = settings.weights.get(factor.id);
    const usual = factor.id === 'exposure.private-cluster' ? PRIVATE_API_SERVER_POINTS : factor.points;
    if (given === undefined || !hasEffectAtZero(factor) || (given === usual && given !== 0)) continue;
    weights[factor.id] = given;
  }
  const canonical = JSON.stringify({ ...settings, weights }, (_key, value: unknown) => {
    const map = mapSchema.safeParse(value);
    if (!map.success) return value;
    return Object.fromEntries(Object.entries(map.data).sort(([a], [b]) => compareText(a, b)));
  });
  return `sha256:${createHash('sha256').update(canonical, 'utf8').digest('hex')}`;
}

const TOP_LEVEL = ['model', 'weights', 'limits', 'thresholds', 'window', 'tags', 'trusted'];

/**
 * Validates settings as read from JSON or YAML; `undefined` stands for none. Never throws: each invalid value is refused
 * by itself and its default stays in force.
 */
export function resolveSettings(given: unknown): SettingsInForce {
  const reader = new Reader();
  const map = given === undefined ? { success: true as const, data: {} } : mapSchema.safeParse(given);
  if (!map.success) reader.refuse('settings', 'not a map');
  const root: JsonMap = map.success ? map.data : {};
  for (const key of Object.keys(root)) if (!TOP_LEVEL.includes(key)) reader.refuse(key, 'unknown key');
  if (Object.hasOwn(root, 'model') && root['model'] !== MODEL_VERSION) {
    reader.refuse('model', `the model in force is ${MODEL_VERSION}`);
  }
  let window = DEFAULT_PRIORITY_SETTINGS.window;
  if (Object.hasOwn(root, 'window')) {
    if (typeof root['window'] === 'boolean') window = root['window'];
    else reader.refuse('window', 'neither true nor false');
  }
  const settings: PrioritySettings = {
    weights: readWeights(reader, root),
    limits: readLimits(reader, root),
    thresholds: readThresholds(reader, root),
    window,
    tags: readWords(reader, root, 'tags', DEFAULT_PRIORITY_SETTINGS.tags, [
      'environment',
      'critical',
      'low',
      'production',
    ]),
    trusted: readWords(reader, root, 'trusted', DEFAULT_PRIORITY_SETTINGS.trusted, ['ranges', 'vexIssuers']),
  };
  const rejected = reader.refused.sort((a, b) => compareText(a.path, b.path));
  return { settings, hash: hashOf(settings), rejected };
}
