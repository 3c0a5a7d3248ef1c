// Makes a copy of the sample workspace a repository of git, as a clone of it would be, without running git.
import fs from 'node:fs';
import path from 'node:path';

/** What the labels of the lab's images name as their source. */
const remote = 'https://git.harbour.example/harbour/harbour.git';

/** Writes an empty repository with one remote into the folder. gitrepository-layout(5). */
export function makeRepository(folder: string): void {
  const git = path.join(folder, '.git');
  for (const name of ['objects', 'refs/heads']) fs.mkdirSync(path.join(git, name), { recursive: true });
  fs.writeFileSync(path.join(git, 'HEAD'), 'ref: refs/heads/main\n');
  fs.writeFileSync(
    path.join(git, 'config'),
    `[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote "origin"]\n\turl = ${remote}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`,
  );
}
