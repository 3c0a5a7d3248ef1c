import { compareText } from '../core/order.ts';
import { normaliseRemote } from '../core/git-remote.ts';
import { type BuildStep, type HistoryMatch, matchHistory } from './history-match.ts';
import { imageParts } from './image-name.ts';
import { type Dockerfile, type Instruction, Variables, finalChain, pairsOf } from './model.ts';
import { expand } from './variables.ts';

/** What is known of an image that a Dockerfile may have built. */
export interface BuiltImage {
  /** Host and path, without tag: `contoso.azurecr.io/shop/orders`. */
  readonly repository: string;
  /** Those of this image alone: what it has from its base says nothing of its own build. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly steps: readonly BuildStep[];
  /** Names of environment variables. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly exposedPorts: readonly string[];
}

export interface LinkCandidate {
  readonly path: string;
  readonly file: Dockerfile;
  /** The git repository that it lies in; absent: none, or not known. */
  readonly repository?: CandidateRepository;
}

export interface CandidateRepository {
  /** The same for all files of one repository. */
  readonly root: string;
  /** As `normaliseRemote` writes them. */
  readonly remotes: readonly string[];
  /** Path of the Dockerfile inside the repository, with forward slashes. */
  readonly path: string;
  /** True when the image's revision is a commit of it. */
  readonly hasRevision?: boolean;
}

export type LinkSignalId =
  | 'source-path'
  | 'source-revision'
  | 'source-label'
  | 'history'
  | 'history-partly'
  | 'config'
  | 'base'
  | 'only-dockerfile'
  | 'folder-name';

export interface LinkSignal {
  readonly id: LinkSignalId;
  readonly text: string;
  /** That the link is right, were this the only signal: 0..1. */
  readonly probability: number;
}

export interface Link {
  readonly path: string;
  /** 0..99; 100 only when a person confirmed it. */
  readonly score: number;
  readonly band: 'certain' | 'likely' | 'possible' | 'none';
  readonly signals: readonly LinkSignal[];
  readonly history: HistoryMatch;
}

const signalTexts: Readonly<Record<LinkSignalId, readonly [probability: number, text: string]>> = {
  'source-path': [0.85, 'its labels name this repository and this file'],
  'source-revision': [0.7, 'its labels name this repository and a commit of it'],
  'source-label': [0.5, 'its source label names this repository'],
  history: [0.45, 'its history shows these instructions'],
  'history-partly': [0.2, 'its history shows half of these instructions'],
  config: [0.25, 'entry point, user, ports and the like are the same'],
  base: [0.2, 'its base label names the same image'],
  'only-dockerfile': [0.3, 'it is the only Dockerfile of this repository'],
  'folder-name': [0.15, 'the folder has the name of the repository'],
};

/** What a score is multiplied with when the base label names another image. */
const otherBase = 0.6;
/** Candidates this close to the best one could as well be right. */
const tieWidth = 10;
/** Settings that must be equal. */
const enoughSettings = 4;

/** OCI image-spec v1.1, "annotations.md"; the last one Buildx, "BUILDX_GIT_LABELS": path of the Dockerfile in its repository. */
export const linkLabels = {
  source: 'org.opencontainers.image.source',
  revision: 'org.opencontainers.image.revision',
  baseName: 'org.opencontainers.image.base.name',
  entrypoint: 'com.docker.image.source.entrypoint',
} as const;

/**
 * Which Dockerfiles could have built an image, best first. Each signal has a probability; together they give
 * 1 − Π(1 − p). A label that names another repository as the source excludes the files of this one; where the remotes of a
 * repository are not known it says nothing.
 */
export function linkImage(image: BuiltImage, candidates: readonly LinkCandidate[]): Link[] {
  const baseFits = candidates.map(({ file }) => fitsBase(image, file));
  // The contradiction counts when no candidate stands on the named base.
  const isOtherBase = baseFits.includes(false) && !baseFits.includes(true);
  const inRepository = Map.groupBy(candidates, ({ repository }) => repository?.root);
  return candidates
    .flatMap(({ path, file, repository }, index) => {
      const origin = originIn(image, repository);
      if (origin === 'elsewhere') return [];
      const history = matchHistory(file, image.steps);
      const ids: LinkSignalId[] = [];
      if (origin !== undefined) ids.push(origin);
      if (history.similarity >= 0.8) ids.push('history');
      else if (history.similarity >= 0.5) ids.push('history-partly');
      if (equalSettings(image, file) >= enoughSettings) ids.push('config');
      if (baseFits[index] === true) ids.push('base');
      if (origin !== undefined && inRepository.get(repository?.root)?.length === 1) ids.push('only-dockerfile');
      if (hasFolderName(image.repository, path)) ids.push('folder-name');
      return [toLink(path, ids, isOtherBase && baseFits[index] === false, history)];
    })
    .filter((link) => link.band !== 'none')
    .sort((a, b) => b.score - a.score || compareText(a.path, b.path));
}

/** What the labels say of a repository: the strongest signal alone counts. */
function originIn(
  image: BuiltImage,
  repository: CandidateRepository | undefined,
): 'source-path' | 'source-revision' | 'source-label' | 'elsewhere' | undefined {
  const source = said(image, linkLabels.source);
  const from = source === undefined ? '' : normaliseRemote(source);
  if (from === '' || repository === undefined || repository.remotes.length === 0) return undefined;
  if (!repository.remotes.includes(from)) return 'elsewhere';
  const path = said(image, linkLabels.entrypoint);
  if (path !== undefined && path.replace(/^\.?\/+/, '') === repository.path) return 'source-path';
  const hasRevision = said(image, linkLabels.revision) !== undefined && repository.hasRevision === true;
  return hasRevision ? 'source-revision' : 'source-label';
}

