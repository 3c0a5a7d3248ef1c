/** Longest remote that is looked at. */
const longestRemote = 2000;
/** Lines of a configuration that are read, and remotes of one repository that are kept. */
const mostLines = 5000;
const mostRemotes = 50;

/**
 * A git remote in one form: host in lower case, path, no `.git`, no user and no password. `git@github.com:Contoso/shop.git`
 * and `https://github.com/Contoso/shop` give the same; git, "git-fetch", "GIT URLS". The three addresses that Azure DevOps
 * has for a repository give the same too; Azure Repos, "Clone an existing Git repo". Empty for what cannot be read.
 */
export function normaliseRemote(remote: string): string {
  const trimmed = remote.trim().slice(0, longestRemote);
  if (trimmed === '' || /^\.{0,2}\//.test(trimmed)) return trimmed; // a folder
  const scp = /^(?:[^\s/:@]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(trimmed);
  const url = scp === null ? trimmed : `ssh://${scp[1] ?? ''}/${scp[2] ?? ''}`;
  const parts = /^[a-z][a-z0-9+.-]*:\/\/([^?#]*)/i.exec(url);
  if (parts === null) return '';
  const rest = parts[1] ?? '';
  // A password may hold any sign, unescaped slashes and at-signs too: the host stands behind the last at-sign.
  const named = rest.slice(rest.lastIndexOf('@') + 1);
  const slash = named.indexOf('/');
  const host = (slash < 0 ? named : named.slice(0, slash)).replace(/:\d*$/, '').toLowerCase();
  const path = (slash < 0 ? '' : named.slice(slash)).split('/').filter((part) => part !== '');
  const last = path.pop()?.replace(/\.git$/, '');
  return ofAzureDevOps(host, last === undefined ? path : [...path, last]);
}

function ofAzureDevOps(host: string, path: readonly string[]): string {
  const [first, organisation, project, repository] = path;
  if (/^(?:ssh\.dev\.azure|vs-ssh\.visualstudio)\.com$/.test(host) && first === 'v3' && repository !== undefined) {
    return `dev.azure.com/${organisation ?? ''}/${project ?? ''}/_git/${repository}`;
  }
  const old = /^([\w-]+)\.visualstudio\.com$/.exec(host);
  if (old === null) return `${host}/${path.join('/')}`;
  return `dev.azure.com/${old[1] ?? ''}/${path.filter((part, index) => index > 0 || part !== 'DefaultCollection').join('/')}`;
}

/** Remotes in the text of `.git/config`, normalised and without credentials. git-config, "CONFIGURATION FILE". */
export function remotesOfGitConfig(text: string): string[] {
  const remotes = new Set<string>();
  let inRemote = false;
  for (const line of text.split(/\r?\n/, mostLines)) {
    const section = /^\s*\[\s*(\w+)/.exec(line);
    if (section !== null) inRemote = section[1]?.toLowerCase() === 'remote';
    const url = inRemote ? /^\s*(?:push)?url\s*=\s*"?([^"\s#;]+)/i.exec(line)?.[1] : undefined;
    if (url === undefined) continue;
    const remote = normaliseRemote(url);
    if (remote !== '') remotes.add(remote);
    if (remotes.size >= mostRemotes) break;
  }
  return [...remotes];
}

/** The innermost of the repositories that hold an address; their roots have no slash behind them. */
export function innermostRepository<R extends { readonly root: string }>(
  uri: string,
  repositories: readonly R[],
): R | undefined {
  let best: R | undefined;
  for (const each of repositories) {
    if (uri !== each.root && !uri.startsWith(`${each.root}/`)) continue;
    if (best === undefined || each.root.length > best.root.length) best = each;
  }
  return best;
}

/**
 * Where the configuration lies that a `.git` file points at: a worktree shares that of its repository, a submodule has its
 * own. Undefined for a file that leads anywhere else. gitrepository-layout(5).
 */
export function sharedGitDirectory(text: string): string | undefined {
  const target = /^gitdir: (.{1,2000})$/m.exec(text)?.[1]?.trim().replaceAll('\\', '/') ?? '';
  const inside = /^(.*\/\.git)(?:\/worktrees\/[^/]+|(\/modules\/.+))$/.exec(target);
  return inside === null ? undefined : `${inside[1] ?? ''}${inside[2] ?? ''}`;
}
