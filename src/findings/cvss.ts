import calculator from 'ae-cvss-calculator';
import type { Level } from './priority/levels.ts';

export type CvssVersion = '4.0' | '3.1' | '3.0' | '2.0';

/** The base metrics of a CVSS vector and what the priority model reads from them. */
export interface CvssVector {
  readonly version: CvssVersion;
  /** Metrics in the order of the specification, with the prefix of the version; 2.0 has none. */
  readonly base: string;
  /** Network, Adjacent, Local or Physical. */
  readonly attackVector: 'N' | 'A' | 'L' | 'P';
  /** Reachable over the network without complexity, privileges or a user: an attack can run by itself. */
  readonly automatable: boolean;
  /** Confidentiality and integrity of the vulnerable system are lost in full. */
  readonly totalImpact: boolean;
}

type Metrics = readonly (readonly [name: string, values: string])[];

/** CVSS v4.0 specification, tables 1 to 10, "Base Metrics". */
const METRICS_4_0: Metrics = [
  ['AV', 'NALP'],
  ['AC', 'LH'],
  ['AT', 'NP'],
  ['PR', 'NLH'],
  ['UI', 'NPA'],
  ['VC', 'HLN'],
  ['VI', 'HLN'],
  ['VA', 'HLN'],
  ['SC', 'HLN'],
  ['SI', 'HLN'],
  ['SA', 'HLN'],
];

/** CVSS v3.1 specification, section 6, "Vector String"; 3.0 has the same base metrics. */
const METRICS_3: Metrics = [
  ['AV', 'NALP'],
  ['AC', 'LH'],
  ['PR', 'NLH'],
  ['UI', 'NR'],
  ['S', 'UC'],
  ['C', 'HLN'],
  ['I', 'HLN'],
  ['A', 'HLN'],
];

/** CVSS v2 guide, section 2.4, "Base, Temporal, Environmental Vectors". */
const METRICS_2: Metrics = [
  ['AV', 'LAN'],
  ['AC', 'HML'],
  ['Au', 'MSN'],
  ['C', 'NPC'],
  ['I', 'NPC'],
  ['A', 'NPC'],
];

const METRICS: Readonly<Record<CvssVersion, Metrics>> = {
  '4.0': METRICS_4_0,
  '3.1': METRICS_3,
  '3.0': METRICS_3,
  '2.0': METRICS_2,
};

/** What makes an attack automatable, and its impact total, in the metrics of each version. */
const AUTOMATABLE: Readonly<Record<CvssVersion, readonly string[]>> = {
  '4.0': ['AV:N', 'AC:L', 'AT:N', 'PR:N', 'UI:N'],
  '3.1': ['AV:N', 'AC:L', 'PR:N', 'UI:N'],
  '3.0': ['AV:N', 'AC:L', 'PR:N', 'UI:N'],
  '2.0': ['AV:N', 'AC:L', 'Au:N'],
};
const TOTAL_IMPACT: Readonly<Record<CvssVersion, readonly string[]>> = {
  '4.0': ['VC:H', 'VI:H'],
  '3.1': ['C:H', 'I:H'],
  '3.0': ['C:H', 'I:H'],
  '2.0': ['C:C', 'I:C'],
};

/** Longer texts are no vectors: all metrics of 4.0 together stay far under this. */
const MAX_VECTOR_LENGTH = 4096;

function versionOf(text: string): CvssVersion | undefined {
  const prefix = /^CVSS:([^/]*)\//.exec(text)?.[1];
  switch (prefix) {
    case '4.0':
    case '3.1':
    case '3.0':
    case '2.0':
      return prefix;
    default:
      return text.startsWith('CVSS:') ? undefined : '2.0';
  }
}

/**
 * Reads a vector of CVSS 4.0, 3.1, 3.0 (with prefix) or 2.0 (with or without). Every base metric must stand there once
 * with a valid value, in any order; all other metrics are ignored. Undefined: not a vector that can be read.
 */
export function parseCvss(text: string): CvssVector | undefined {
  if (text.length > MAX_VECTOR_LENGTH) return undefined;
  const version = versionOf(text);
  if (version === undefined) return undefined;
  const metrics = METRICS[version];
  const found = new Map<string, string>();
  for (const part of text.split('/')) {
    const colon = part.indexOf(':');
    const name = part.slice(0, colon);
    const values = colon < 0 ? undefined : metrics.find((metric) => metric[0] === name)?.[1];
    if (values === undefined) continue;
    const value = part.slice(colon + 1);
    if (value.length !== 1 || !values.includes(value) || found.has(name)) return undefined;
    found.set(name, value);
  }
  if (found.size !== metrics.length) return undefined;
  const has = (metric: string): boolean => found.get(metric.slice(0, -2)) === metric.slice(-1);
  const attackVector = (['N', 'A', 'L', 'P'] as const).find((value) => value === found.get('AV'));
  if (attackVector === undefined) return undefined;
  const written = metrics.map(([name]) => `${name}:${found.get(name) ?? ''}`).join('/');
  return {
    version,
    base: version === '2.0' ? written : `CVSS:${version}/${written}`,
    attackVector,
    automatable: AUTOMATABLE[version].every(has),
    totalImpact: TOTAL_IMPACT[version].every(has),
  };
}

/** The base score of a vector, 0.0 to 10.0 with one decimal. */
export function baseScore(vector: CvssVector): number {
  switch (vector.version) {
    case '4.0':
      return new calculator.Cvss4P0(vector.base).calculateScores().overall;
    case '3.1':
      return new calculator.Cvss3P1(vector.base).calculateScores().overall;
    case '3.0':
      return new calculator.Cvss3P0(vector.base).calculateScores().overall;
    case '2.0':
      return new calculator.Cvss2(vector.base).calculateScores().overall;
  }
}

/**
 * The level of a score. CVSS v3.1 specification, section 5, "Qualitative Severity Rating Scale" (the same in 4.0), with
 * None as Info; CVSS 2.0 knows no Critical (NVD, "Vulnerability Metrics").
 */
export function levelOfScore(score: number, version: CvssVersion): Level {
  if (score >= 9 && version !== '2.0') return 'Critical';
  if (score >= 7) return 'High';
  if (score >= 4) return 'Medium';
  return score >= 0.1 ? 'Low' : 'Info';
}
