import { TurnTaker } from '../../core/concurrency.ts';
import type { Catalogued, PackageType } from '../types.ts';

/** What a lock file or a list of installed packages names. */
export interface ListedPackage {
  readonly name: string;
  readonly version: string;
  /** Needed to build or test only. */
  readonly dev?: boolean;
  /** From a repository, an archive or a folder. */
  readonly notFromIndex?: boolean;
}

/** Lines after which a reader of lines yields nothing, so that others have a turn. */
export const linesPerTurn = 100;

/** Bad entries of one file that are told one by one. */
const maxProblems = 20;

/**
 * Packages of a lock file or of a list of installed ones, each once; a text instead of a package is a problem, and nothing
 * gives others a turn. A package that is named twice counts as
 * needed for development only when both say so.
 */
export async function* listedPackages(
  type: PackageType,
  path: string,
  found: Iterable<ListedPackage | string | undefined>,
  signal: AbortSignal,
  evidence: 'declared' | 'installed' = 'declared',
): AsyncGenerator<Catalogued, void, undefined> {
  const known = new Map<string, ListedPackage>();
  let bad = 0;
  const turns = new TurnTaker();
  for (const one of found) {
    await turns.pause();
    signal.throwIfAborted();
    if (one === undefined) continue;
    if (typeof one === 'string') {
      if (++bad <= maxProblems) yield { kind: 'problem', problem: { path, reason: one } };
      continue;
    }
    const key = `${one.name}\0${one.version}`;
    const before = known.get(key);
    if (before === undefined || (before.dev === true && one.dev !== true)) known.set(key, one);
  }
  if (bad > maxProblems) {
    yield { kind: 'problem', problem: { path, reason: `${bad - maxProblems} more entries cannot be read` } };
  }
  for (const { name, version, dev, notFromIndex } of known.values()) {
    yield {
      kind: 'package',
      package: {
        type,
        name,
        version,
        path,
        ...(evidence === 'declared' ? { declared: true } : {}),
        ...(dev === true ? { developmentOnly: true } : {}),
        ...(notFromIndex === true ? { notFromIndex: true } : {}),
      },
    };
  }
}
