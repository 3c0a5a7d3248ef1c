import type * as vscode from 'vscode';

/** What Dockerfile features apply to; versions shown by source control and terminals are left out. */
export const dockerfileSelector: vscode.DocumentSelector = { language: 'dockerfile' };

const leftOut: ReadonlySet<string> = new Set([
  'git',
  'gitfs',
  'output',
  'comment',
  'vscode-scm',
  'chat-editing-text-model',
]);

export function isDockerfile(document: vscode.TextDocument): boolean {
  return document.languageId === 'dockerfile' && !leftOut.has(document.uri.scheme);
}

/** Longer ones are no Dockerfiles that anybody wrote. */
export const longestDockerfile = 1024 * 1024;

/** Files of the workspace that may be Dockerfiles; the same names that the language is registered for. */
export const dockerfileGlob = '**/{Dockerfile,Dockerfile.*,*.dockerfile,*.Dockerfile,Containerfile,Containerfile.*}';
export const excludedGlob = '**/{node_modules,.git,.terraform,vendor}/**';
export const mostDockerfiles = 500;
