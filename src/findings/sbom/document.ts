import { createHash } from 'node:crypto';
import { PackageURL } from 'packageurl-js';
import type { MatchResult } from '../../advisories/types.ts';
import { compareText } from '../../core/order.ts';
import { formatPlatform } from '../../image/manifest.ts';
import type { ImageReport, PlacedPackage } from '../../image/types.ts';
import type { ImageReference } from '../../registry/types.ts';

export interface SbomInput {
  /** How the image is named. */
  readonly ref: string;
  /** Where it lies, when that is a registry. */
  readonly reference?: ImageReference;
  readonly report: ImageReport;
  /** Vulnerabilities to list, in the formats that can hold them. */
  readonly match?: MatchResult;
  readonly createdAt: Date;
  readonly toolVersion?: string;
}

/** One package of the image, however many files name it. */
export interface SbomPackage {
  /** Package URL; where none can be written `type:name@version`. Unique. */
  readonly key: string;
  /** One of those that were found, for what they all share. */
  readonly found: PlacedPackage;
  /** Files that name it, in code unit order. */
  readonly paths: readonly string[];
  /** Digests of the layers that brought it, in code unit order. */
  readonly layers: readonly string[];
  /** True when nothing but lock files names it. */
  readonly declared: boolean;
  readonly developmentOnly: boolean;
}

/** What both formats are written from. */
export interface SbomContent {
  /** In the order of their keys, so that two documents can be compared. */
  readonly packages: readonly SbomPackage[];
  /** Key of the package at an index of the report. */
  readonly keys: readonly string[];
  /** Digest of the image manifest; absent for a folder, which has none. */
  readonly digest?: string;
  readonly purl?: string;
  readonly platform?: string;
  /** Same for the same image with the same packages and vulnerabilities, whenever it is written. RFC 9562, version 8. */
  readonly uuid: string;
}

/** Gathers what stands in an SBOM. Pure. */
export function sbomContent(input: SbomInput): SbomContent {
  const { report } = input;
  const groups = new Map<string, PlacedPackage[]>();
  const keys = report.packages.map((item) => {
    const key = item.purl ?? `${item.type}:${item.name}@${item.version}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
    return key;
  });
  const packages = [...groups]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([key, all]): SbomPackage[] => {
      const [found] = all;
      if (found === undefined) return [];
      return [
        {
          key,
          found,
          paths: distinct(all.map(({ path }) => path)),
          layers: distinct(all.map(({ layer }) => layer)),
          declared: all.every(({ declared }) => declared === true),
          developmentOnly: all.every(({ developmentOnly }) => developmentOnly === true),
        },
      ];
    });
  const isFolder = report.mediaType === 'inode/directory';
  const purl = isFolder ? undefined : imageUrl(input);
  const platform = report.platform.architecture === '' ? undefined : formatPlatform(report.platform);
  return {
    packages,
    keys,
    ...(isFolder ? {} : { digest: report.digest }),
    ...(purl === undefined ? {} : { purl }),
    ...(platform === undefined ? {} : { platform }),
    uuid: stableUuid([
      input.ref,
      report.digest,
      ...packages.flatMap(({ key, layers, paths }) => [key, ...layers, ...paths]),
      ...report.problems.map(({ path, reason }) => `${path}\0${reason}`),
      ...(input.match?.matches.map(({ package: index, vulnerability: { id } }) => `${keys[index] ?? ''}\0${id}`) ?? []),
    ]),
  };
}

/** Package URL of an image in a registry. purl-spec, "oci". */
function imageUrl({ reference, report }: SbomInput): string | undefined {
  if (reference === undefined) return undefined;
  const { host, repository, tag } = reference;
  const qualifiers: Record<string, string> = {
    ...(report.platform.architecture === '' ? {} : { arch: report.platform.architecture }),
    repository_url: `${host}/${repository}`,
    ...(tag === undefined ? {} : { tag }),
  };
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  return new PackageURL('oci', undefined, name, report.digest, qualifiers, undefined).toString();
}

function distinct(values: readonly (string | undefined)[]): string[] {
  return [...new Set(values.filter((value) => value !== undefined))].sort(compareText);
}

function stableUuid(parts: readonly string[]): string {
  const bytes = createHash('sha256').update(parts.join('\n')).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** `2026-11-22T02:40:00Z`: both formats want whole seconds in UTC. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
