import { PackageURL } from 'packageurl-js';
import type { OperatingSystem, Package, PackageType } from './types.ts';

/** Types of the package URL specification, "purl-types". */
const purlTypes: Readonly<Record<PackageType, string>> = {
  deb: 'deb',
  apk: 'apk',
  rpm: 'rpm',
  npm: 'npm',
  pypi: 'pypi',
  nuget: 'nuget',
  maven: 'maven',
  golang: 'golang',
  cargo: 'cargo',
  gem: 'gem',
  composer: 'composer',
};

/**
 * The package URL of a package; undefined when its name cannot be written as one, or when a package of the operating system
 * belongs to one that is not known.
 */
export function packageUrl(found: Package, os: OperatingSystem | undefined): string | undefined {
  const type = purlTypes[found.type];
  const ofSystem = found.type === 'deb' || found.type === 'apk' || found.type === 'rpm';
  if (ofSystem && os === undefined) return undefined;
  const split = splitName(found);
  const epoch = found.type === 'rpm' ? /^(\d+):/.exec(found.version)?.[1] : undefined;
  const version = epoch === undefined ? found.version : found.version.slice(epoch.length + 1);
  const qualifiers: Record<string, string> = {};
  if (ofSystem && found.architecture !== undefined) qualifiers['arch'] = found.architecture;
  if (ofSystem && os !== undefined) qualifiers['distro'] = os.version === undefined ? os.id : `${os.id}-${os.version}`;
  if (epoch !== undefined) qualifiers['epoch'] = epoch;
  try {
    return new PackageURL(
      type,
      ofSystem ? systemNamespace(os?.id) : split.namespace,
      ofSystem ? found.name : split.name,
      version,
      Object.keys(qualifiers).length === 0 ? undefined : qualifiers,
      undefined,
    ).toString();
  } catch {
    return undefined; // the library refuses the name: the package is listed without
  }
}

/** Vendors as the definitions of `deb`, `apk` and `rpm` write them; most are the ID of the system. */
function systemNamespace(id: string | undefined): string | undefined {
  return id === 'rhel' ? 'redhat' : id;
}

function splitName({ type, name }: Package): { namespace: string | undefined; name: string } {
  const separator = type === 'maven' ? ':' : '/';
  const splits = type === 'npm' || type === 'maven' || type === 'golang' || type === 'composer';
  const at = splits ? name.lastIndexOf(separator) : -1;
  return at < 0 ? { namespace: undefined, name } : { namespace: name.slice(0, at), name: name.slice(at + 1) };
}
