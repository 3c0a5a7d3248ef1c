import { type BuildStep, type HistoryMatch, matchHistory } from '../dockerfile/history-match.ts';
import {
  type BuiltImage,
  type CandidateRepository,
  type Link,
  linkImage,
  linkLabels,
  tiedLinks,
} from '../dockerfile/link.ts';
import { type Dockerfile, type Instruction, finalChain, parseDockerfile } from '../dockerfile/model.ts';
import { shownLine } from '../findings/shown-line.ts';
import type { SourceLink } from '../findings/types.ts';
import type { BaseImage } from '../image/base-image.ts';
import { historyOfLayers, normaliseEntry } from '../image/history.ts';
import type { ImageReport, PlacedPackage } from '../image/types.ts';

/** The git repository that a file of the workspace lies in. */
export interface SourceRepository {
  /** Address of its folder, without a slash behind it. */
  readonly root: string;
  /** As `normaliseRemote` writes them: without credentials. */
  readonly remotes: readonly string[];
  /** Whether a revision is a commit of it; absent: nobody can tell. */
  readonly hasCommit?: (revision: string) => Promise<boolean>;
}

/** A Dockerfile as the scan is given it. */
export interface DockerfileText {
  readonly uri: string;
  readonly path: string;
  readonly text: string;
  readonly repository?: SourceRepository;
}

/** A Dockerfile of the workspace, parsed once a scan. */
export interface ParsedDockerfile extends DockerfileText {
  readonly file: Dockerfile;
}

export function parseAll(files: readonly DockerfileText[]): ParsedDockerfile[] {
  return files.map((each) => ({ ...each, file: parseDockerfile(each.text) }));
}

