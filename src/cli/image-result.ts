import { pathToFileURL } from 'node:url';
import type { MatchResult, Vulnerability } from '../advisories/types.ts';
import type { Severity } from '../core/severity.ts';
import { parseDockerfile } from '../dockerfile/model.ts';
import { chooseBaseSeverity } from '../findings/base-severity.ts';
import { endOfLife } from '../findings/end-of-life.ts';
import { toSeverityRating } from '../findings/from-image.ts';
import { findBaseImage } from '../image/base-image.ts';
import { formatPlatform } from '../image/manifest.ts';
import { originsOfLayers } from '../image/layer-origin.ts';
import type { ResolvedImage } from '../image/resolve.ts';
import { secretKinds } from '../image/secrets/kinds.ts';
import { isLocalImage } from '../image/sources/index.ts';
import type { ImageReport } from '../image/types.ts';
import { parseReference } from '../registry/reference.ts';
import {
  type BasePart,
  type SourceRepository,
  linkDockerfiles,
  parseAll,
  placesIn,
  toBuiltImage,
} from '../scan/dockerfile-links.ts';
import type { ReadImageResult } from './image-read.ts';
import { type SarifResult, toSarif } from './sarif.ts';

/** The Dockerfile whose lines are named. */
export interface LineSource {
  readonly path: string;
  readonly text: string;
  /** The git repository that it lies in. */
  readonly repository?: SourceRepository;
}

/** The result in the form of `--format json`; `today` is an ISO date. */
export async function describeImage(
  ref: string,
  read: ReadImageResult,
  match: MatchResult,
  lines: LineSource | undefined,
  today: string,
) {
  const { report, resolved, referrers } = read;
  const base = findBaseImage(report, read.known);
  const baseLayers = new Set(report.layers.slice(0, base?.layerCount ?? 0).map(({ digest }) => digest));
  const part = { layers: base?.layerCount ?? 0 };
  const places =
    lines === undefined ? undefined : placesIn(lines.path, parseDockerfile(lines.text), report, part, 'certain');
  const link = lines === undefined ? undefined : await linkOf(ref, report, part, lines);
  const origins = originsOfLayers(report.config);
  const ended = endOfLife(report.os, today);
  const sideOf = (layer: string | undefined): { origin?: 'base' | 'own' | 'unknown' } =>
    layer === undefined ? {} : { origin: base?.certain !== true ? 'unknown' : baseLayers.has(layer) ? 'base' : 'own' };
  const lineOf = (layer: string | undefined): { dockerfileLine?: number } => {
    return toLine(layer === undefined ? undefined : places?.of({ layer }, baseLayers));
  };
  return {
    schema: 'plimsoll.image/1',
    image: {
      ref,
      digest: report.digest,
      mediaType: report.mediaType,
      ...(resolved === undefined ? {} : { platform: platformOf(report, resolved) }),
      ...indexOf(resolved),
      ...(referrers === undefined ? {} : { referrers }),
      os: {
        id: report.os?.id ?? '',
        version: report.os?.version ?? '',
        ecosystem: report.os?.ecosystem ?? '',
        ...(ended === undefined ? {} : { endOfLife: ended }),
      },
      ...(base === undefined
        ? {}
        : {
            base: {
              layers: base.layerCount,
              certain: base.certain,
              evidence: base.evidence,
              ...(base.name === undefined ? {} : { name: base.name }),
              ...(base.digest === undefined ? {} : { digest: base.digest }),
            },
          }),
      ...(link === undefined ? {} : { dockerfile: link }),
      layers: report.layers.map(({ digest, diffId, createdBy }, index) => ({
        digest,
        diffId,
        createdBy: createdBy ?? '',
        ...(origins[index] === undefined ? {} : { madeBy: origins[index].madeBy }),
        ...lineOf(digest),
      })),
    },
    packages: report.packages.map(({ type, name, version, purl, source, path: file, layer, ownedBy, declared }) => ({
      type,
      name,
      version,
      ...(purl === undefined ? {} : { purl }),
      ...(source === undefined ? {} : { source }),
      ...(file === undefined ? {} : { path: file }),
      ...(layer === undefined ? {} : { layer }),
      ...(ownedBy === undefined ? {} : { ownedBy }),
      ...(declared === undefined ? {} : { declared }),
    })),
    vulnerabilities: match.matches.flatMap(({ package: index, vulnerability }) => {
      const item = report.packages[index];
      return item === undefined
        ? []
        : [
            {
              ...rate(vulnerability),
              package: item.name,
              installed: item.version,
              ...layerOf(item.layer),
              ...sideOf(item.layer),
              ...lineOf(item.layer),
            },
          ];
    }),
    secrets: (report.secrets ?? []).map((secret) => {
      const { history, removedBy, ...place } = secret;
      const line = history === undefined ? lineOf(secret.layer) : toLine(places?.ofEntry(history));
      return {
        ...place,
        severity: secretKinds[secret.kind].severity,
        ...(history === undefined ? {} : { history }),
        ...(removedBy === undefined ? {} : { removedBy }),
        ...sideOf(secret.layer),
        ...line,
      };
    }),
    coverage: match.coverage,
    problems: [...report.problems, ...read.problems].map(({ path: file, reason }) => ({ path: file, reason })),
  };
}

