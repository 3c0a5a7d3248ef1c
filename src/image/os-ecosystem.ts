/** The keys of os-release(5) that tell systems apart. Values without their quotes. */
export interface OsRelease {
  readonly id: string;
  readonly versionId?: string;
  readonly version?: string;
  readonly codename?: string;
  readonly name?: string;
  readonly prettyName?: string;
  readonly cpeName?: string;
}

/** Releases of Debian by name, for those that give themselves no number. Debian wiki, "DebianReleases". */
const debianReleases: ReadonlyMap<string, string> = new Map([
  ['buster', '10'],
  ['bullseye', '11'],
  ['bookworm', '12'],
  ['trixie', '13'],
  ['forky', '14'],
  ['duke', '15'],
]);

/**
 * OSV ecosystem with the suffix that its records use, or undefined when OSV has no records for the system. Another
 * spelling would match nothing and look clean, so systems are never mapped over `ID_LIKE`. OSV schema 1.7, "Defined
 * ecosystems", and the suffixes found in the published dumps.
 */
export function osEcosystem(release: OsRelease): string | undefined {
  const { id, versionId, version, prettyName } = release;
  const major = /^\d+/.exec(versionId ?? '')?.[0];
  const majorMinor = /^\d+\.\d+/.exec(versionId ?? '')?.[0];
  switch (id) {
    case 'debian':
      return `Debian:${major ?? debianReleases.get(release.codename ?? '') ?? 'sid'}`;
    case 'ubuntu':
      if (majorMinor === undefined) return undefined;
      return isUbuntuLts(majorMinor, version ?? '') ? `Ubuntu:${majorMinor}:LTS` : `Ubuntu:${majorMinor}`;
    case 'alpine':
      // edge has no records of its own: who matches takes the newest branch and says so
      if ((versionId ?? '').includes('_alpha') || /\bedge\b/i.test(prettyName ?? '')) return 'Alpine:edge';
      return majorMinor === undefined ? undefined : `Alpine:v${majorMinor}`;
    case 'wolfi':
      return 'Wolfi';
    case 'chainguard':
      return 'Chainguard';
    case 'minimos':
      return 'MinimOS';
    case 'echo':
      return 'Echo';
    case 'cleanstart':
      return 'CleanStart';
    case 'mariner':
    case 'azurelinux':
      return major === undefined || major === '1' ? undefined : `Azure Linux:${major}`;
    case 'rhel':
      return redHat(release.cpeName, major);
    case 'rocky':
      return major === undefined ? undefined : `Rocky Linux:${major}`;
    case 'almalinux':
      return major === undefined ? undefined : `AlmaLinux:${major}`;
    case 'sles':
    case 'sles_sap':
    case 'sle-micro':
    case 'sl-micro':
    case 'sle-micro-rancher':
      return prettyName === undefined || !prettyName.startsWith('SUSE ')
        ? undefined
        : `SUSE:${prettyName.slice('SUSE '.length).replace(/ for Rancher/, '')}`;
    case 'opensuse':
    case 'opensuse-leap':
      return majorMinor === undefined ? undefined : `openSUSE:Leap ${majorMinor}`;
    case 'opensuse-tumbleweed':
      return 'openSUSE:Tumbleweed';
    case 'mageia':
      return major === undefined ? undefined : `Mageia:${major}`;
    case 'openEuler':
      return openEuler(versionId, version);
    case 'alpaquita':
      return versionId === undefined ? undefined : `Alpaquita:${versionId}`;
    case 'bellsoft-hardened-containers':
      return versionId === undefined ? undefined : `BellSoft Hardened Containers:${versionId}`;
    default:
      return undefined;
  }
}

/** VERSION says LTS; where it is missing: April of every even year is one. Ubuntu, "Release cycle". */
function isUbuntuLts(versionId: string, version: string): boolean {
  if (/\bLTS\b/.test(version)) return true;
  const [year, month] = versionId.split('.');
  return version === '' && Number(year) % 2 === 0 && month === '04';
}

/** The part of the CPE behind the vendor. Red Hat, "Common Platform Enumeration". */
function redHat(cpeName: string | undefined, major: string | undefined): string | undefined {
  const named = /^cpe:\/[oa]:redhat:([\w:.+-]+)$/.exec(cpeName ?? '')?.[1];
  if (named !== undefined) return `Red Hat:${named}`;
  return major === undefined ? undefined : `Red Hat:enterprise_linux:${major}::baseos`;
}

/** `24.03 (LTS-SP1)` is `24.03-LTS-SP1`. */
function openEuler(versionId: string | undefined, version: string | undefined): string | undefined {
  const said = /^(\d+\.\d+)\s*\(([\w-]+)\)$/.exec((version ?? '').trim());
  if (said !== null) return `openEuler:${said[1] ?? ''}-${said[2] ?? ''}`;
  return versionId === undefined ? undefined : `openEuler:${versionId}`;
}

/** Names of systems that OSV has no advisories for, as people write them. */
const uncovered: Readonly<Record<string, string>> = {
  amzn: 'Amazon Linux',
  arch: 'Arch Linux',
  bottlerocket: 'Bottlerocket',
  centos: 'CentOS',
  fedora: 'Fedora',
  ol: 'Oracle Linux',
  photon: 'Photon OS',
};

/** Systems that have advisories when their release is known. */
const needRelease: ReadonlySet<string> = new Set([
  'ubuntu',
  'alpine',
  'azurelinux',
  'mariner',
  'rhel',
  'rocky',
  'almalinux',
  'sles',
  'sles_sap',
  'sle-micro',
  'sl-micro',
  'sle-micro-rancher',
  'opensuse',
  'opensuse-leap',
  'mageia',
  'openEuler',
  'alpaquita',
  'bellsoft-hardened-containers',
]);

/** Why `osEcosystem` gives nothing, as a clause. */
export function whyUncovered({ id, versionId, name, prettyName }: OsRelease): string {
  if (id === 'busybox') return 'it has no package manager, so nothing tells what it is made of';
  if (id === 'mariner' && versionId?.startsWith('1.') === true) return 'OSV has no advisories for CBL-Mariner 1';
  if (needRelease.has(id)) return 'the image does not say which release it is';
  if (id === 'centos' && /\bStream\b/.test(`${name ?? ''} ${prettyName ?? ''}`)) {
    return 'OSV has no advisories for CentOS Stream';
  }
  return `OSV has no advisories for ${uncovered[id] ?? `"${id.slice(0, 64)}"`}`;
}
