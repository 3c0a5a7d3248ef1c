import * as vscode from 'vscode';
import type { Log } from '../core/log.ts';
import { innermostRepository, normaliseRemote, remotesOfGitConfig, sharedGitDirectory } from '../core/git-remote.ts';
import type { WorkspaceDockerfile } from '../engine-contract.ts';

type SourceRepository = NonNullable<WorkspaceDockerfile['repository']>;

/** As much of the git extension's API as is used here. VS Code, "extensions/git/src/api/git.d.ts", version 1. */
interface GitRepository {
  readonly rootUri: vscode.Uri;
  readonly state: { readonly remotes: readonly { readonly fetchUrl?: string; readonly pushUrl?: string }[] };
  getCommit(reference: string): Promise<unknown>;
}
interface GitExports {
  readonly enabled: boolean;
  getAPI(version: 1): { readonly repositories: readonly GitRepository[] };
}

const largestConfig = 256 * 1024;
const largestPointer = 4096;

/**
 * The git repositories of the workspace with their remotes, credentials stripped: from the git extension, and for folders
 * that it does not know from their `.git/config`, read and nothing else. None in restricted mode.
 */
export async function workspaceRepositories(log: Log): Promise<readonly SourceRepository[]> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (!vscode.workspace.isTrusted || folders.length === 0) return [];
  const known = await fromExtension(log);
  const read: SourceRepository[] = [];
  for (const { uri } of folders) {
    if (innermostRepository(uri.toString(), known) !== undefined) continue;
    const found = await fromFolder(uri, log);
    if (found !== undefined) read.push(found);
  }
  return [...known, ...read];
}

async function fromExtension(log: Log): Promise<SourceRepository[]> {
  const extension = vscode.extensions.getExtension<GitExports>('vscode.git');
  if (extension === undefined) return [];
  try {
    const git = extension.isActive ? extension.exports : await extension.activate();
    if (!git.enabled) return [];
    return git.getAPI(1).repositories.map((repository) => ({
      root: repository.rootUri.toString().replace(/\/$/, ''),
      remotes: unique(
        repository.state.remotes
          .flatMap(({ fetchUrl, pushUrl }) => [fetchUrl ?? '', pushUrl ?? ''])
          .map(normaliseRemote),
      ),
      hasCommit: (revision) =>
        repository.getCommit(revision).then(
          () => true,
          () => false,
        ),
    }));
  } catch (error) {
    log.debug('git extension not used', { reason: error instanceof Error ? error.message : String(error) });
    return [];
  }
}

async function fromFolder(folder: vscode.Uri, log: Log): Promise<SourceRepository | undefined> {
  try {
    const directory = await gitDirectory(folder);
    const text = directory === undefined ? undefined : await readText(vscode.Uri.joinPath(directory, 'config'));
    if (directory === undefined || text === undefined) return undefined;
    return {
      root: folder.toString().replace(/\/$/, ''),
      remotes: remotesOfGitConfig(text),
      hasCommit: (revision) => isLooseCommit(directory, revision),
    };
  } catch (error) {
    if (!(error instanceof vscode.FileSystemError)) throw error;
    log.debug('no git repository read', { folder: folder.toString(), reason: error.code });
    return undefined;
  }
}

/** `.git` of the folder; of a worktree or submodule the directory that its file points at. gitrepository-layout(5). */
async function gitDirectory(folder: vscode.Uri): Promise<vscode.Uri | undefined> {
  const git = vscode.Uri.joinPath(folder, '.git');
  const { type, size } = await vscode.workspace.fs.stat(git);
  if ((type & vscode.FileType.Directory) !== 0) return git;
  if ((type & vscode.FileType.File) === 0 || size > largestPointer) return undefined;
  const place = sharedGitDirectory((await readText(git)) ?? '');
  if (place === undefined) return undefined;
  return place.startsWith('/') ? folder.with({ path: place }) : vscode.Uri.joinPath(folder, place);
}

/** True when the commit lies beside the others as a file of its own; one inside a pack is not looked for. */
async function isLooseCommit(directory: vscode.Uri, revision: string): Promise<boolean> {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(revision)) return false;
  const file = vscode.Uri.joinPath(directory, 'objects', revision.slice(0, 2), revision.slice(2));
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch {
    return (
      (await readText(vscode.Uri.joinPath(directory, 'packed-refs')).catch(() => undefined))?.includes(revision) ===
      true
    );
  }
}

async function readText(uri: vscode.Uri): Promise<string | undefined> {
  const { size } = await vscode.workspace.fs.stat(uri);
  if (size > largestConfig) return undefined;
  return Buffer.from(await vscode.workspace.fs.readFile(uri)).toString('utf8');
}

function unique(remotes: readonly string[]): string[] {
  return [...new Set(remotes.filter((remote) => remote !== ''))];
}
