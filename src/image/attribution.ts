import type { Package } from './types.ts';

/** Package set of a family of database files after a layer changed one of them. */
export interface PackageState {
  /** Index of the layer, 0 is the lowest. */
  readonly layer: number;
  readonly packages: readonly Package[];
}

export interface Placement {
  /** The layer after the last one without this name and version: an uninstalled and reinstalled package is new. */
  readonly introducedBy: number;
  /** The lowest layer that had the name in this version, whatever came between. */
  readonly lastChangedBy: number;
  /** The lowest layer that had the name in any version. */
  readonly firstLayer: number;
}

/** What makes two entries of a package database the same package. */
export function packageKey({ type, name, architecture, version }: Package): string {
  return `${type}\0${name}\0${architecture ?? ''}\0${version}`;
}

function nameKey({ type, name, architecture }: Package): string {
  return `${type}\0${name}\0${architecture ?? ''}`;
}

/**
 * Finds the layer of each package by comparing what databases listed after each layer that changed them: the files
 * themselves are rewritten whole by every layer. `states` are ordered from the lowest layer up.
 */
export function placePackages(states: readonly PackageState[]): (found: Package) => Placement | undefined {
  const sets = states.map(({ packages }) => new Set(packages.map(packageKey)));
  const firstByName = new Map<string, number>();
  const firstByVersion = new Map<string, number>();
  for (const { layer, packages } of states) {
    for (const found of packages) {
      const key = nameKey(found);
      if (!firstByName.has(key)) firstByName.set(key, layer);
      const version = packageKey(found);
      if (!firstByVersion.has(version)) firstByVersion.set(version, layer);
    }
  }
  return (found) => {
    const key = packageKey(found);
    let at = sets.length;
    while (at > 0 && sets[at - 1]?.has(key) === true) at--;
    const introducedBy = states[at]?.layer;
    if (introducedBy === undefined) return undefined;
    return {
      introducedBy,
      lastChangedBy: firstByVersion.get(key) ?? introducedBy,
      firstLayer: firstByName.get(nameKey(found)) ?? introducedBy,
    };
  };
}
