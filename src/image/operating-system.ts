import { osEcosystem, whyUncovered, type OsRelease } from './os-ecosystem.ts';
import { keepContentSets, readContentSets, redHatStreams } from './red-hat.ts';
import { decodeText, textLines } from './text-lines.ts';
import { anyOf } from './keep.ts';
import type { KeepFilter, OperatingSystem, Problem } from './types.ts';

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
const cpePath = 'etc/system-release-cpe';
const apkRepositoriesPath = 'etc/apk/repositories';
const busyboxPath = 'bin/busybox';

/** Files of systems from before os-release; the rebuilds of RHEL write some of them all. */
const namedReleases = [
  'etc/centos-release',
  'etc/rocky-release',
  'etc/almalinux-release',
  'etc/oracle-release',
  'etc/fedora-release',
  'etc/redhat-release',
  'etc/system-release',
] as const;

/** What those files begin with. */
const releaseNames: readonly (readonly [begins: RegExp, id: string])[] = [
  [/^CentOS\b/i, 'centos'],
  [/^Rocky\b/i, 'rocky'],
  [/^AlmaLinux\b/i, 'almalinux'],
  [/^Oracle\b/i, 'ol'],
  [/^Fedora\b/i, 'fedora'],
  [/^Red Hat\b/i, 'rhel'],
  [/^Amazon\b/i, 'amzn'],
];

/** Vendor and product of a CPE, "cpe:/o:centos:linux:6:GA". NIST IR 7695, "CPE naming". */
const cpeProducts: readonly (readonly [begins: string, id: string])[] = [
  ['cpe:/o:redhat:enterprise_linux:', 'rhel'],
  ['cpe:/o:centos:linux:', 'centos'],
  ['cpe:/o:centos:centos:', 'centos'],
  ['cpe:/o:rocky:rocky:', 'rocky'],
  ['cpe:/o:almalinux:almalinux:', 'almalinux'],
  ['cpe:/o:oracle:linux:', 'ol'],
  ['cpe:/o:fedoraproject:fedora:', 'fedora'],
  ['cpe:/o:amazon:linux:', 'amzn'],
  ['cpe:/o:amazon:amazon_linux:', 'amzn'],
  ['cpe:2.3:o:amazon:amazon_linux:', 'amzn'],
];

const paths: ReadonlySet<string> = new Set([
  ...osReleasePaths,
  lsbReleasePath,
  debianVersionPath,
  alpineReleasePath,
  cpePath,
  apkRepositoriesPath,
  ...namedReleases,
]);
const rule = { maxBytes: maxReleaseBytes };

export const keepReleaseFiles: KeepFilter = anyOf([(path) => (paths.has(path) ? rule : undefined), keepContentSets]);

export interface ReleaseFiles {
  /** Text of a file of the merged image, symbolic links followed. */
  text(path: string): string | undefined;
  has(path: string): boolean;
  content(path: string): Uint8Array | undefined;
  /** Files directly inside a directory. */
  list(directory: string): readonly string[];
}

/** The operating system of a merged image, first evidence wins; undefined when nothing tells. */
export function detectOperatingSystem(files: ReleaseFiles): OperatingSystem | undefined {
  const release = detectRelease(files);
  if (release === undefined) return undefined;
  const os = describe(release);
  if (os.id !== 'rhel') return os;
  const contentSets = readContentSets(files);
  const streams = redHatStreams(contentSets, os.version);
  return {
    ...os,
    ...(contentSets.length === 0 ? {} : { contentSets }),
    ...(streams.length === 0 ? {} : { streams }),
  };
}

