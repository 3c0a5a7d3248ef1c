import { type BuildStep, type HistoryMatch, matchHistory } from '../dockerfile/history-match.ts';
import { type BuiltImage, type Link, linkImage } from '../dockerfile/link.ts';
import { type Dockerfile, finalChain, parseDockerfile } from '../dockerfile/model.ts';
import type { SourceLink } from '../findings/types.ts';
import { historyOfLayers, normaliseEntry } from '../image/history.ts';
import type { ImageReport, PlacedPackage } from '../image/types.ts';

/** A Dockerfile of the workspace, parsed once a scan. */
export interface ParsedDockerfile {
  readonly uri: string;
  readonly path: string;
  readonly text: string;
  readonly file: Dockerfile;
}

export function parseAll(
  files: readonly { readonly uri: string; readonly path: string; readonly text: string }[],
): ParsedDockerfile[] {
  return files.map((each) => ({ ...each, file: parseDockerfile(each.text) }));
}

/** An image as linking sees it. `baseLayers` counts the layers, from the lowest up, that belong to its base. */
export function toBuiltImage(repository: string, report: ImageReport, baseLayers: number): BuiltImage {
  const { config } = report;
  return {
    repository,
    labels: config.labels,
    annotations: report.annotations,
    steps: stepsOf(report, baseLayers),
    env: config.env.map((entry) => entry.split('=', 1)[0] ?? ''),
    entrypoint: config.entrypoint,
    cmd: config.cmd,
    exposedPorts: config.exposedPorts,
    ...(config.workingDir === undefined ? {} : { workingDir: config.workingDir }),
    ...(config.user === undefined ? {} : { user: config.user }),
  };
}

/** History as build steps: with the layer that each one made, and what belongs to the base cut off. */
export function stepsOf(report: ImageReport, baseLayers: number): BuildStep[] {
  const { config, layers } = report;
  const entries = historyOfLayers(config);
  const layerOf = new Map(entries.flatMap((entry, index) => (entry === undefined ? [] : [[entry, index] as const])));
  let below = 0;
  // Settings of the base stand behind its last layer: they end where the image's own first layer begins, at the latest.
  return config.history.map((entry) => {
    const index = layerOf.get(entry);
    if (index !== undefined) below = index + 1;
    const { instruction = '', text } = normaliseEntry(entry);
    const digest = index === undefined ? undefined : layers[index]?.digest;
    const base = baseLayers > 0 && (index === undefined ? below < baseLayers : index < baseLayers);
    return { instruction, text, ...(digest === undefined ? {} : { layer: digest }), ...(base ? { base: true } : {}) };
  });
}

/** Dockerfiles that may have built the image, best first. */
export function linkDockerfiles(
  image: BuiltImage,
  files: readonly ParsedDockerfile[],
): { readonly link: Link; readonly dockerfile: ParsedDockerfile }[] {
  const links = linkImage(image, files, []);
  return links.flatMap((link) => {
    const dockerfile = files.find(({ path }) => path === link.path);
    return dockerfile === undefined ? [] : [{ link, dockerfile }];
  });
}

/** Lines of a Dockerfile by what made them: each layer to its instruction, the base to its FROM. */
export class LinePlaces {
  readonly #file: Dockerfile;
  readonly #uri: string;
  readonly #confidence: 'likely' | 'possible' | 'exact';
  readonly #byLayer = new Map<string, { readonly line: number; readonly endLine: number; readonly exact: boolean }>();

  constructor(uri: string, file: Dockerfile, match: HistoryMatch, band: Link['band']) {
    this.#uri = uri;
    this.#file = file;
    this.#confidence = band === 'possible' ? 'possible' : 'likely';
    for (const { step, instruction, exact } of match.steps) {
      if (step.layer === undefined) continue;
      const { start, end } = instruction.range;
      this.#byLayer.set(step.layer, { line: start.line, endLine: end.line, exact });
    }
  }

  /** Where a package of the image comes from; base packages come from the FROM line. */
  of(item: Pick<PlacedPackage, 'layer'>, baseLayers: ReadonlySet<string>): SourceLink | undefined {
    if (item.layer === undefined) return undefined;
    const place = this.#byLayer.get(item.layer);
    if (place !== undefined) {
      const confidence = this.#confidence === 'possible' ? 'possible' : place.exact ? 'exact' : 'likely';
      return this.#link(place.line, place.endLine, confidence);
    }
    if (!baseLayers.has(item.layer)) return undefined;
    const from = finalChain(this.#file)[0]?.from;
    return from === undefined ? undefined : this.#link(from.range.start.line, from.range.end.line, this.#confidence);
  }

  #link(line: number, endLine: number, confidence: SourceLink['confidence']): SourceLink {
    const lines = this.#file.text.split(/\r\n|\n|\r/);
    const first = Math.max(0, line - 1);
    return { uri: this.#uri, line, endLine, confidence, excerpt: lines.slice(first, first + 3) };
  }
}

/** The place map of a text against an image, for texts that changed since the scan. */
export function placesIn(
  uri: string,
  file: Dockerfile,
  report: ImageReport,
  baseLayers: number,
  band: Link['band'],
): LinePlaces {
  return new LinePlaces(uri, file, matchHistory(file, stepsOf(report, baseLayers)), band);
}
