import { finalChain } from '../model.ts';
import type { DockerfileRule } from './rule.ts';

/** Image names whose tag or path says that they already run as another user. */
const nonRootImage = /(^|[:/_-])(nonroot|rootless|unprivileged|chiseled)([:/_.-]|$)/i;

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
    const users = chain
      .flatMap((stage) => stage.instructions)
      .filter(({ keyword, onbuild }) => keyword === 'USER' && !onbuild);
    const user = users.at(-1);
    const word = user?.words[0];
    if (user === undefined || word === undefined) {
      const base = chain[0]?.base;
      if (base?.kind === 'image' && nonRootImage.test(base.reference)) return;
      // A base that cannot be named may set the user itself: say nothing rather than guess.
      if (base?.kind === 'unresolved') return;
      yield {
        range: last.from.keywordRange,
        message: 'No USER is set, so the container may run as root. Add USER before the entry point.',
      };
      return;
    }
    const [name = ''] = word.text.split(':', 1);
    if (name === 'root' || /^0+$/.test(name)) {
      yield { range: word.range, message: 'The last USER is root. Switch to another user before the entry point.' };
    }
  },
};
