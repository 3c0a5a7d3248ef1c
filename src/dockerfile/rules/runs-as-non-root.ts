import { insertAbove, insertBelow } from '../edits.ts';
import { type Dockerfile, type Instruction, type Stage, Variables, finalChain } from '../model.ts';
import type { Fix } from '../types.ts';
import { expand } from '../variables.ts';
import type { DockerfileRule } from './rule.ts';

/** Image names whose tag or path says that they already run as another user. */
const nonRootImage = /(^|[:/_-])(nonroot|rootless|unprivileged|chiseled|nanoserver)([:/_.-]|$)/i;
/** The administrators of Linux and of Windows containers. */
const administrator = /^(root|0+|containeradministrator)$/i;
/** Any number will do that is no account of the base image. */
const user = '10001';
/** Instructions of a build that the user changes. */
const asUser: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

export const runsAsNonRoot: DockerfileRule = {
  id: 'df-runs-as-non-root',
  aliases: ['DL3002'],
  title: 'The container does not run as root',
  severity: 'warning',
  why: 'Code that breaks out of a process that runs as root is root in the container, and closer to the node.',
  docs: 'https://docs.docker.com/build/building/best-practices/#user',
  *check(file) {
    const chain = finalChain(file);
    const last = chain.at(-1);
    if (last === undefined) return;
    const switches = lastUser(file, chain);
    if (switches === undefined) {
      const base = chain[0]?.base;
      if (base !== undefined && 'reference' in base) {
        // A base that cannot be named may set the user itself: say nothing rather than guess. NUL is what is not known.
        if (base.reference.slice(base.reference.lastIndexOf('/') + 1).includes('\0')) return;
        if (nonRootImage.test(base.reference)) return;
      }
      yield {
        range: last.from.keywordRange,
        message: 'No USER is set, so the container may run as root. Add USER before the entry point.',
        fixes: fixes(file, last),
      };
      return;
    }
    if (!switches.isRoot) return;
    const { instruction } = switches;
    const [word] = instruction.words;
    if (word === undefined) return;
    if (instruction.stage === last.index) {
      yield {
        range: word.range,
        message: 'The last USER is root. Switch to another user before the entry point.',
        fixes: fixes(file, last, instruction),
      };
    } else {
      yield {
        range: last.from.keywordRange,
        message: 'The stage below ends as root, and no USER follows. Add USER before the entry point.',
        related: [{ range: word.range, message: 'This USER is in force.' }],
        fixes: fixes(file, last),
      };
    }
  },
};

/** The USER in force at the end; a user that a build argument without a default names counts as another than root. */
function lastUser(
  file: Dockerfile,
  chain: readonly Stage[],
): { readonly instruction: Instruction; readonly isRoot: boolean } | undefined {
  const variables = new Variables(file);
  let found: { instruction: Instruction; isRoot: boolean } | undefined;
  for (const instruction of chain.flatMap((stage) => stage.instructions)) {
    variables.take(instruction);
    const [word] = instruction.words;
    if (instruction.keyword !== 'USER' || instruction.onbuild || word === undefined) continue;
    const { text, missing } = expand(word.text, variables.values);
    const [name = ''] = text.split(':', 1);
    found = { instruction, isRoot: missing === undefined && administrator.test(name) };
  }
  return found;
}

function fixes(file: Dockerfile, stage: Stage, rootUser?: Instruction): Fix[] {
  const own = stage.instructions.filter(({ onbuild }) => !onbuild);
  const lastStep = own.findLastIndex(({ keyword }) => asUser.has(keyword));
  const [word] = rootUser?.words ?? [];
  if (rootUser !== undefined && word !== undefined && own.indexOf(rootUser) > lastStep) {
    return [{ title: `Replace with USER ${user}`, safe: false, edits: [{ range: word.range, newText: user }] }];
  }
  // What still builds the image keeps its user: the new one stands behind it, and behind a USER that it must replace.
  const settled = Math.max(lastStep, rootUser === undefined ? -1 : own.indexOf(rootUser));
  const entry = own.slice(settled + 1).find(({ keyword }) => keyword === 'CMD' || keyword === 'ENTRYPOINT');
  const edit =
    entry === undefined
      ? insertBelow(file, stage.instructions.at(-1) ?? stage.from, `USER ${user}`)
      : insertAbove(file, entry, `USER ${user}`);
  if (edit === undefined) return [];
  const before = entry === undefined ? 'at the end' : `before ${entry.keyword}`;
  return [{ title: `Add USER ${user} ${before}`, safe: false, edits: [edit] }];
}
