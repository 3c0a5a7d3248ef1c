import { TurnTaker } from '../core/concurrency.ts';
import type { Package, PackageType } from './types.ts';

/** Ecosystems whose packages may be installed elsewhere than beside their lock file. */
const installedElsewhere: ReadonlySet<PackageType> = new Set(['composer', 'gem', 'pypi']);

/**
 * Leaves out what lock files declare where the installed tree is in the image too, somewhere else: `requirements.txt` in
 * `/app`, its packages in `/usr/local/lib`. A lock file counts as installed when more than half of the names it lists
 * are, in whatever version: the tree says what is there, and that the others are not.
 */
export async function withoutInstalled<T extends { readonly found: Package }>(
  packages: readonly T[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  const installed = new Set<string>();
  const lists = new Map<string, Set<string>>();
  for (const { found } of packages) {
    if (!installedElsewhere.has(found.type)) continue;
    if (found.declared !== true) installed.add(keyOf(found));
    else {
      const list = listOf(found);
      lists.set(list, (lists.get(list) ?? new Set()).add(keyOf(found)));
    }
  }
  if (installed.size === 0 || lists.size === 0) return packages;
  const turns = new TurnTaker();
  const superseded = new Set<string>();
  for (const [list, names] of lists) {
    let there = 0;
    for (const name of names) if (installed.has(name)) there++;
    if (there * 2 > names.size) superseded.add(list);
    await turns.pause();
    signal.throwIfAborted();
  }
  return packages.filter(({ found }) => found.declared !== true || !superseded.has(listOf(found)));
}

function listOf({ type, path }: Package): string {
  return `${type} ${path ?? ''}`;
}

/**
 * Names as their index compares them: PyPI without regard to case and with runs of "-", "_" and "." as one (PEP 503,
 * "Normalized Names"), Packagist without regard to case.
 */
function keyOf({ type, name }: Package): string {
  if (type === 'gem') return `gem ${name}`;
  const lower = name.toLowerCase();
  return `${type} ${type === 'pypi' ? lower.replace(/[-_.]+/g, '-') : lower}`;
}
