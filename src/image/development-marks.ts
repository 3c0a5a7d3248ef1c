import type { DevelopmentMark, Package } from './types.ts';

/** What lock files say of packages that lie beside them. Each question costs as many look-ups as its path has parts. */
export class DevelopmentMarks {
  readonly #places = new Map<string, Set<string>>();

  add({ type, name, version, within }: DevelopmentMark): void {
    const key = keyOf(type, name, version);
    const places = this.#places.get(key);
    if (places === undefined) this.#places.set(key, new Set([within]));
    else places.add(within);
  }

  /** True when a lock file above the package marked it. */
  has({ type, name, version, path }: Package): boolean {
    const places = this.#places.get(keyOf(type, name, version));
    if (places === undefined || path === undefined) return false;
    for (let end = path.length; end >= 0; end = end === 0 ? -1 : Math.max(0, path.lastIndexOf('/', end - 1))) {
      if (places.has(path.slice(0, end))) return true;
    }
    return false;
  }
}

function keyOf(type: string, name: string, version: string): string {
  return `${type}\0${name}\0${version}`;
}
