import type { HistoryEntry, ImageConfig } from './types.ts';

/** Which tool wrote a history entry. */
export type Builder = 'docker' | 'buildkit' | 'buildah' | 'kaniko' | 'buildpacks' | 'dotnet-sdk' | 'jib' | 'other';

/** A history entry without what the builder put around the instruction. */
export interface NormalisedEntry {
  readonly builder: Builder;
  /** Upper case; absent when the entry came from no Dockerfile or does not tell. */
  readonly instruction?: string;
  /**
   * What stands behind the instruction: no shell in front, no flags, no build arguments, blanks as one. The script of a
   * RUN; `source… destination` of a COPY or ADD; the text as written where there is no instruction.
   */
  readonly text: string;
  /** Destination of a COPY or ADD, which classic builds say beside a hash instead of the sources. */
  readonly destination?: string;
  readonly emptyLayer: boolean;
}

const instructions =
  /^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)(?=\s|$)\s*/;
/** A shell with its options up to `-c`, also `-lc` or `-exc`, with `-o pipefail` in between; those of Windows. */
const shell =
  /^(?:(?:\/[\w./-]*\/)?(?:ba|da|a|z|k)?sh(?:\s+(?:[-+][A-Za-z]*o\s+[a-z]+|[-+][A-Za-z]+))*?\s+-[A-Za-z]*c(?:\s+|$)|(?:[A-Za-z]:\\[\w\\. -]*\\)?(?:cmd(?:\.exe)?\s+\/S\s+\/C\s+|(?:powershell|pwsh)(?:\.exe)?\s+-(?:Command|c)\s+))/i;
const buildkitMark = '# buildkit';
const buildahMark = /^(?:inherit[A-Za-z]*|force-[a-z-]+|unset[a-z]*|rewrite-timestamp|created-annotation)=[^|\s]*$/i;
const flags = /^(?:--[a-z][a-z-]*(?:=(?:"[^"]*"|'[^']*'|\S*))?\s+)+/;

/** Takes `created_by` apart, as each builder writes it. */
export function normaliseEntry(entry: HistoryEntry): NormalisedEntry {
  const builder = builderOf(entry);
  const written = (entry.createdBy ?? '').trim();
  const parsed = parse(written);
  return {
    builder,
    emptyLayer: entry.emptyLayer,
    ...(parsed ?? { text: oneLine(written) }),
  };
}

function builderOf(entry: HistoryEntry): Builder {
  const { createdBy = '', comment = '', author = '' } = entry;
  if (author === 'kaniko') return 'kaniko';
  if (author === '.NET SDK' || createdBy.startsWith('.NET SDK Container Tooling')) return 'dotnet-sdk';
  if (author === 'Jib' || /^jib-(?:maven|gradle|core|cli)/.test(createdBy)) return 'jib';
  if (comment.startsWith('buildkit.') || createdBy.trimEnd().endsWith(buildkitMark)) return 'buildkit';
  if (withoutMarks(createdBy) !== createdBy.trimEnd() || /^FROM \S+/.test(comment)) return 'buildah';
  if (
    /^(?:Buildpacks |Application (?:Layer|Slice)|Software Bill-of-Materials|Layer: '.*', Created by (?:buildpack|extension): )/.test(
      createdBy,
    )
  ) {
    return 'buildpacks';
  }
  if (createdBy.includes('#(nop)') || shell.test(withoutArguments(createdBy))) return 'docker';
  return 'other';
}

function parse(written: string): Pick<NormalisedEntry, 'instruction' | 'text' | 'destination'> | undefined {
  const text = withoutMarks(written).trim();
  const nop = text.indexOf('#(nop)');
  if (nop >= 0 && (nop === 0 || shell.test(text))) {
    const rest = text.slice(nop + '#(nop)'.length).trim();
    return ofInstruction(rest) ?? { text: oneLine(rest) };
  }
  const bare = withoutArguments(text);
  const stripped = withoutShell(bare);
  if (stripped !== undefined) return { instruction: 'RUN', text: oneLine(stripped) };
  return ofInstruction(text);
}

/** Without what BuildKit and Buildah write behind the instruction. */
function withoutMarks(written: string): string {
  let text = written.trimEnd();
  if (text.endsWith(buildkitMark)) return text.slice(0, -buildkitMark.length).trimEnd();
  for (
    let bar = text.lastIndexOf('|');
    bar >= 0 && buildahMark.test(text.slice(bar + 1));
    bar = text.lastIndexOf('|')
  ) {
    text = text.slice(0, bar);
  }
  return text;
}

function ofInstruction(text: string): Pick<NormalisedEntry, 'instruction' | 'text' | 'destination'> | undefined {
  const found = instructions.exec(text);
  const instruction = found?.[1];
  if (found === null || instruction === undefined) return undefined;
  const rest = text.slice(found[0].length).trim();
  switch (instruction) {
    case 'RUN': {
      const command = withoutArguments(rest.replace(flags, ''));
      return { instruction, text: oneLine(withoutShell(command) ?? command) };
    }
    case 'ADD':
    case 'COPY': {
      const places = oneLine(rest.replace(flags, ''));
      const destination = /^(?:file|dir|multi):[0-9a-f]+ in (.*)$/.exec(places)?.[1] ?? places.split(' ').at(-1) ?? '';
      return { instruction, text: places, ...(destination === '' ? {} : { destination }) };
    }
    case 'EXPOSE': {
      const list = /^(?:map)?\[(.*)\]$/.exec(rest)?.[1] ?? rest;
      return { instruction, text: oneLine(list.replaceAll(':{}', '')) };
    }
    default:
      return { instruction, text: oneLine(rest) };
  }
}

/** Build arguments in front of a command: `|2 A=1 B=2 /bin/sh -c …`. Their values are not quoted: the shell tells where they end. */
function withoutArguments(text: string): string {
  const counted = /^\|(\d{1,3}) /.exec(text);
  if (counted === null) return text;
  const rest = text.slice(counted[0].length);
  const atShell = /(?:^|\s)(\/bin\/(?:ba|da|a)?sh\s.*)$/s.exec(rest)?.[1];
  if (atShell !== undefined) return atShell;
  let left = rest;
  for (let i = 0; i < Number(counted[1]); i++) left = left.replace(/^\S*\s*/, '');
  return left;
}

function withoutShell(command: string): string | undefined {
  const found = shell.exec(command);
  return found === null ? undefined : command.slice(found[0].length);
}

function oneLine(text: string): string {
  return text
    .replace(/\\\r?\n/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The first entry writes a whole root file system, so that history begins where the layers do. */
const rootFileSystem =
  /(?:ADD|COPY) (?:(?:file|dir|multi):[0-9a-f]+ in|\S+) \/(?:\s|$)|^# debian\.sh |debuerreotype|^bazel build |\bapko\b|^FROM /;

/**
 * The history entry of each layer, lowest first. OCI image-spec v1.1, "config.md": entries that are not empty and layers go
 * in pairs. Where the numbers differ nothing is known, with one exception: history that begins with the root file system
 * and ends early leaves the layers on top without an entry.
 */
export function historyOfLayers(config: ImageConfig): readonly (HistoryEntry | undefined)[] {
  const filled = config.history.filter((entry) => !entry.emptyLayer);
  const layers = config.diffIds;
  const first = filled[0]?.createdBy ?? '';
  if (filled.length !== layers.length && !(filled.length < layers.length && rootFileSystem.test(first))) {
    return layers.map(() => undefined);
  }
  return layers.map((_, index) => filled[index]);
}
