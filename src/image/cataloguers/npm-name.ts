import type { ListedPackage } from './listed-packages.ts';

const legal = /^(?:@[A-Za-z0-9~_-][A-Za-z0-9._~-]*\/[A-Za-z0-9~_-][A-Za-z0-9._~-]*|[A-Za-z0-9~-][A-Za-z0-9._~-]*)$/;

/** True for names that the registry has or once allowed (capitals occur in old ones). npm, "package.json", "name". */
export function isNpmName(name: string): boolean {
  return name.length <= 214 && legal.test(name);
}

/** The package of a lock file, or what is wrong with it. */
export function checkNpmName(found: ListedPackage): ListedPackage | string {
  if (!isNpmName(found.name)) return `"${found.name.slice(0, 214)}" is no npm package name`;
  return found.version.length > 1000 ? `the version of "${found.name}" is longer than 1000 characters` : found;
}