function detectRelease(files: ReleaseFiles): OsRelease | undefined {
  for (const path of osReleasePaths) {
    const release = readOsRelease(files.text(path) ?? '');
    if (release === undefined) continue;
    const codename = release.codename ?? debianCodename(release, files.text(debianVersionPath));
    return { ...release, ...(codename === undefined ? {} : { codename }) };
  }
  const lsb = readAssignments(files.text(lsbReleasePath) ?? '');
  const lsbId = lsb.get('DISTRIB_ID');
  if (lsbId !== undefined && lsbId !== '') {
    return {
      id: lsbId.toLowerCase(),
      ...optional('versionId', lsb.get('DISTRIB_RELEASE')),
      ...optional('codename', lsb.get('DISTRIB_CODENAME')),
      ...optional('prettyName', lsb.get('DISTRIB_DESCRIPTION')),
    };
  }
  const debianVersion = files.text(debianVersionPath)?.trim();
  if (debianVersion !== undefined && debianVersion !== '') {
    const numbered = /^\d/.test(debianVersion);
    const codename = debianVersion.split('/', 1)[0];
    return {
      id: 'debian',
      ...optional(numbered ? 'versionId' : 'codename', numbered ? debianVersion : codename),
    };
  }
  for (const path of namedReleases) {
    const text = files.text(path)?.trim() ?? '';
    const id = releaseNames.find(([begins]) => begins.test(text))?.[1];
    if (id === undefined) continue;
    const version = /release\s+(\d[\w.]*)/i.exec(text.slice(0, 1000))?.[1];
    const cpe = files.text(cpePath)?.trim();
    return {
      id,
      ...optional('versionId', version),
      ...optional('prettyName', text.slice(0, 200)),
      ...optional('cpeName', id === 'rhel' ? cpe : undefined),
    };
  }
  const byCpe = releaseOfCpe(files.text(cpePath)?.trim() ?? '');
  if (byCpe !== undefined) return byCpe;
  const alpine = files.text(alpineReleasePath)?.trim();
  if (alpine !== undefined && alpine !== '') return { id: 'alpine', versionId: alpine.slice(0, 64) };
  if (files.has(busyboxPath)) return { id: 'busybox' };
  return undefined;
}

function releaseOfCpe(cpe: string): OsRelease | undefined {
  const known = cpeProducts.find(([begins]) => cpe.startsWith(begins));
  if (known === undefined) return undefined;
  const version = /^\d+(?:\.\d+)?/.exec(cpe.slice(known[0].length))?.[0];
  return { id: known[1], ...optional('versionId', version), ...(known[1] === 'rhel' ? { cpeName: cpe } : {}) };
}

/** Debian testing and unstable have no number: `trixie/sid`. */
function debianCodename(release: OsRelease, debianVersion: string | undefined): string | undefined {
  if (release.id !== 'debian' || release.versionId !== undefined) return undefined;
  return /^([a-z]+)/.exec(debianVersion?.trim() ?? '')?.[1];
}

function describe(release: OsRelease): OperatingSystem {
  const ecosystem = osEcosystem(release);
  return {
    id: release.id,
    ...optional('version', release.versionId),
    ...optional('name', release.prettyName ?? release.name),
    ...optional('codename', release.codename),
    ...(ecosystem === undefined ? { uncovered: whyUncovered(release) } : { ecosystem }),
  };
}

/**
 * A problem when an Alpine system takes packages from another branch than its own: they are judged by the advisories of
 * the branch that it says it is.
 */
export function foreignBranches(os: OperatingSystem, files: ReleaseFiles): Problem | undefined {
  const own = /^Alpine:(.+)$/.exec(os.ecosystem ?? '')?.[1];
  if (own === undefined) return undefined;
  const named = new Set<string>();
  for (const { text } of textLines(files.text(apkRepositoriesPath) ?? '')) {
    const branch = text.startsWith('#') ? undefined : /\/(v\d+\.\d+|edge)\//.exec(text.slice(0, 1000))?.[1];
    if (branch !== undefined && branch !== own) named.add(branch);
  }
  if (named.size === 0) return undefined;
  const others = [...named].sort().join(', ');
  return {
    path: apkRepositoriesPath,
    reason: `it takes packages from ${others} as well: they are judged by the advisories of ${own}`,
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

/** Release files of a merged image. */
export function releaseFiles(tree: {
  file(path: string): { readonly content?: Uint8Array } | undefined;
  has(path: string): boolean;
  list(directory: string): readonly string[];
}): ReleaseFiles {
  const content = (path: string): Uint8Array | undefined => tree.file(path)?.content;
  return {
    text(path) {
      const bytes = content(path);
      return bytes === undefined ? undefined : decodeText(bytes);
    },
    has: (path) => tree.has(path),
    content,
    list: (directory) => tree.list(directory),
  };
}
