// Builds an image from a Dockerfile by really doing what it says: RUN in a chroot, COPY and ADD onto the tree, a layer
// for each instruction that changed something. What `history` says is therefore true.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { BlobStore, Compression, LayerBlob } from './blobs.ts';
import { execForm, expand, nameAndValue, pairsOf, parseDockerfile, type Instruction } from './dockerfile.ts';
import type { HistoryEntry, RuntimeConfig } from './oci.ts';
import { changesBetween, snapshotOf } from './rootfs.ts';
import type { TarEntry } from './tar.ts';

const run = promisify(execFile);

/** A stage as it stands after its last instruction. */
export interface BuiltStage {
  /** The merged root filesystem on disk. */
  readonly root: string;
  readonly layers: readonly (LayerBlob & { readonly createdBy: string })[];
  readonly history: readonly HistoryEntry[];
  readonly config: RuntimeConfig;
}

/** Runs one shell command inside a root filesystem. */
export interface StepRunner {
  /** Puts in place what a step needs and no image carries; done before the tree is looked at. */
  prepare(root: string): Promise<void>;
  run(step: {
    readonly root: string;
    readonly argv: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
    readonly workdir: string;
    readonly user: string;
  }): Promise<void>;
}

export interface BuildOptions {
  readonly store: BlobStore;
  /** A folder for the stages' root filesystems; it belongs to this build alone. */
  readonly workFolder: string;
  readonly contextFolder: string;
  readonly source: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  /** Labels given to the build and not by the Dockerfile, as `--label` does. */
  readonly labels: Readonly<Record<string, string>>;
  readonly compression: Compression;
  /** Time of files that were copied from the context. */
  readonly sourceDate: Date;
  now(): Date;
  /** Finds the base image by its expanded name; `scratch` is never asked for. */
  baseImage(reference: string): Promise<BuiltStage>;
  /** What lies at an address that ADD names. */
  download(url: string): Promise<Uint8Array>;
  readonly runner?: StepRunner;
  /** Stages as they stood after their last RUN that no file of a context preceded; builds of one session share it. */
  readonly stepCache: { readonly folder: string; readonly states: Map<string, StageState> };
}

