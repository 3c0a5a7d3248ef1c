import { type BuildStep, type HistoryMatch, matchHistory } from './history-match.ts';
import { imageParts } from './image-name.ts';
import { type Dockerfile, finalChain } from './model.ts';

/** What is known of an image that a Dockerfile may have built. */
export interface BuiltImage {
  /** Host and path, without tag: `contoso.azurecr.io/shop/orders`. */
  readonly repository: string;
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
}

export interface LinkSignal {
  readonly id: 'source-label' | 'history' | 'history-partly' | 'config' | 'base' | 'only-dockerfile' | 'folder-name';
  readonly text: string;
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

const baseNameLabel = 'org.opencontainers.image.base.name';
const sourceLabel = 'org.opencontainers.image.source';

/**
 * Which Dockerfiles could have built an image, best first. Each signal has a probability; together they give
 * 1 − Π(1 − p). `remotes` are the git remotes of the workspace, normalised by `normaliseRemote`; empty when unknown.
 */
export function linkImage(image: BuiltImage, candidates: readonly LinkCandidate[], remotes: readonly string[]): Link[] {
  const source = image.labels[sourceLabel] ?? image.annotations[sourceLabel];
  const known =
    source === undefined ? undefined : remotes.length === 0 ? undefined : remotes.includes(normaliseRemote(source));
  if (known === false) return []; // the image names another repository as its source
  return candidates
    .map(({ path, file }) => rate(image, path, file, known === true, candidates.length))
    .filter((link) => link.band !== 'none')
    .sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1));
}

function rate(image: BuiltImage, path: string, file: Dockerfile, sourceMatches: boolean, candidates: number): Link {
  const history = matchHistory(file, image.steps);
  const signals: LinkSignal[] = [];
  const add = (id: LinkSignal['id'], text: string, probability: number): void => {
    signals.push({ id, text, probability });
  };
  if (sourceMatches) add('source-label', 'its source label names this repository', 0.5);
  if (history.similarity >= 0.8) add('history', 'its history shows these instructions', 0.45);
  else if (history.similarity >= 0.5) add('history-partly', 'its history shows half of these instructions', 0.2);
  if (configMatches(image, file) >= 4) add('config', 'entry point, user, ports and the like are the same', 0.25);
  const base = baseFits(image, file);
  if (base === true) add('base', 'its base label names the same image', 0.2);
  if (candidates === 1) add('only-dockerfile', 'it is the only Dockerfile here', 0.3);
  if (folderFits(image.repository, path)) add('folder-name', 'the folder has the name of the repository', 0.15);
  const raw = 100 * (1 - signals.reduce((product, { probability }) => product * (1 - probability), 1));
  const score = Math.min(99, Math.round(base === false ? raw * 0.6 : raw));
  return { path, score, band: band(score), signals, history };
}

function band(score: number): Link['band'] {
  if (score >= 90) return 'certain';
  if (score >= 70) return 'likely';
  return score >= 40 ? 'possible' : 'none';
}

/** Number of settings that are equal in config and final stage. */
function configMatches(image: BuiltImage, file: Dockerfile): number {
  const last = new Map<string, string>();
  const env = new Set<string>();
  const ports = new Set<string>();
  for (const instruction of finalChain(file).flatMap((stage) => stage.instructions)) {
    if (instruction.onbuild) continue;
    const text = instruction.ast.getArgumentsContent() ?? '';
    last.set(instruction.keyword, text);
    if (instruction.keyword === 'ENV')
      for (const name of text.matchAll(/(?:^|\s)([A-Za-z_]\w*)=/g)) env.add(name[1] ?? '');
    if (instruction.keyword === 'EXPOSE')
      for (const port of text.split(/\s+/)) if (port !== '') ports.add(port.includes('/') ? port : `${port}/tcp`);
  }
  let equal = 0;
  const words = (keyword: string): string[] => commandWords(last.get(keyword));
  if (last.has('ENTRYPOINT') && sameCommand(words('ENTRYPOINT'), image.entrypoint)) equal++;
  if (last.has('CMD') && sameCommand(words('CMD'), image.cmd)) equal++;
  if (last.has('WORKDIR') && last.get('WORKDIR')?.trim() === image.workingDir) equal++;
  if (last.has('USER') && last.get('USER')?.trim() === image.user) equal++;
  if (ports.size > 0 && [...ports].every((port) => image.exposedPorts.includes(port))) equal++;
  if (env.size > 0 && [...env].every((name) => image.env.includes(name))) equal++;
  return equal;
}

function commandWords(text: string | undefined): string[] {
  if (text === undefined) return [];
  if (text.trimStart().startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(text);
      return Array.isArray(parsed) ? parsed.map(String) : [];
    } catch {
      return [];
    }
  }
  return ['/bin/sh', '-c', text.trim()];
}

function sameCommand(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}

/** True when the base label names the final FROM, false when it names another image, undefined without one. */
function baseFits(image: BuiltImage, file: Dockerfile): boolean | undefined {
  const label = image.labels[baseNameLabel] ?? image.annotations[baseNameLabel];
  const base = finalChain(file)[0]?.base;
  if (label === undefined || base === undefined || base.kind === 'stage') return undefined;
  if (base.kind === 'scratch') return label === 'scratch';
  if (base.kind === 'unresolved') {
    // The variable part may be anything; what is written behind it must fit.
    const tail = base.written.replace(/^.*\$\{?\w+[^}/]*\}?/, '');
    return tail === '' ? undefined : familiar(label).endsWith(tail);
  }
  return familiar(base.reference) === familiar(label);
}

/** A reference with Docker Hub's defaults written out. */
function familiar(reference: string): string {
  const { name, tag, digest } = imageParts(reference);
  const [first = ''] = name.split('/', 1);
  const hosted = name.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost');
  const full = hosted ? name : `docker.io/${name.includes('/') ? name : `library/${name}`}`;
  return digest === undefined ? `${full}:${tag ?? 'latest'}` : `${full}@${digest}`;
}

function folderFits(repository: string, path: string): boolean {
  const last = repository.split('/').at(-1)?.toLowerCase() ?? '';
  const folders = path.toLowerCase().split('/').slice(0, -1);
  const file = path.toLowerCase().split('/').at(-1) ?? '';
  return last !== '' && (folders.at(-1) === last || file === `dockerfile.${last}` || file === `${last}.dockerfile`);
}

/** `git@github.com:Contoso/shop.git` and `https://github.com/Contoso/shop` alike: host in lower case, path, no `.git`. */
export function normaliseRemote(remote: string): string {
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(remote.trim());
  const url = scp === null ? remote.trim() : `ssh://${scp[1] ?? ''}/${scp[2] ?? ''}`;
  const parts = /^[a-z+]+:\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/+(.*?)\/*$/i.exec(url);
  if (parts === null) return remote.trim();
  return `${(parts[1] ?? '').toLowerCase()}/${(parts[2] ?? '').replace(/\.git$/, '')}`;
}
