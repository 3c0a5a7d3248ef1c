import type * as vscode from 'vscode';

/** Where files are edited; versions shown by source control, terminals and chats have schemes of their own. */
const schemes: readonly string[] = ['file', 'untitled', 'vscode-remote', 'vscode-vfs'];

/** What Dockerfile features apply to. */
export const dockerfileSelector: vscode.DocumentSelector = schemes.map((scheme) => ({
  scheme,
  language: 'dockerfile',
}));

export function isDockerfile(document: vscode.TextDocument): boolean {
  return document.languageId === 'dockerfile' && schemes.includes(document.uri.scheme);
}

/** Longer ones are no Dockerfiles that anybody wrote. */
export const longestDockerfile = 1024 * 1024;

/** Files of the workspace that may be Dockerfiles; the same names that the language is registered for. */
export const dockerfileGlob = '**/{Dockerfile,Dockerfile.*,*.dockerfile,*.Dockerfile,Containerfile,Containerfile.*}';
export const excludedGlob = '**/{node_modules,.git,.terraform,vendor}/**';
export const mostDockerfiles = 500;
