import * as vscode from 'vscode';
import type { DockerfileAnalysis } from '../../engine-contract.ts';
import type { EngineHost } from '../engine-host.ts';
import { longestDockerfile } from './documents.ts';
import { withoutIgnores } from './ignore-comment.ts';
import type { Disposable } from '../disposable.ts';

/** What the engine says about open Dockerfiles, once for each version of a document. */
export interface Analyses extends Disposable {
  get(document: vscode.TextDocument): Promise<DockerfileAnalysis>;
  /** The analysis of the version on the screen, if it was made already. */
  current(document: vscode.TextDocument): DockerfileAnalysis | undefined;
  forget(uri?: vscode.Uri): void;
}

const nothing: DockerfileAnalysis = { violations: [], marks: [], links: [] };

export function createAnalyses(engine: EngineHost): Analyses {
  interface Entry {
    readonly version: number;
    readonly promise: Promise<DockerfileAnalysis>;
    result: DockerfileAnalysis | undefined;
  }
  const entries = new Map<string, Entry>();

  const analyze = async (uri: string, text: string): Promise<DockerfileAnalysis> => {
    if (text.length > longestDockerfile) return nothing;
    const current = await engine.get();
    if (vscode.workspace.isTrusted) return current.analyzeDockerfile(uri, text);
    // in a folder that is not trusted ignores are plain comments, and nothing links its files to images
    const { violations } = await current.analyzeDockerfile(uri, withoutIgnores(text));
    return { ...nothing, violations };
  };

  return {
    get(document) {
      const uri = document.uri.toString();
      const known = entries.get(uri);
      if (known?.version === document.version) return known.promise;
      const entry: Entry = {
        version: document.version,
        promise: analyze(uri, document.getText()),
        result: undefined,
      };
      entries.set(uri, entry);
      entry.promise.then(
        (result) => {
          entry.result = result;
        },
        () => {
          if (entries.get(uri) === entry) entries.delete(uri); // the next one who asks tries again
        },
      );
      return entry.promise;
    },
    current(document) {
      const entry = entries.get(document.uri.toString());
      return entry?.version === document.version ? entry.result : undefined;
    },
    forget(uri) {
      if (uri === undefined) entries.clear();
      else entries.delete(uri.toString());
    },
    dispose: () => entries.clear(),
  };
}