/** A stage on its way: what BuiltStage has, and the build arguments seen so far. */
export interface StageState extends BuiltStage {
  readonly buildArguments: ReadonlyMap<string, string>;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Builds the last stage and those that it needs. */
export async function buildDockerfile(options: BuildOptions): Promise<BuiltStage> {
  const parsed = parseDockerfile(options.source);
  const globals = new Map(parsed.globals);
  for (const [name, value] of Object.entries(options.buildArguments)) if (globals.has(name)) globals.set(name, value);
  const stages = new Map<string, BuiltStage>();
  let last: BuiltStage | undefined;
  for (const [index, stage] of parsed.stages.entries()) {
    const reference = expand(stage.base, globals);
    const root = path.join(options.workFolder, `stage-${index}`);
    await mkdir(root, { recursive: true });
    const base = reference === 'scratch' ? undefined : (stages.get(reference) ?? (await options.baseImage(reference)));
    const steps = cacheableSteps(stage.instructions);
    const key = JSON.stringify([base?.root, steps.map(({ keyword, text }) => [keyword, text])]);
    const known = steps.length === 0 ? undefined : options.stepCache.states.get(key);
    const start = known ?? base;
    if (start !== undefined) await cloneTree(start.root, root);
    const building = new StageBuild(options, root, start, globals, stages, known?.buildArguments);
    if (known === undefined) {
      for (const instruction of steps) await building.apply(instruction);
      if (steps.length > 0) {
        const kept = path.join(options.stepCache.folder, createHash('sha256').update(key).digest('hex').slice(0, 16));
        await mkdir(kept, { recursive: true });
        await cloneTree(root, kept);
        options.stepCache.states.set(key, { ...building.state(), root: kept });
      }
    }
    for (const instruction of stage.instructions.slice(steps.length)) await building.apply(instruction);
    last = building.finish();
    stages.set(stage.name ?? String(index), last);
  }
  if (last === undefined) throw new Error('The Dockerfile has no stage.');
  return { ...last, config: { ...last.config, Labels: { ...last.config.Labels, ...options.labels } } };
}

/** The instructions up to the last RUN, if none of them looks at the context. */
function cacheableSteps(instructions: readonly Instruction[]): readonly Instruction[] {
  const firstCopy = instructions.findIndex(({ keyword }) => keyword === 'COPY' || keyword === 'ADD');
  const free = firstCopy < 0 ? instructions : instructions.slice(0, firstCopy);
  return free.slice(0, free.findLastIndex(({ keyword }) => keyword === 'RUN') + 1);
}

async function cloneTree(from: string, to: string): Promise<void> {
  if (process.platform === 'linux') {
    await run('cp', ['-a', '--reflink=auto', `${from}/.`, to]);
    return;
  }
  await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

class StageBuild {
  readonly #options: BuildOptions;
  readonly #root: string;
  readonly #stages: ReadonlyMap<string, BuiltStage>;
  readonly #globals: ReadonlyMap<string, string>;
  readonly #arguments: Map<string, string>;
  readonly #environment: Map<string, string>;
  readonly #layers: (LayerBlob & { createdBy: string })[];
  readonly #history: HistoryEntry[];
  readonly #config: RuntimeConfig;
  #shell: string[];

  constructor(
    options: BuildOptions,
    root: string,
    base: BuiltStage | undefined,
    globals: ReadonlyMap<string, string>,
    stages: ReadonlyMap<string, BuiltStage>,
    buildArguments: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#options = options;
    this.#root = root;
    this.#stages = stages;
    this.#globals = globals;
    this.#arguments = new Map(buildArguments);
    this.#layers = [...(base?.layers ?? [])];
    this.#history = [...(base?.history ?? [])];
    this.#config = structuredClone(base?.config ?? { Env: [`PATH=${DEFAULT_PATH}`], WorkingDir: '/' });
    this.#environment = new Map(
      (this.#config.Env ?? []).map((pair) => [nameAndValue(pair)[0], nameAndValue(pair)[1] ?? '']),
    );
    this.#shell = this.#config.Shell ?? ['/bin/sh', '-c'];
  }

  /** A copy of where the stage stands; later instructions do not change it. */
  state(): StageState {
    const { layers, history, config, root } = this.finish();
    return {
      root,
      layers: [...layers],
      history: [...history],
      config: structuredClone(config),
      buildArguments: new Map(this.#arguments),
    };
  }

  finish(): BuiltStage {
    return { root: this.#root, layers: this.#layers, history: this.#history, config: this.#config };
  }

  async apply(instruction: Instruction): Promise<void> {
    switch (instruction.keyword) {
      case 'RUN':
        return this.#run(instruction);
      case 'COPY':
      case 'ADD':
        return this.#copy(instruction);
      case 'WORKDIR':
        return this.#workdir(instruction);
      default:
        this.#metadata(instruction);
    }
  }

  #expand(text: string): string {
    return expand(text, new Map([...this.#arguments, ...this.#environment]));
  }

  #metadata({ keyword, text, line }: Instruction): void {
    const config = this.#config;
    const words = execForm(text);
    switch (keyword) {
      case 'ARG': {
        const [name, fallback] = nameAndValue(text);
        const value = this.#options.buildArguments[name] ?? fallback ?? this.#globals.get(name);
        if (value !== undefined) this.#arguments.set(name, this.#expand(value));
        this.#note(value === undefined ? `ARG ${name}` : `ARG ${name}=${this.#expand(value)}`);
        return;
      }
      case 'ENV':
        for (const [name, value] of pairsOf(text)) this.#environment.set(name, this.#expand(value));
        config.Env = [...this.#environment].map(([name, value]) => `${name}=${value}`);
        {
          this.#note(
            `ENV ${pairsOf(text)
              .map(([name]) => `${name}=${this.#environment.get(name) ?? ''}`)
              .join(' ')}`,
          );
          return;
        }
      case 'LABEL': {
        const pairs = pairsOf(text).map(([name, value]) => [this.#expand(name), this.#expand(value)] as const);
        config.Labels = { ...config.Labels, ...Object.fromEntries(pairs) };
        this.#note(`LABEL ${pairs.map((pair) => pair.join('=')).join(' ')}`);
        return;
      }
      case 'USER':
        config.User = this.#expand(text);
        {
          this.#note(`USER ${config.User}`);
          return;
        }
      case 'CMD':
        config.Cmd = words ?? [...this.#shell, text];
        {
          this.#note(`CMD ${quoted(config.Cmd)}`);
          return;
        }
      case 'ENTRYPOINT':
        config.Entrypoint = words ?? [...this.#shell, text];
        delete config.Cmd;
        {
          this.#note(`ENTRYPOINT ${quoted(config.Entrypoint)}`);
          return;
        }
      case 'EXPOSE': {
        const ports = this.#expand(text)
          .split(/\s+/)
          .map((port) => (port.includes('/') ? port : `${port}/tcp`));
        config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) };
        this.#note(`EXPOSE [${ports.join(' ')}]`);
        return;
      }
      case 'VOLUME': {
        const volumes = words ?? text.split(/\s+/);
        config.Volumes = { ...config.Volumes, ...Object.fromEntries(volumes.map((volume) => [volume, {}])) };
        this.#note(`VOLUME [${volumes.join(' ')}]`);
        return;
      }
      case 'MAINTAINER': {
        this.#note(`MAINTAINER ${text}`);
        return;
      }
      case 'STOPSIGNAL':
        config.StopSignal = text;
        {
          this.#note(`STOPSIGNAL ${text}`);
          return;
        }
      case 'SHELL':
        this.#shell = words ?? this.#shell;
        config.Shell = this.#shell;
        {
          this.#note(`SHELL [${this.#shell.join(' ')}]`);
          return;
        }
      default:
        throw new Error(`Line ${line}: the lab's builder does not carry out ${keyword}.`);
    }
  }

  /** An instruction that changes the configuration alone. */
  #note(createdBy: string): void {
    this.#history.push({ ...this.#entry(createdBy), empty_layer: true });
  }

  #entry(createdBy: string): HistoryEntry {
    return { created: this.#options.now().toISOString(), created_by: createdBy, comment: 'buildkit.dockerfile.v0' };
  }

  async #commit(createdBy: string, entries: readonly TarEntry[]): Promise<void> {
    if (entries.length === 0) {
      this.#note(createdBy);
      return;
    }
    const layer = await this.#options.store.putLayer(entries, this.#options.compression);
    this.#layers.push({ ...layer, createdBy });
    this.#history.push(this.#entry(createdBy));
  }

  async #run({ text, line }: Instruction): Promise<void> {
    const { runner } = this.#options;
    if (runner === undefined) throw new Error(`Line ${line}: RUN needs a machine that can chroot.`);
    await runner.prepare(this.#root);
    const before = await snapshotOf(this.#root);
    const argv = execForm(text) ?? [...this.#shell, text];
    await runner.run({
      root: this.#root,
      argv,
      environment: Object.fromEntries([...this.#arguments, ...this.#environment]),
      workdir: this.#config.WorkingDir ?? '/',
      user: this.#config.User ?? 'root',
    });
    const declared = [...this.#arguments].map(([name, value]) => `${name}=${value}`);
    const given = declared.length === 0 ? '' : `|${declared.length} ${declared.join(' ')} `;
    const entries = await changesBetween(this.#root, before, await snapshotOf(this.#root));
    await this.#commit(`RUN ${given}${argv.join(' ')} # buildkit`, entries);
  }

  async #workdir({ text }: Instruction): Promise<void> {
    const folder = path.posix.resolve(this.#config.WorkingDir ?? '/', this.#expand(text));
    this.#config.WorkingDir = folder;
    const made = await this.#makeFolders(folder.slice(1));
    await this.#commit(`WORKDIR ${folder}`, made ? await this.#foldersDownTo(folder.slice(1)) : []);
  }

  async #copy({ keyword, flags, text, line }: Instruction): Promise<void> {
    const words = (execForm(text) ?? text.split(/\s+/)).map((word) => this.#expand(word));
    const target = words.at(-1);
    const sources = words.slice(0, -1);
    if (target === undefined || sources.length === 0)
      throw new Error(`Line ${line}: ${keyword} needs a source and a target.`);
    const shown = [...flags].filter(([name]) => name !== 'from').map(([name, value]) => `--${name}=${value} `);
    const createdBy = `${keyword} ${shown.join('')}${words.join(' ')} # buildkit`;
    const absolute = path.posix.resolve(this.#config.WorkingDir ?? '/', target).slice(1);
    if (keyword === 'ADD' && sources.length === 1 && sources[0]?.endsWith('.tar') === true) {
      return this.#unpack(sources[0], absolute, createdBy);
    }
    const from = flags.get('from');
    const root = from === undefined ? this.#options.contextFolder : this.#stages.get(from)?.root;
    if (root === undefined) throw new Error(`Line ${line}: there is no stage "${from ?? ''}".`);
    const intoFolder = target.endsWith('/') || sources.length > 1 || (await isFolder(path.join(this.#root, absolute)));
    const files: Copied[] = [];
    for (const source of sources) {
      if (/^https?:\/\//.test(source)) {
        const bytes = await this.#options.download(source);
        const name = path.posix.basename(new URL(source).pathname);
        files.push({ kind: 'bytes', bytes, to: intoFolder ? path.posix.join(absolute, name) : absolute });
        continue;
      }
      for (const match of await expandPattern(root, source.replace(/^\/+/, ''))) {
        files.push(...(await copiedFrom(root, match, absolute, intoFolder)));
      }
    }
    if (files.length === 0) throw new Error(`Line ${line}: nothing matches ${sources.join(' ')}.`);
    const entries = await this.#place(
      files,
      await this.#ownerOf(flags.get('chown')),
      from !== undefined,
      flags.get('chmod'),
    );
    await this.#commit(createdBy, entries);
  }

  async #unpack(source: string, target: string, createdBy: string): Promise<void> {
    const before = await snapshotOf(this.#root);
    await mkdir(path.join(this.#root, target), { recursive: true });
    const archive = path.join(this.#options.contextFolder, source);
    await run('tar', [
      '--extract',
      '--preserve-permissions',
      '--numeric-owner',
      '--file',
      archive,
      '--directory',
      path.join(this.#root, target),
    ]);
    await this.#commit(createdBy, await changesBetween(this.#root, before, await snapshotOf(this.#root)));
  }

  /** Writes the files onto the tree and tells the entries of the layer, with the folders above them. */
  async #place(
    files: readonly Copied[],
    owner: Owner,
    keepsMode: boolean,
    chmodFlag: string | undefined,
  ): Promise<TarEntry[]> {
    const { sourceDate } = this.#options;
    const entries = new Map<string, TarEntry>();
    for (const file of files) {
      const folder = path.posix.dirname(file.to);
      await this.#makeFolders(folder);
      for (const entry of await this.#foldersDownTo(folder))
        if (!entries.has(entry.path)) entries.set(entry.path, entry);
      const onDisk = path.join(this.#root, file.to);
      const common = { path: file.to, uid: owner.uid, gid: owner.gid, mtimeSeconds: sourceDate.getTime() / 1000 };
      if (file.kind === 'folder') {
        await mkdir(onDisk, { recursive: true });
        entries.set(file.to, { ...common, kind: 'directory', mode: 0o755, size: 0 });
        continue;
      }
      await rm(onDisk, { force: true });
      if (file.kind === 'link') {
        await symlink(file.linkTarget, onDisk);
        entries.set(file.to, { ...common, kind: 'symlink', mode: 0o777, size: 0, linkTarget: file.linkTarget });
        continue;
      }
      const mode = modeOf(file, keepsMode, chmodFlag);
      if (file.kind === 'bytes') await writeFile(onDisk, file.bytes);
      else await copyFile(file.from, onDisk);
      await chmod(onDisk, mode);
      await utimes(onDisk, sourceDate, sourceDate);
      if (process.getuid?.() === 0) await chown(onDisk, owner.uid, owner.gid);
      const { size } = await lstat(onDisk);
      const content = async function* (): AsyncGenerator<Uint8Array> {
        if (size > 0) yield* createReadStream(onDisk) as AsyncIterable<Buffer>;
      };
      entries.set(file.to, { ...common, kind: 'file', mode, size, content });
    }
    return [...entries.values()];
  }

  /** Makes the folders that lack; true when there was one to make. Links on the way are refused: none is needed. */
  async #makeFolders(relative: string): Promise<boolean> {
    let made = false;
    let at = this.#root;
    for (const name of relative.split('/').filter((part) => part !== '' && part !== '.')) {
      at = path.join(at, name);
      const found = await lstat(at).catch(() => undefined);
      if (found === undefined) {
        await mkdir(at, { mode: 0o755 });
        await utimes(at, this.#options.sourceDate, this.#options.sourceDate);
        made = true;
      } else if (!found.isDirectory()) throw new Error(`"${relative}" leads over a link or a file.`);
    }
    return made;
  }

  async #foldersDownTo(relative: string): Promise<TarEntry[]> {
    const entries: TarEntry[] = [];
    let at = '';
    for (const name of relative.split('/').filter((part) => part !== '' && part !== '.')) {
      at = at === '' ? name : `${at}/${name}`;
      const found = await lstat(path.join(this.#root, at));
      const own = process.getuid?.() === 0 ? { uid: found.uid, gid: found.gid } : { uid: 0, gid: 0 };
      const mtimeSeconds = this.#options.sourceDate.getTime() / 1000;
      entries.push({ path: at, kind: 'directory', mode: found.mode & 0o7777, ...own, mtimeSeconds, size: 0 });
    }
    return entries;
  }

  async #ownerOf(flag: string | undefined): Promise<Owner> {
    if (flag === undefined) return { uid: 0, gid: 0 };
    const [user = '', group] = flag.split(':');
    const account = await this.#account('passwd', user);
    const uid = Number(account?.[2] ?? user);
    const gid =
      group === undefined ? Number(account?.[3] ?? uid) : Number((await this.#account('group', group))?.[2] ?? group);
    if (!Number.isInteger(uid) || !Number.isInteger(gid))
      throw new Error(`The image knows no user or group "${flag}".`);
    return { uid, gid };
  }

  async #account(file: 'passwd' | 'group', name: string): Promise<string[] | undefined> {
    const text = await readFile(path.join(this.#root, 'etc', file), 'utf8').catch(() => '');
    return text
      .split('\n')
      .map((line) => line.split(':'))
      .find(([first]) => first === name);
  }
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

type Copied =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly to: string }
  | { readonly kind: 'file'; readonly from: string; readonly mode: number; readonly to: string }
  | { readonly kind: 'link'; readonly linkTarget: string; readonly to: string }
  | { readonly kind: 'folder'; readonly to: string };

/** A checkout keeps nothing of a mode but "executable"; an address gives a file that only root reads, as Docker does. */
function modeOf(
  file: Extract<Copied, { kind: 'bytes' | 'file' }>,
  keepsMode: boolean,
  chmodFlag: string | undefined,
): number {
  if (chmodFlag !== undefined) return Number.parseInt(chmodFlag, 8);
  if (file.kind === 'bytes') return 0o600;
  if (keepsMode) return file.mode & 0o7777;
  return (file.mode & 0o100) === 0 ? 0o644 : 0o755;
}

async function isFolder(file: string): Promise<boolean> {
  const found = await lstat(file).catch(() => undefined);
  return found?.isDirectory() === true;
}

async function expandPattern(root: string, pattern: string): Promise<string[]> {
  const clean = path.posix.normalize(pattern).replace(/\/$/, '');
  const name = path.posix.basename(clean);
  if (!name.includes('*')) return [clean];
  const folder = path.posix.dirname(clean);
  const expression = new RegExp(
    `^${name
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^/]*')}$`,
  );
  const names = (await readdir(path.join(root, folder))).filter((entry) => expression.test(entry)).sort();
  return names.map((entry) => path.posix.join(folder, entry));
}

/** A folder gives its content, a file itself. */
async function copiedFrom(root: string, source: string, target: string, intoFolder: boolean): Promise<Copied[]> {
  const start = path.join(root, source);
  const found = await lstat(start);
  if (!found.isDirectory()) {
    const to = intoFolder ? path.posix.join(target, path.posix.basename(source)) : target;
    return [{ kind: 'file', from: start, mode: found.mode, to }];
  }
  const copied: Copied[] = target === '' ? [] : [{ kind: 'folder', to: target }];
  for (const entry of (await readdir(start, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const from = path.join(start, entry.name);
    const to = path.posix.join(target, entry.name);
    if (entry.isDirectory()) {
      copied.push(...(await copiedFrom(root, path.posix.join(source, entry.name), to, true)));
    } else if (entry.isSymbolicLink()) {
      copied.push({ kind: 'link', linkTarget: await readlink(from), to });
    } else {
      copied.push({ kind: 'file', from, mode: (await lstat(from)).mode, to });
    }
  }
  return copied;
}

function quoted(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;
}
