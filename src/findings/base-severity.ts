import { compareText } from '../core/order.ts';
import type { CvssVersion } from './cvss.ts';
import { baseScore, levelOfScore, parseCvss } from './cvss.ts';
import type { BaseLevel, Level } from './priority/levels.ts';

/**
 * Whose opinion a rating is: the advisory of the package's own distribution release or ecosystem, a general advisory
 * database (GHSA, OSV), NVD, or the CVE's numbering authority.
 */
export type RatingOrigin = 'own' | 'general' | 'nvd' | 'cna';

/** One source's opinion on how severe a vulnerability is: a word, a vector, or a score of a CVSS version. */
export interface SeverityRating {
  readonly origin: RatingOrigin;
  /** Name as shown to people: "Debian", "GHSA", "NVD". */
  readonly source: string;
  /** The source's own word: "High", "moderate", "not yet assigned". */
  readonly word?: string;
  readonly vector?: string;
  readonly score?: { readonly value: number; readonly version: CvssVersion };
}

/** The base severity that was chosen, and what the runner-up says. */
export interface BaseSeverity {
  readonly level: BaseLevel;
  readonly source: string;
  /** The runner-up of another source: "NVD Critical 9.8". */
  readonly other?: string;
  /** CVSS base score of the source that was chosen, where it has one. */
  readonly score?: number;
  /** The best readable vector: that of the chosen source, else of the newest version that any source gave. */
  readonly vector?: string;
}

interface Opinion {
  readonly rating: SeverityRating;
  readonly level: Level;
  readonly score?: number;
  readonly version?: CvssVersion;
}

/**
 * Words that state a severity: CVSS ratings, Debian urgency, Ubuntu priority, Red Hat's and GHSA's words. Words such as
 * "not yet assigned", "end-of-life", "untriaged", "unimportant" and "negligible" are no opinion.
 */
const WORDS: ReadonlyMap<string, Level> = new Map<string, Level>([
  ['critical', 'Critical'],
  ['high', 'High'],
  ['important', 'High'],
  ['medium', 'Medium'],
  ['moderate', 'Medium'],
  ['low', 'Low'],
]);

const ORIGINS: readonly RatingOrigin[] = ['own', 'general', 'nvd', 'cna'];
/** Newest first. */
const VERSIONS: readonly CvssVersion[] = ['4.0', '3.1', '3.0', '2.0'];

/** The score that goes with a vector or was given. */
function scoreOf(rating: SeverityRating): { value: number; version: CvssVersion } | undefined {
  const vector = rating.vector === undefined ? undefined : parseCvss(rating.vector);
  if (vector !== undefined) return { value: baseScore(vector), version: vector.version };
  const given = rating.score;
  return given !== undefined && given.value >= 0 && given.value <= 10 ? given : undefined;
}

function opinionOf(rating: SeverityRating): Opinion | undefined {
  // The Debian tracker marks urgencies that it guessed with a trailing asterisk.
  const level = WORDS.get((rating.word ?? '').trim().replace(/\*$/, '').toLowerCase());
  const score = scoreOf(rating);
  // NVD and the numbering authorities speak in scores; their word, where given, is derived from one.
  const asWord = level !== undefined && (score === undefined || ORIGINS.indexOf(rating.origin) < 2);
  if (asWord) return { rating, level, ...(score && { score: score.value }) };
  if (score === undefined) return undefined;
  return { rating, level: levelOfScore(score.value, score.version), score: score.value, version: score.version };
}

/**
 * Advisories: a word before a score. NVD and the CNA are one step that speaks in scores: the newer CVSS version goes
 * before the better known source, and a bare word comes last.
 */
function precedence(opinion: Opinion): readonly number[] {
  const origin = ORIGINS.indexOf(opinion.rating.origin);
  const step = Math.min(origin, 2);
  const wordPlace = step < 2 ? -1 : VERSIONS.length;
  return [step, opinion.version === undefined ? wordPlace : VERSIONS.indexOf(opinion.version), origin];
}

function compareOpinions(a: Opinion, b: Opinion): number {
  const right = precedence(b);
  for (const [index, left] of precedence(a).entries()) {
    const difference = left - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return (
    compareText(a.rating.source, b.rating.source) ||
    (b.score ?? -1) - (a.score ?? -1) ||
    compareText(a.rating.vector ?? '', b.rating.vector ?? '') ||
    compareText(a.level, b.level)
  );
}

/**
 * Chooses the base severity: the package's own advisory if it states one, else GHSA/OSV, else NVD and CNA scores with CVSS
 * 4.0 before 3.1 before 3.0 before 2.0, else Unknown. The order of the ratings does not matter, and never is the maximum
 * taken.
 */
export function chooseBaseSeverity(ratings: readonly SeverityRating[]): BaseSeverity {
  const opinions = ratings
    .map((rating) => opinionOf(rating))
    .filter((opinion) => opinion !== undefined)
    .sort(compareOpinions);
  const chosen = opinions[0];
  const vector = bestVector(ratings, chosen?.rating.source);
  if (chosen === undefined) return { level: 'Unknown', source: 'no source', ...(vector !== undefined && { vector }) };
  const runnerUp = opinions.find((opinion) => opinion.rating.source !== chosen.rating.source);
  return {
    level: chosen.level,
    source: chosen.rating.source,
    ...(runnerUp !== undefined && { other: describe(runnerUp) }),
    ...(chosen.score !== undefined && { score: chosen.score }),
    ...(vector !== undefined && { vector }),
  };
}

/** The readable vector of the chosen source, else the one of the newest version, NVD's before the others'. */
function bestVector(ratings: readonly SeverityRating[], chosenSource: string | undefined): string | undefined {
  const places = ratings.flatMap((rating) => {
    const parsed = rating.vector === undefined ? undefined : parseCvss(rating.vector);
    if (rating.vector === undefined || parsed === undefined) return [];
    const place = [
      rating.source === chosenSource ? 0 : 1,
      VERSIONS.indexOf(parsed.version),
      rating.origin === 'nvd' ? 0 : 1,
    ];
    return [{ vector: rating.vector, key: `${place.join('')} ${rating.source} ${rating.vector}` }];
  });
  return places.sort((a, b) => compareText(a.key, b.key))[0]?.vector;
}

function describe({ rating, level, score }: Opinion): string {
  return [rating.source, level, ...(score === undefined ? [] : [score.toFixed(1)])].join(' ');
}