/** What is known of the base of an image. */
export interface BasePart {
  /** Layers, from the lowest up, that belong to it. */
  readonly layers: number;
  /** History entries that belong to it; absent when the base was not read. */
  readonly entries?: number;
  /** Its labels; absent when the base was not read. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The base as far as its own report tells; `report` is that of the base, when it was read. */
export function basePart(image: ImageReport, base: BaseImage | undefined, report: ImageReport | undefined): BasePart {
  if (base === undefined) return { layers: 0 };
  if (report === undefined) {
    const entries = base.evidence === 'history' ? guessedEntries(image, base.layerCount) : undefined;
    return { layers: base.layerCount, ...(entries === undefined ? {} : { entries }) };
  }
  const below = report.config.history;
  const fits = below.every(({ createdBy, emptyLayer }, index) => {
    const entry = image.config.history[index];
    return entry?.createdBy === createdBy && entry?.emptyLayer === emptyLayer;
  });
  return { layers: base.layerCount, ...(fits ? { entries: below.length } : {}), labels: report.config.labels };
}

/** A base that is guessed ends with its CMD or ENTRYPOINT: the last one in front of the image's own first layer. */
function guessedEntries({ config: { history } }: ImageReport, layers: number): number | undefined {
  let filled = 0;
  let end: number | undefined;
  for (const [index, entry] of history.entries()) {
    if (!entry.emptyLayer && ++filled > layers) break;
    if (!entry.emptyLayer || filled < layers) continue;
    const { instruction } = normaliseEntry(entry);
    if (instruction === 'CMD' || instruction === 'ENTRYPOINT') end = index + 1;
  }
  return end;
}

/** An image as linking sees it. */
export function toBuiltImage(repository: string, report: ImageReport, base: BasePart): BuiltImage {
  const { config } = report;
  const steps = stepsOf(report, base);
  return {
    repository,
    labels: ownLabels(report, steps, base),
    annotations: report.annotations,
    steps,
    env: config.env.map((entry) => entry.split('=', 1)[0] ?? ''),
    entrypoint: config.entrypoint,
    cmd: config.cmd,
    exposedPorts: config.exposedPorts,
    ...(config.workingDir === undefined ? {} : { workingDir: config.workingDir }),
    ...(config.user === undefined ? {} : { user: config.user }),
  };
}

/**
 * Labels that this image has of its own. Builds hand down every label of the base: one counts when the base is known and
 * has another value or none, or when the history above the base sets it.
 */
function ownLabels(
  { config }: ImageReport,
  steps: readonly BuildStep[],
  base: BasePart,
): Readonly<Record<string, string>> {
  // Where the base's history is not known, what stands in front of the first layer of the image may be of either.
  const unsure = base.layers > 0 && base.entries === undefined;
  const first = unsure ? steps.findIndex(({ layer, base: isBase }) => layer !== undefined && isBase !== true) : 0;
  const set = new Set(
    steps.flatMap(({ instruction, text, base: isBase }, index) =>
      instruction === 'LABEL' && isBase !== true && first >= 0 && index >= first ? labelNames(text) : [],
    ),
  );
  return Object.fromEntries(
    Object.entries(config.labels).filter(
      ([name, value]) => set.has(name) || (base.labels !== undefined && base.labels[name] !== value),
    ),
  );
}

/** Names in the arguments of a LABEL as history shows them, values without quotes and all. */
function labelNames(text: string): string[] {
  const names = [...text.matchAll(/(?:^|\s)["']?([A-Za-z0-9][\w./-]{0,200})["']?=/g)].map(([, name = '']) => name);
  const [first = ''] = text.split(/\s/, 1);
  return names.length > 0 ? names : [first.replace(/["']/g, '')]; // LABEL name value
}

/** History as build steps: with the layer that each one made, and what belongs to the base marked. */
export function stepsOf(report: ImageReport, base: BasePart): BuildStep[] {
  const { config, layers } = report;
  const entries = historyOfLayers(config);
  const layerOf = new Map(entries.flatMap((entry, index) => (entry === undefined ? [] : [[entry, index] as const])));
  let below = 0;
  // Settings of the base stand behind its last layer: where its own history is not known, they are taken to end there.
  return config.history.map((entry, at) => {
    const index = layerOf.get(entry);
    if (index !== undefined) below = index + 1;
    const { instruction = '', text } = normaliseEntry(entry);
    const digest = index === undefined ? undefined : layers[index]?.digest;
    const isBase =
      base.entries === undefined
        ? base.layers > 0 && (index === undefined ? below < base.layers : index < base.layers)
        : at < base.entries;
    return {
      instruction,
      text,
      entry: at,
      ...(digest === undefined ? {} : { layer: digest }),
      ...(isBase ? { base: true } : {}),
    };
  });
}

export interface LinkedDockerfile {
  readonly link: Link;
  readonly dockerfile: ParsedDockerfile;
}

/**
 * The Dockerfiles that may have built the image, best first: the best one, and those that could as well be right. Where there
 * are several, none of them is more than possible.
 */
export async function linkDockerfiles(
  image: BuiltImage,
  files: readonly ParsedDockerfile[],
): Promise<LinkedDockerfile[]> {
  const hasRevision = await revisionsIn(image, files);
  const links = linkImage(
    image,
    files.map(({ uri, file, repository }) => ({
      path: uri,
      file,
      ...(repository === undefined ? {} : { repository: inRepository(uri, repository, hasRevision) }),
    })),
  );
  const tied = tiedLinks(links);
  return tied.flatMap((link) => {
    const dockerfile = files.find(({ uri }) => uri === link.path);
    if (dockerfile === undefined) return [];
    const band = tied.length > 1 ? 'possible' : link.band;
    return [{ link: { ...link, band, path: dockerfile.path }, dockerfile }];
  });
}

function inRepository(
  uri: string,
  { root, remotes }: SourceRepository,
  hasRevision: ReadonlyMap<string, boolean>,
): CandidateRepository {
  const inside = uri.startsWith(`${root}/`) ? uri.slice(root.length + 1) : uri;
  const known = hasRevision.get(root);
  return { root, remotes, path: decoded(inside), ...(known === undefined ? {} : { hasRevision: known }) };
}

/** Which repositories have the revision that the image names, by their root. */
async function revisionsIn(
  image: BuiltImage,
  files: readonly ParsedDockerfile[],
): Promise<ReadonlyMap<string, boolean>> {
  const out = new Map<string, boolean>();
  const revision = image.annotations[linkLabels.revision] ?? image.labels[linkLabels.revision];
  if (revision === undefined || !/^[0-9a-f]{7,64}$/.test(revision)) return out;
  for (const { repository } of files) {
    if (repository?.hasCommit === undefined || out.has(repository.root)) continue;
    out.set(repository.root, await repository.hasCommit(revision));
  }
  return out;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

interface Place {
  readonly line: number;
  readonly endLine: number;
  readonly exact: boolean;
}

/** Lines of a Dockerfile by what made them: each layer and history entry to its instruction, the base to its FROM. */
export class LinePlaces {
  readonly #file: Dockerfile;
  readonly #uri: string;
  readonly #confidence: 'likely' | 'possible' | 'exact';
  readonly #byLayer = new Map<string, Place>();
  readonly #byEntry = new Map<number, Place>();
  readonly #baseEntries: ReadonlySet<number>;

  constructor(uri: string, file: Dockerfile, match: HistoryMatch, steps: readonly BuildStep[], band: Link['band']) {
    this.#uri = uri;
    this.#file = file;
    this.#confidence = band === 'possible' ? 'possible' : 'likely';
    for (const { step, instruction, exact } of match.steps) {
      const place = placeOf(instruction, exact);
      if (step.layer !== undefined) this.#byLayer.set(step.layer, place);
      if (step.entry !== undefined) this.#byEntry.set(step.entry, place);
    }
    this.#baseEntries = new Set(steps.flatMap(({ entry, base }) => (base === true ? (entry ?? []) : [])));
  }

  /** Where something of a layer comes from; what is in the base comes from the FROM line. */
  of(item: Pick<PlacedPackage, 'layer'>, baseLayers: ReadonlySet<string>): SourceLink | undefined {
    if (item.layer === undefined) return undefined;
    const place = this.#byLayer.get(item.layer);
    return place === undefined ? this.#from(baseLayers.has(item.layer)) : this.#at(place);
  }

  /** The instruction of a history entry, by its index. */
  ofEntry(entry: number): SourceLink | undefined {
    const place = this.#byEntry.get(entry);
    return place === undefined ? this.#from(this.#baseEntries.has(entry)) : this.#at(place);
  }

  #at({ line, endLine, exact }: Place): SourceLink {
    return this.#link(line, endLine, this.#confidence === 'possible' ? 'possible' : exact ? 'exact' : 'likely');
  }

  #from(isBase: boolean): SourceLink | undefined {
    const from = isBase ? finalChain(this.#file)[0]?.from : undefined;
    return from === undefined ? undefined : this.#link(from.range.start.line, from.range.end.line, this.#confidence);
  }

  #link(line: number, endLine: number, confidence: SourceLink['confidence']): SourceLink {
    const lines = this.#file.text.split(/\r\n|\n|\r/);
    const first = Math.max(0, line - 1);
    return { uri: this.#uri, line, endLine, confidence, excerpt: lines.slice(first, first + 3).map(shownLine) };
  }
}

function placeOf({ range: { start, end } }: Instruction, exact: boolean): Place {
  return { line: start.line, endLine: end.line, exact };
}

/** The place map of a text against an image. */
export function placesIn(
  uri: string,
  file: Dockerfile,
  report: ImageReport,
  base: BasePart,
  band: Link['band'],
): LinePlaces {
  const steps = stepsOf(report, base);
  return new LinePlaces(uri, file, matchHistory(file, steps), steps, band);
}