export type ImageResult = Awaited<ReturnType<typeof describeImage>>;

/** How likely the Dockerfile built the image; the lines are told all the same, because a person named the file. */
async function linkOf(ref: string, report: ImageReport, part: BasePart, { path, text, repository }: LineSource) {
  const file = {
    uri: pathToFileURL(path).href,
    path,
    text,
    ...(repository === undefined ? {} : { repository }),
  };
  const name = isLocalImage(ref) ? ref : `${parseReference(ref).host}/${parseReference(ref).repository}`;
  const [found] = await linkDockerfiles(toBuiltImage(name, report, part), parseAll([file]));
  if (found === undefined) return { path, score: 0, band: 'none' as const, signals: [] };
  const { score, band, signals } = found.link;
  return { path, score, band, signals: signals.map(({ text: said }) => said) };
}

/** As the index names it, with the variant; else what the config says. */
function platformOf(report: ImageReport, resolved: ResolvedImage): string {
  const chosen = resolved.choices?.find(({ digest }) => digest === resolved.digest)?.platform;
  return formatPlatform(chosen ?? report.platform);
}

function indexOf(resolved: ResolvedImage | undefined) {
  if (resolved?.choices === undefined) return {};
  const platforms = resolved.choices.map(({ digest, platform }) => ({
    ...(platform === undefined ? {} : { platform: formatPlatform(platform) }),
    digest,
  }));
  return { index: { ...resolved.named, platforms } };
}

function toLine(place: { readonly line: number } | undefined): { dockerfileLine?: number } {
  return place === undefined ? {} : { dockerfileLine: place.line + 1 };
}

function layerOf(layer: string | undefined): { layer?: string } {
  return layer === undefined ? {} : { layer };
}

function rate(vulnerability: Vulnerability) {
  const base = chooseBaseSeverity(vulnerability.ratings.map(toSeverityRating));
  const level = base.level.toLowerCase();
  return {
    id: vulnerability.id,
    aliases: vulnerability.aliases,
    ...(vulnerability.fixed === undefined ? {} : { fixed: vulnerability.fixed }),
    ...(vulnerability.noFix === undefined ? {} : { noFix: vulnerability.noFix }),
    severity: (level === 'unknown' ? 'unknown' : level) as Severity | 'unknown',
    severitySource: base.source,
    ...(base.vector === undefined ? {} : { cvss: base.vector }),
    ...(vulnerability.kev === undefined ? {} : { kev: vulnerability.kev }),
    ...(vulnerability.epss === undefined ? {} : { epss: vulnerability.epss }),
    references: vulnerability.references,
  };
}

