import * as vscode from 'vscode';
import { innermostRepository } from '../../core/git-remote.ts';
import type { Log } from '../../core/log.ts';
import type { WorkspaceDockerfile } from '../../engine-contract.ts';
import { workspaceRepositories } from '../git-repositories.ts';
import { dockerfileGlob, excludedGlob, longestDockerfile, mostDockerfiles } from './documents.ts';

/** Dockerfiles of the workspace as they are now, unsaved changes included; none in restricted mode. */
export async function workspaceDockerfiles(log: Log): Promise<readonly WorkspaceDockerfile[]> {
  if (!vscode.workspace.isTrusted || vscode.workspace.workspaceFolders === undefined) return [];
  const uris = await vscode.workspace.findFiles(dockerfileGlob, excludedGlob, mostDockerfiles);
  const open = new Map(vscode.workspace.textDocuments.map((document) => [document.uri.toString(), document]));
  const repositories = await workspaceRepositories(log);
  const files: WorkspaceDockerfile[] = [];
  for (const uri of uris) {
    try {
      const text = open.get(uri.toString())?.getText() ?? (await readText(uri));
      if (text !== undefined) {
        const repository = innermostRepository(uri.toString(), repositories);
        files.push({
          uri: uri.toString(),
          path: vscode.workspace.asRelativePath(uri, false).replaceAll('\\', '/'),
          text,
          ...(repository === undefined ? {} : { repository }),
        });
      }
    } catch (error) {
      log.error('dockerfile not read', error, { file: uri.toString() });
    }
  }
  return files;
}

async function readText(uri: vscode.Uri): Promise<string | undefined> {
  const { size, type } = await vscode.workspace.fs.stat(uri);
  if (size > longestDockerfile || (type & vscode.FileType.File) === 0) return undefined;
  return new TextDecoder('utf-8').decode(await vscode.workspace.fs.readFile(uri));
}
