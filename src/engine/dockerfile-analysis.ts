import type { Clock } from '../core/clock.ts';
import { type Severity, severities, severityRank } from '../core/severity.ts';
import { checkDockerfile } from '../dockerfile/check.ts';
import { type Ignore, covers } from '../dockerfile/ignores.ts';
import { type Dockerfile, finalChain } from '../dockerfile/model.ts';
import type { DockerfileAnalysis, DockerfileMark } from '../engine-contract.ts';
import { secretFindingId } from '../findings/from-secrets.ts';
import type { Finding } from '../findings/types.ts';
import type { ImageReport } from '../image/types.ts';
import type { SeverityCounts } from '../report/contract.ts';
import { type ImageLink, type ImageRecord, Documents } from '../scan/documents.ts';
import { type LinePlaces, placesIn } from '../scan/dockerfile-links.ts';
import type { StateStore } from '../store/state-store.ts';
import type { FindingsService } from './findings-service.ts';

/** Rules of the marks that scan results leave in a Dockerfile. */
export const baseImageRule = 'df-base-image-no-known-vulnerabilities';
export const packagesRule = 'df-packages-no-known-vulnerabilities';
export const secretsRule = 'df-layers-no-secret';

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
    // Where a rule says it of the text already, a scan has nothing to add.
    const told = new Set(
      violations.filter(({ rule }) => rule.startsWith('df-no-secret-')).map(({ range }) => range.start.line),
    );
    for (const each of linked.slice(0, mostImages)) {
      marks.push(...(await this.#marksOf(uri, file, ignores, told, each)));
    }
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
    told: ReadonlySet<number>,
    { key, record, link }: Linked,
  ): Promise<DockerfileMark[]> {
    const report = await this.#store.getImage(record.digest);
    if (report === undefined) return [];
    const baseCount = record.base?.layers ?? 0;
    const baseLayers = new Set(report.layers.slice(0, baseCount).map(({ digest }) => digest));
    const { entries } = record.base ?? {};
    const part = { layers: baseCount, ...(entries === undefined ? {} : { entries }) };
    const places = placesIn(uri, file, report, part, link.band);
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
    marks.push(...this.#secretMarks(file, ignores, told, places, baseLayers, report, { key, record, link }));
    return marks.sort((a, b) => a.range.start.line - b.range.start.line);
  }

  /** Secrets that the image holds, on the lines whose layers or settings brought them. */
  #secretMarks(
    file: Dockerfile,
    ignores: readonly Ignore[],
    told: ReadonlySet<number>,
    places: LinePlaces,
    baseLayers: ReadonlySet<string>,
    report: ImageReport,
    { key, record, link }: Linked,
  ): DockerfileMark[] {
    const groups = new Map<number, Finding[]>();
    for (const secret of report.secrets ?? []) {
      const place = secret.history === undefined ? places.of(secret, baseLayers) : places.ofEntry(secret.history);
      if (place === undefined || isTold(told, place.line, place.endLine)) continue;
      const finding = this.#store.finding(secretFindingId(secret, `image:${key}`));
      if (finding === undefined || (finding.state !== 'open' && finding.state !== 'new')) continue;
      if (ignores.some((ignore) => covers(ignore, finding.check, place.line))) continue;
      const list = groups.get(place.line);
      if (list === undefined) groups.set(place.line, [finding]);
      else list.push(finding);
    }
    const from = finalChain(file)[0];
    return [...groups].flatMap(([line, findings]) => {
      if (ignores.some((ignore) => covers(ignore, secretsRule, line))) return [];
      const instruction = file.instructions.find(({ range }) => range.start.line === line);
      if (instruction === undefined) return [];
      const isBase = from?.from.range.start.line === line;
      const sorted = [...findings].sort((a, b) => rankOf(b) - rankOf(a) || (a.id < b.id ? -1 : 1));
      const possible = link.band === 'possible';
      return [
        {
          range: isBase && from.imageRange !== undefined ? from.imageRange : instruction.keywordRange,
          rule: secretsRule,
          severity: possible ? ('hint' as const) : ('warning' as const),
          message: secretMessage(sorted, isBase, possible),
          hover: secretHover(sorted, isBase, record, link),
          counts: countsOf(sorted),
          scannedAt: record.scannedAt,
          findingIds: sorted.map(({ id }) => id),
        },
      ];
    });
  }
}

/** Why this file is taken for that of the image; where others could as well be meant, which. */
function linkText({ links, scannedAt }: ImageRecord, link: ImageLink): string {
  const tie =
    links.length < 2
      ? ''
      : ` ${links.length} Dockerfiles could build this: ${links.map(({ path, score }) => `${escape(path)} (${score})`).join(', ')}.`;
  const when = scannedAt.slice(0, 16).replace('T', ' ');
  return `Link: ${link.score} of 100 (${link.signals.map(escape).join('; ')}).${tie} Scanned ${when} UTC.`;
}

function isTold(lines: ReadonlySet<number>, from: number, to: number): boolean {
  for (let line = from; line <= to; line++) if (lines.has(line)) return true;
  return false;
}

function secretMessage(findings: readonly Finding[], isBase: boolean, possible: boolean): string {
  const what =
    findings.length === 1
      ? `${findings[0]?.title ?? 'A secret'} stays in the image.`
      : `${findings.length} secrets from this line stay in the image.`;
  const advice = isBase ? ' Rotate, and use another base.' : ' Rotate, then leave it out.';
  const room = longestMessage - advice.length - (possible ? 'Possibly: '.length : 0);
  const short = what.length <= room ? what : `${what.slice(0, room - 1)}…`;
  return `${possible ? 'Possibly: ' : ''}${short}${advice}`;
}

function secretHover(findings: readonly Finding[], isBase: boolean, record: ImageRecord, link: ImageLink): string {
  const name = `${record.repository}${record.tags[0] === undefined ? '' : `:${record.tags[0]}`}`;
  const head = isBase
    ? `**${escape(record.base?.name ?? 'The base image')}** brings ${counted(findings.length)} into ${escape(name)}.`
    : `This line leaves ${counted(findings.length)} in ${escape(name)}. Deleting the file in a later instruction does not take it out.`;
  const rows = findings
    .slice(0, mostListed)
    .map((finding) => `| ${escape(finding.explanation.effective)} | ${escape(finding.title)} |`);
  const rest = findings.length > mostListed ? [`…and ${findings.length - mostListed} more.`] : [];
  return [head, ['| Severity | Secret |', '|---|---|', ...rows].join('\n'), ...rest, linkText(record, link)].join(
    '\n\n',
  );
}

function counted(secrets: number): string {
  return secrets === 1 ? '1 secret' : `${secrets} secrets`;
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
  const signals = `${running}${linkText(record, link)}`;
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
