import { osEcosystem, type OsRelease } from './os-ecosystem.ts';
import { decodeText, textLines } from './text-lines.ts';
import type { KeepFilter, OperatingSystem } from './types.ts';

const maxReleaseBytes = 64 * 1024;

/** os-release(5); the first is nearly always a link to the second. Bottlerocket has its own in a sysroot. */
const osReleasePaths = [
  'etc/os-release',
  'usr/lib/os-release',
  'x86_64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release',
  'aarch64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release',
] as const;
const lsbReleasePath = 'etc/lsb-release';
const debianVersionPath = 'etc/debian_version';
const alpineReleasePath = 'etc/alpine-release';
const busyboxPath = 'bin/busybox';

/** Systems from before os-release: file and ID. */
const namedReleases: readonly (readonly [path: string, id: string])[] = [
  ['etc/centos-release', 'centos'],
  ['etc/rocky-release', 'rocky'],
  ['etc/almalinux-release', 'almalinux'],
  ['etc/oracle-release', 'ol'],
  ['etc/fedora-release', 'fedora'],
  ['etc/redhat-release', 'rhel'],
  ['etc/system-release', 'amzn'],
];

const paths: ReadonlySet<string> = new Set([
  ...osReleasePaths,
  lsbReleasePath,
  debianVersionPath,
  alpineReleasePath,
  ...namedReleases.map(([path]) => path),
]);
const rule = { maxBytes: maxReleaseBytes };

export const keepReleaseFiles: KeepFilter = (path) => (paths.has(path) ? rule : undefined);

export interface ReleaseFiles {
  /** Text of a file of the merged image, symbolic links followed. */
  text(path: string): string | undefined;
  has(path: string): boolean;
}

/** The operating system of a merged image, first evidence wins; undefined when nothing tells. */
export function detectOperatingSystem(files: ReleaseFiles): OperatingSystem | undefined {
  for (const path of osReleasePaths) {
    const release = readOsRelease(files.text(path) ?? '');
    if (release === undefined) continue;
    const codename = release.codename ?? debianCodename(release, files.text(debianVersionPath));
    return describe({ ...release, ...(codename === undefined ? {} : { codename }) });
  }
  const lsb = readAssignments(files.text(lsbReleasePath) ?? '');
  const lsbId = lsb.get('DISTRIB_ID');
  if (lsbId !== undefined && lsbId !== '') {
    return describe({
      id: lsbId.toLowerCase(),
      ...optional('versionId', lsb.get('DISTRIB_RELEASE')),
      ...optional('codename', lsb.get('DISTRIB_CODENAME')),
      ...optional('prettyName', lsb.get('DISTRIB_DESCRIPTION')),
    });
  }
  const debianVersion = files.text(debianVersionPath)?.trim();
  if (debianVersion !== undefined && debianVersion !== '') {
    const numbered = /^\d/.test(debianVersion);
    const codename = debianVersion.split('/', 1)[0];
    return describe({
      id: 'debian',
      ...optional(numbered ? 'versionId' : 'codename', numbered ? debianVersion : codename),
    });
  }
  for (const [path, id] of namedReleases) {
    const text = files.text(path);
    if (text === undefined) continue;
    const version = /release\s+(\d[\w.]*)/i.exec(text.slice(0, 1000))?.[1];
    return describe({
      id: idOfRelease(text, id),
      ...optional('versionId', version),
      prettyName: text.trim().slice(0, 200),
    });
  }
  const alpine = files.text(alpineReleasePath)?.trim();
  if (alpine !== undefined && alpine !== '') return describe({ id: 'alpine', versionId: alpine.slice(0, 64) });
  if (files.has(busyboxPath)) return { id: 'busybox' };
  return undefined;
}

/** `etc/redhat-release` is written by the rebuilds too, and says their names. */
function idOfRelease(text: string, id: string): string {
  if (/^CentOS/i.test(text)) return 'centos';
  if (/^Rocky/i.test(text)) return 'rocky';
  if (/^AlmaLinux/i.test(text)) return 'almalinux';
  if (/^Oracle/i.test(text)) return 'ol';
  if (/^Fedora/i.test(text)) return 'fedora';
  if (/^Red Hat/i.test(text)) return 'rhel';
  return id;
}

/** Debian testing and unstable have no number: `trixie/sid`. */
function debianCodename(release: OsRelease, debianVersion: string | undefined): string | undefined {
  if (release.id !== 'debian' || release.versionId !== undefined) return undefined;
  return /^([a-z]+)/.exec(debianVersion?.trim() ?? '')?.[1];
}

function describe(release: OsRelease): OperatingSystem {
  return {
    id: release.id,
    ...optional('version', release.versionId),
    ...optional('name', release.prettyName ?? release.name),
    ...optional('codename', release.codename),
    ...optional('ecosystem', osEcosystem(release)),
  };
}

/** Reads os-release(5); undefined without an ID, which means that the system is unknown. */
export function readOsRelease(text: string): OsRelease | undefined {
  const values = readAssignments(text);
  const id = values.get('ID');
  if (id === undefined || id === '') return undefined;
  return {
    id,
    ...optional('versionId', values.get('VERSION_ID')),
    ...optional('version', values.get('VERSION')),
    ...optional('codename', values.get('VERSION_CODENAME')),
    ...optional('name', values.get('NAME')),
    ...optional('prettyName', values.get('PRETTY_NAME')),
    ...optional('cpeName', values.get('CPE_NAME')),
  };
}

/** `KEY=value` lines in the syntax of the shell; the last assignment of a key wins. */
function readAssignments(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const { text: line } of textLines(text)) {
    const found = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line.slice(0, 4096));
    if (found !== null) values.set(found[1] ?? '', unquote((found[2] ?? '').trim()));
  }
  return values;
}

function unquote(value: string): string {
  const quote = value.charAt(0);
  if (quote === "'") {
    const end = value.indexOf("'", 1);
    return end < 0 ? value.slice(1) : value.slice(1, end);
  }
  if (quote !== '"') return value;
  const inside = /^"((?:[^"\\]|\\.)*)/.exec(value)?.[1] ?? '';
  return inside.replace(/\\(["$`\\])/g, '$1');
}

/** A member when its value is there and not empty, as optional properties demand. */
function optional<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  if (value === undefined || value === '') return {};
  return { [key]: value } as Partial<Record<K, string>>;
}

/** Release files out of a lookup by path. */
export function releaseFiles(
  content: (path: string) => Uint8Array | undefined,
  has: (path: string) => boolean,
): ReleaseFiles {
  return {
    text(path) {
      const bytes = content(path);
      return bytes === undefined ? undefined : decodeText(bytes);
    },
    has,
  };
}
