import type { Clock } from '../core/clock.ts';
import { type Severity, severities, severityRank } from '../core/severity.ts';
import { checkDockerfile } from '../dockerfile/check.ts';
import { type Ignore, covers } from '../dockerfile/ignores.ts';
import { type Dockerfile, finalChain } from '../dockerfile/model.ts';
import type { DockerfileAnalysis, DockerfileMark } from '../engine-contract.ts';
import type { Finding } from '../findings/types.ts';
import type { SeverityCounts } from '../report/contract.ts';
import { type ImageLink, type ImageRecord, Documents } from '../scan/documents.ts';
import { placesIn } from '../scan/dockerfile-links.ts';
import type { StateStore } from '../store/state-store.ts';
import type { FindingsService } from './findings-service.ts';

/** Rules of the marks that scan results leave in a Dockerfile. */
export const baseImageRule = 'df-base-image-no-known-vulnerabilities';
export const packagesRule = 'df-packages-no-known-vulnerabilities';

/** Linked images that one file shows marks of. */
const mostImages = 4;
const longestMessage = 120;
/** Vulnerabilities that a hover lists. */
const mostListed = 10;

interface Linked {
  readonly key: string;
  readonly record: ImageRecord;
  readonly link: ImageLink;
}

/** Static rules, and what scans found in the images that a file builds, on the lines where it comes from. */
export class DockerfileAnalyser {
  readonly #store: StateStore;
  readonly #documents: Documents;
  readonly #findings: FindingsService;
  readonly #clock: Clock;

  constructor(store: StateStore, findings: FindingsService, clock: Clock) {
    this.#store = store;
    this.#documents = new Documents(store);
    this.#findings = findings;
    this.#clock = clock;
  }

  async analyze(uri: string, text: string): Promise<DockerfileAnalysis> {
    const { file, violations, ignores } = checkDockerfile(text, {
      today: this.#clock.now().toISOString().slice(0, 10),
    });
    const linked = this.#linked(uri);
    const marks: DockerfileMark[] = [];
    for (const each of linked.slice(0, mostImages)) marks.push(...(await this.#marksOf(uri, file, ignores, each)));
    return {
      violations,
      marks,
      links: linked.map(({ key, record, link }) => ({
        repository: `${record.host}/${record.repository}`,
        score: link.score,
        image: `image:${key}`,
        ...(record.tags[0] === undefined ? {} : { tag: record.tags[0] }),
      })),
    };
  }

  /** Images that this file may have built: the best match first, the newest scan of a repository alone. */
  #linked(uri: string): Linked[] {
    const byRepository = new Map<string, Linked>();
    for (const { key, record } of this.#documents.images()) {
      const link = record.links.find((each) => each.uri === uri);
      if (link === undefined) continue;
      const name = `${record.host}/${record.repository}`;
      const known = byRepository.get(name);
      if (known === undefined || isNewer(record, known.record)) byRepository.set(name, { key, record, link });
    }
    return [...byRepository.values()].sort((a, b) => b.link.score - a.link.score || (a.key < b.key ? -1 : 1));
  }

  async #marksOf(
    uri: string,
    file: Dockerfile,
    ignores: readonly Ignore[],
    { key, record, link }: Linked,
  ): Promise<DockerfileMark[]> {
    const report = await this.#store.getImage(record.digest);
    if (report === undefined) return [];
    const baseCount = record.base?.layers ?? 0;
    const baseLayers = new Set(report.layers.slice(0, baseCount).map(({ digest }) => digest));
    const places = placesIn(uri, file, report, baseCount, link.band);
    const from = finalChain(file)[0];
    const groups = new Map<number, Finding[]>();
    for (const item of await this.#findings.matching({
      asset: `image:${key}`,
      states: ['open', 'new'],
      kinds: ['vulnerability'],
    })) {
      const finding = this.#store.finding(item.id);
      if (finding?.package === undefined) continue;
      const layer = finding.package.layer;
      const place = places.of(layer === undefined ? {} : { layer }, baseLayers);
      if (place === undefined) continue;
      if (ignores.some((ignore) => covers(ignore, finding.check, place.line))) continue;
      const list = groups.get(place.line);
      if (list === undefined) groups.set(place.line, [finding]);
      else list.push(finding);
    }
    const marks: DockerfileMark[] = [];
    for (const [line, findings] of groups) {
      const isBase = from?.from.range.start.line === line;
      const rule = isBase ? baseImageRule : packagesRule;
      if (ignores.some((ignore) => covers(ignore, rule, line))) continue;
      const mark = makeMark(file, line, rule, isBase, findings, record, link, from?.imageRange);
      if (mark !== undefined) marks.push(mark);
    }
    return marks.sort((a, b) => a.range.start.line - b.range.start.line);
  }
}