/** For people: the worst first, then what is not known. Third-party text cannot steer the terminal. */
export function asTable(result: ImageResult): string {
  const { image: about, packages, vulnerabilities, secrets, coverage, problems } = result;
  const order = ['critical', 'high', 'unknown', 'medium', 'low', 'info'];
  const sorted = [...vulnerabilities].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  const rows = sorted.map((each) => [
    each.severity,
    each.id,
    `${each.package} ${each.installed}`,
    each.fixed ??
      ('noFix' in each && each.noFix.kind === 'subscription'
        ? `${each.noFix.version} (${each.noFix.subscription})`
        : '-'),
    each.severitySource,
  ]);
  const head = ['SEVERITY', 'ID', 'PACKAGE', 'FIXED', 'SOURCE'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    [
      about.ref,
      about.digest,
      `${about.os.id} ${about.os.version}`.trim(),
      ...('platform' in about ? [about.platform] : []),
    ]
      .filter((part) => part !== '')
      .join('  '),
    ...('endOfLife' in about.os
      ? [
          `The operating system gets no security updates since ${about.os.endOfLife.since}: move to a maintained one, such as ${about.os.endOfLife.supported}`,
        ]
      : []),
    ...('index' in about
      ? [
          `Chosen from ${about.index.digest}: ${about.index.platforms.map(({ platform }) => platform ?? 'unnamed').join(', ')}`,
        ]
      : []),
    ...('referrers' in about && about.referrers.length > 0
      ? [
          `Refers to it: ${about.referrers.map(({ artifactType }) => (artifactType === '' ? 'unknown' : artifactType)).join(', ')}`,
        ]
      : []),
    `${packages.length} packages, ${vulnerabilities.length} vulnerabilities, ${secrets.length} secrets`,
    '',
    ...(rows.length === 0 ? [] : [line(head), ...rows.map(line), '']),
    ...secrets.map((secret) => `Secret (${secret.severity}): ${secretText(secret)}`),
    ...coverage
      .filter(({ state }) => state !== 'full')
      .map(({ ecosystem, state, reason }) => `Not covered: ${ecosystem} (${state}): ${reason ?? ''}`),
    ...problems.map(({ path: file, reason }) => `Problem: ${file}: ${reason}`),
  ]
    .map((text) => text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd'))
    .join('\n')
    .concat('\n');
}

/** `Private key in /app/server.key:1, deleted again by a higher layer`. */
function secretText(secret: ImageResult['secrets'][number]): string {
  const { kind, path, line, env, label, command, history, removedBy } = secret;
  const place =
    path !== undefined
      ? `in /${path}${line === undefined ? '' : `:${line}`}`
      : env !== undefined
        ? `in the variable ${env}`
        : label !== undefined
          ? `in the label ${label}`
          : command === true
            ? 'in the command'
            : `in history entry ${(history ?? 0) + 1}`;
  return `${secretKinds[kind].title} ${place}${removedBy === undefined ? '' : ', deleted again by a higher layer and still in the image'}`;
}

const sarifLevels = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
  unknown: 'warning',
} as const;

export function asSarif(result: ImageResult, file: string | undefined): object {
  const ids = [...new Set(result.vulnerabilities.map(({ id }) => id))];
  const kinds = [...new Set(result.secrets.map(({ kind }) => kind))];
  const at = (line: number | undefined): Pick<SarifResult, 'uri' | 'range'> => {
    if (file === undefined || line === undefined) return { uri: result.image.ref };
    const position = { line: line - 1, character: 0 };
    return { uri: file.replaceAll('\\', '/'), range: { start: position, end: position } };
  };
  return toSarif(
    [
      ...ids.map((id) => ({ id, name: id, help: `See https://osv.dev/vulnerability/${id}` })),
      ...kinds.map((kind) => ({
        id: `secret-${kind}`,
        name: secretKinds[kind].title,
        help: `${secretKinds[kind].rotate} Then build the image without it: deleting it in a later layer leaves it in the image.`,
      })),
    ],
    [
      ...result.vulnerabilities.map((each) => {
        const line = 'dockerfileLine' in each ? each.dockerfileLine : undefined;
        return {
          rule: each.id,
          level: sarifLevels[each.severity],
          message: `${each.package} ${each.installed} has ${each.id}${each.fixed === undefined ? '; there is no fix yet' : `; fixed in ${each.fixed}`}`,
          ...at(line),
          fingerprint: `${each.id}/${each.package}/${each.installed}`,
        };
      }),
      ...result.secrets.map((secret) => ({
        rule: `secret-${secret.kind}`,
        level: sarifLevels[secret.severity],
        message: `${secretText(secret)}. Rotate it, then build the image without it.`,
        ...at(secret.dockerfileLine),
        fingerprint: `${secret.kind}/${secret.path ?? secret.env ?? secret.label ?? 'history'}/${secret.fingerprint}`,
      })),
    ],
  );
}