function toLink(path: string, ids: readonly LinkSignalId[], isOtherBase: boolean, history: HistoryMatch): Link {
  const signals = ids.map((id): LinkSignal => {
    const [probability, text] = signalTexts[id];
    return { id, text, probability };
  });
  const raw = 100 * (1 - signals.reduce((product, { probability }) => product * (1 - probability), 1));
  const score = Math.min(99, Math.round(isOtherBase ? raw * otherBase : raw));
  return { path, score, band: band(score), signals, history };
}

/** The links that could as well be right as the best one: within ten points of it. `links` are sorted, best first. */
export function tiedLinks<L extends Pick<Link, 'score'>>(links: readonly L[]): readonly L[] {
  const [best] = links;
  return best === undefined ? [] : links.filter(({ score }) => best.score - score <= tieWidth);
}

function band(score: number): Link['band'] {
  if (score >= 90) return 'certain';
  if (score >= 70) return 'likely';
  return score >= 40 ? 'possible' : 'none';
}

function said(image: BuiltImage, key: string): string | undefined {
  return image.annotations[key] ?? image.labels[key];
}

/** Number of settings that are equal in the image and at the end of the Dockerfile. */
function equalSettings(image: BuiltImage, file: Dockerfile): number {
  const end = settingsOf(file);
  let equal = 0;
  const { entrypoint, cmd, workingDir, user, ports, env } = end;
  if (entrypoint !== undefined && isSameList(entrypoint, image.entrypoint)) equal++;
  if (cmd !== undefined && isSameList(cmd, image.cmd)) equal++;
  if (workingDir !== undefined && workingDir === image.workingDir) equal++;
  if (user !== undefined && user === image.user) equal++;
  if (ports.length > 0 && ports.every((port) => image.exposedPorts.includes(port))) equal++;
  if (env.length > 0 && env.every((name) => image.env.includes(name))) equal++;
  return equal;
}

interface Settings {
  entrypoint?: readonly string[];
  cmd?: readonly string[];
  workingDir?: string;
  user?: string;
  readonly ports: string[];
  readonly env: string[];
}

/** What the Dockerfile sets in the configuration of its image. */
function settingsOf(file: Dockerfile): Settings {
  const out: Settings = { ports: [], env: [] };
  const variables = new Variables(file);
  let commandStage: number | undefined;
  for (const instruction of finalChain(file).flatMap((stage) => stage.instructions)) {
    if (instruction.onbuild) continue;
    const [first] = instruction.words;
    const value = (): string => expand(first?.text ?? '', variables.values).text;
    switch (instruction.keyword) {
      case 'ENTRYPOINT':
        out.entrypoint = commandOf(instruction);
        if (commandStage !== instruction.stage) delete out.cmd; // a new entry point resets the command of the base
        break;
      case 'CMD':
        out.cmd = commandOf(instruction);
        commandStage = instruction.stage;
        break;
      case 'WORKDIR':
        out.workingDir = joined(out.workingDir, value());
        break;
      case 'USER':
        out.user = value();
        break;
      case 'ENV':
        for (const { name } of pairsOf(file, instruction)) out.env.push(name);
        break;
      case 'EXPOSE':
        for (const { text } of instruction.words) out.ports.push(...portsOf(expand(text, variables.values).text));
        break;
    }
    variables.take(instruction);
  }
  return out;
}

function commandOf({ isJson, words, body }: Instruction): readonly string[] {
  return isJson ? words.map(({ text }) => text) : ['/bin/sh', '-c', body.text.trim()];
}

function joined(before: string | undefined, path: string): string {
  const whole = path.startsWith('/') ? path : `${before ?? ''}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** `8080`, `53/udp`, `8000-8002` as the configuration says them: `8080/tcp`. */
function portsOf(text: string): string[] {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(\w+))?$/.exec(text);
  if (found === null) return [];
  const [, from = '', to = from, protocol = 'tcp'] = found;
  const out: string[] = [];
  for (let port = Number(from); port <= Math.min(Number(to), Number(from) + 100); port++) {
    out.push(`${port}/${protocol.toLowerCase()}`);
  }
  return out;
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}

/** True when the base label names the final FROM, false when it names another image, undefined when nothing can be said. */
function fitsBase(image: BuiltImage, file: Dockerfile): boolean | undefined {
  const name = said(image, linkLabels.baseName);
  const base = finalChain(file)[0]?.base;
  if (name === undefined || base === undefined || base.kind === 'stage') return undefined;
  if (base.kind === 'scratch') return name === 'scratch';
  if (base.kind === 'image') return familiar(base.reference) === familiar(name);
  // The part that is not known may be anything; what is written behind it must fit.
  const tail = base.reference.slice(base.reference.lastIndexOf('\0') + 1);
  return tail === '' ? undefined : familiar(name).endsWith(tail);
}

/** A reference with Docker Hub's defaults written out. distribution/reference, "normalize.go". */
function familiar(reference: string): string {
  const { name, tag, digest } = imageParts(reference);
  const [first = ''] = name.split('/', 1);
  const isHosted = name.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost');
  const full = isHosted ? name : `docker.io/${name.includes('/') ? name : `library/${name}`}`;
  const hub = full.replace(/^index\.docker\.io\//, 'docker.io/');
  return digest === undefined ? `${hub}:${tag ?? 'latest'}` : `${hub}@${digest}`;
}

function hasFolderName(repository: string, path: string): boolean {
  const last = repository.split('/').at(-1)?.toLowerCase() ?? '';
  const parts = path.toLowerCase().split('/');
  const file = parts.at(-1) ?? '';
  return last !== '' && (parts.at(-2) === last || file === `dockerfile.${last}` || file === `${last}.dockerfile`);
}
