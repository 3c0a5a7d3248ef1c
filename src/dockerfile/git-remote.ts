/**
 * A git remote in one form: host in lower case, path, no `.git`. `git@github.com:Contoso/shop.git` and
 * `https://github.com/Contoso/shop` give the same; git, "git-fetch", "GIT URLS".
 */
export function normaliseRemote(remote: string): string {
  const trimmed = remote.trim().slice(0, 2000);
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(trimmed);
  const url = scp === null ? trimmed : `ssh://${scp[1] ?? ''}/${scp[2] ?? ''}`;
  const parts = /^[a-z+]+:\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.*)$/i.exec(url);
  if (parts === null) return trimmed;
  let path = parts[2] ?? '';
  while (path.startsWith('/')) path = path.slice(1);
  while (path.endsWith('/')) path = path.slice(0, -1);
  return `${(parts[1] ?? '').toLowerCase()}/${path.replace(/\.git$/, '')}`;
}