function isNewer(a: ImageRecord, b: ImageRecord): boolean {
  if (a.running !== b.running) return a.running > b.running;
  return a.scannedAt > b.scannedAt;
}

function makeMark(
  file: Dockerfile,
  line: number,
  rule: string,
  isBase: boolean,
  findings: readonly Finding[],
  record: ImageRecord,
  link: ImageLink,
  imageRange: DockerfileMark['range'] | undefined,
): DockerfileMark | undefined {
  const instruction = file.instructions.find(({ range }) => range.start.line === line);
  if (instruction === undefined) return undefined;
  const sorted = [...findings].sort((a, b) => rankOf(b) - rankOf(a) || (a.check < b.check ? -1 : 1));
  const worst = sorted[0] === undefined ? undefined : effectiveOf(sorted[0]);
  if (worst === undefined) return undefined;
  const range = isBase && imageRange !== undefined ? imageRange : instruction.keywordRange;
  const possible = link.band === 'possible';
  return {
    range,
    rule,
    severity: possible
      ? 'hint'
      : worst === 'critical' || worst === 'high'
        ? 'warning'
        : worst === 'medium'
          ? 'information'
          : 'hint',
    message: messageOf(sorted, isBase, possible),
    hover: hoverOf(sorted, isBase, record, link),
    findingIds: sorted.map(({ id }) => id),
    counts: countsOf(sorted),
    scannedAt: record.scannedAt,
  };
}

function messageOf(findings: readonly Finding[], isBase: boolean, possible: boolean): string {
  const counts = countsText(findings);
  const fixable = findings.find((finding) => finding.package?.fixed !== undefined);
  const what = isBase ? 'The base image has' : 'Packages from this line have';
  const advice =
    fixable?.package?.fixed === undefined
      ? ' No fix yet.'
      : isBase
        ? ' Rebuild on a newer one.'
        : ` Update ${fixable.package.name} to ${fixable.package.fixed}.`;
  const text = `${possible ? 'Possibly: ' : ''}${what} ${counts} known vulnerabilities.${advice}`;
  return text.length <= longestMessage ? text : `${text.slice(0, longestMessage - 1)}…`;
}

function countsText(findings: readonly Finding[]): string {
  const counts = countsOf(findings);
  return severities
    .filter((severity) => counts[severity] > 0)
    .map((severity) => `${counts[severity]} ${severity}`)
    .join(', ');
}

function countsOf(findings: readonly Finding[]): SeverityCounts {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const finding of findings) {
    const level = effectiveOf(finding);
    if (level !== undefined) counts[level]++;
  }
  return counts;
}

function hoverOf(findings: readonly Finding[], isBase: boolean, record: ImageRecord, link: ImageLink): string {
  const name = `${record.repository}${record.tags[0] === undefined ? '' : `:${record.tags[0]}`}`;
  const head = isBase
    ? `**${escape(record.base?.name ?? 'The base image')}** brings ${countsText(findings)} known vulnerabilities into ${escape(name)}.`
    : `This line brings ${countsText(findings)} known vulnerabilities into ${escape(name)}.`;
  const rows = findings.slice(0, mostListed).map(({ check, package: item, explanation, knownExploited }) => {
    const level =
      explanation.effective === explanation.original.level
        ? explanation.effective
        : `${explanation.effective} (was ${explanation.original.level})`;
    const kev = knownExploited ? ', exploited' : '';
    return `| ${escape(level)}${kev} | ${escape(check)} | ${escape(`${item?.name ?? ''} ${item?.version ?? ''}`)} | ${escape(item?.fixed ?? 'none yet')} |`;
  });
  const rest = findings.length > mostListed ? [`…and ${findings.length - mostListed} more.`] : [];
  const running = record.running > 0 ? `Running in ${record.running} container(s). ` : '';
  const signals = `${running}Link: ${link.score} of 100 (${link.signals.map(escape).join('; ')}). Scanned ${record.scannedAt.slice(0, 16).replace('T', ' ')} UTC.`;
  return [
    head,
    ['| Severity | Vulnerability | Package | Fixed in |', '|---|---|---|---|', ...rows].join('\n'),
    ...rest,
    signals,
  ].join('\n\n');
}

function effectiveOf({ explanation }: Finding): Severity | undefined {
  return explanation.effective === 'none' ? undefined : explanation.effective;
}

function rankOf(finding: Finding): number {
  const level = effectiveOf(finding);
  return level === undefined ? -1 : severityRank(level);
}

/** Text from images and advisories as plain text of Markdown. */
function escape(text: string): string {
  return text
    .replace(/[\\`*_{}[\]()#+\-.!|<>~&$@:]/g, (sign) =>
      sign === '<' ? '&lt;' : sign === '>' ? '&gt;' : sign === '&' ? '&amp;' : `\\${sign}`,
    )
    .replace(/\s+/g, ' ');
}
