import { compareText } from '../core/order.ts';
import type { LookUp } from './ecosystems.ts';
import type { StoredAffected, StoredSeverity } from './entries.ts';
import type { StoredHead } from './osv.ts';
import type { RecordReader } from './record-reader.ts';
import type { Rating } from './types.ts';

interface Opinionated {
  readonly head: StoredHead;
  readonly affected?: StoredAffected;
}

/** Sources whose top-level vectors are NVD's: their own opinion, where they have one, is a word. */
const nvdVectors: ReadonlySet<string> = new Set(['Debian', 'Alpine', 'Azure Linux', 'Ubuntu', 'Wolfi', 'Chainguard']);
/** Red Hat and its relatives begin a summary with the severity of the update. */
const summaryWord = /^(RHSA|ALSA|RLSA|RXSA)-/;
const ghsaPattern = /^GHSA-/;

/**
 * Every opinion that the records about one vulnerability hold, sorted. Where none of them has one, those that they are
 * aliases of are asked: Go's database gives no severity, the advisory of GitHub for the same thing does.
 */
export function ratingsOf(records: readonly Opinionated[], { base }: LookUp, reader: RecordReader): Rating[] {
  const out = new Map<string, Rating>();
  const add = (rating: Rating): void => {
    out.set(JSON.stringify(rating), rating);
  };
  for (const record of records) takeRatings(record, base, add);
  if (out.size === 0) {
    const known = new Set(records.map(({ head }) => head.id));
    for (const alias of new Set(records.flatMap(({ head }) => head.aliases ?? []))) {
      const head = known.has(alias) ? undefined : reader.headOf(alias);
      if (head !== undefined) takeRatings({ head }, base, add);
    }
  }
  return [...out].sort(([a], [b]) => compareText(a, b)).map(([, rating]) => rating);
}

function takeRatings({ head, affected }: Opinionated, base: string, add: (rating: Rating) => void): void {
  const isGhsa = ghsaPattern.test(head.id);
  if (affected?.urgency !== undefined) add({ origin: 'own', source: base, word: affected.urgency });
  if (summaryWord.test(head.id)) {
    const word = /^(Low|Moderate|Important|Critical):/.exec(head.summary ?? '')?.[1];
    if (word !== undefined) add({ origin: 'own', source: base, word });
  }
  if (head.id.startsWith('MAL-')) add({ origin: 'own', source: 'OSV', word: 'critical' });
  const word = isGhsa ? head.word : undefined;
  let hasVector = false;
  for (const [type, value] of severitiesOf(head, affected)) {
    if (type === 'Ubuntu') add({ origin: 'own', source: 'Ubuntu', word: value });
    else if (!/^CVSS_V[234]$/.test(type)) continue;
    else if (isGhsa) {
      add({ origin: 'general', source: 'GHSA', vector: value, ...(word === undefined ? {} : { word }) });
      hasVector = true;
    } else if (nvdVectors.has(base)) add({ origin: 'nvd', source: 'NVD', vector: value });
    else add({ origin: 'general', source: sourceName(head.id, base), vector: value });
  }
  if (word !== undefined && !hasVector) add({ origin: 'general', source: 'GHSA', word });
}

/** What an affected entry says of a type goes before what the record says. */
function severitiesOf(head: StoredHead, affected: StoredAffected | undefined): readonly StoredSeverity[] {
  const own = affected?.severities ?? [];
  const types = new Set(own.map(([type]) => type));
  return [...own, ...(head.severities ?? []).filter(([type]) => !types.has(type))];
}

function sourceName(id: string, base: string): string {
  switch (/^([A-Za-z]+)-/.exec(id)?.[1]) {
    case 'RUSTSEC':
      return 'RustSec';
    case 'PYSEC':
      return 'PyPA';
    case 'GO':
      return 'Go';
    default:
      return base;
  }
}
