import * as z from 'zod';
import { isEngineError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { decodeText } from './text-lines.ts';
import type { KeepFilter } from './types.ts';

/** Where images of Red Hat say the repositories that their packages come from; each image of a chain adds its own file. */
const manifestDirectories = ['root/buildinfo/content_manifests', 'usr/share/buildinfo/content_manifests'] as const;
const singleManifest = 'usr/share/buildinfo/content-sets.json';
const manifestPath = /^(?:root|usr\/share)\/buildinfo\/content_manifests\/[^/]+\.json$/;

const shape = z.object({ content_sets: z.array(z.string()) });
/** Sets of one image; the largest known name some dozens. */
const maxSets = 1000;

/** Keeps the names of the repositories; the manifests list contents of images too. */
export const keepContentSets: KeepFilter = (path) =>
  path.includes('buildinfo/') && (path === singleManifest || manifestPath.test(path)) ? rule : undefined;

const rule = {
  maxBytes: 16 * 1024 * 1024,
  reduce: (path: string, bytes: Uint8Array): Uint8Array => {
    const sets = setsIn(path, bytes);
    return sets === undefined ? new Uint8Array() : Buffer.from(JSON.stringify({ content_sets: sets }), 'utf8');
  },
};

function setsIn(path: string, bytes: Uint8Array): readonly string[] | undefined {
  try {
    const parsed = shape.safeParse(parseJson(decodeText(bytes), path));
    return parsed.success ? parsed.data.content_sets.slice(0, maxSets) : undefined;
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return undefined;
  }
}

/** What is read of a merged image. */
export interface ManifestFiles {
  content(path: string): Uint8Array | undefined;
  list(directory: string): readonly string[];
}

/** Repositories that the image names, sorted; empty when it has no manifest that can be read. */
export function readContentSets(files: ManifestFiles): readonly string[] {
  const paths = [...manifestDirectories.flatMap((directory) => files.list(directory)), singleManifest];
  const sets = paths.flatMap((path) => {
    const bytes = files.content(path);
    return bytes === undefined ? [] : (setsIn(path, bytes) ?? []);
  });
  return [...new Set(sets)].sort();
}

const architecture = '(?:x86_64|aarch64|ppc64le|s390x)';

/** Repository names and the CPE that Red Hat's advisories write for them. Red Hat, "repository to CPE mapping". */
const repositories: readonly (readonly [
  name: RegExp,
  cpe: (parts: readonly string[], minor: string) => string | undefined,
])[] = [
  [
    new RegExp(
      `^rhel-(\\d+)-for-${architecture}-(baseos|appstream|highavailability|resilientstorage|nfv|supplementary)-rpms$`,
    ),
    ([major, part]) => `enterprise_linux:${major ?? ''}::${part ?? ''}`,
  ],
  [new RegExp(`^rhel-(\\d+)-for-${architecture}-rt-rpms$`), ([major]) => `enterprise_linux:${major ?? ''}::realtime`],
  [
    new RegExp(`^codeready-builder-for-rhel-(\\d+)-${architecture}-rpms$`),
    ([major]) => `enterprise_linux:${major ?? ''}::crb`,
  ],
  [
    /^ubi-(\d+)-(?:for-\w+-)?(baseos|appstream)(?:-rpms)?$/,
    ([major, part]) => `enterprise_linux:${major ?? ''}::${part ?? ''}`,
  ],
  [/^ubi-(\d+)-(?:for-\w+-)?codeready-builder(?:-rpms)?$/, ([major]) => `enterprise_linux:${major ?? ''}::crb`],
  [/^rhel-7-(server|workstation|client)(?:-optional)?-rpms$/, ([part]) => `enterprise_linux:7::${part ?? ''}`],
  [
    new RegExp(`^rhel-(\\d+)-for-${architecture}-(baseos|appstream)-(eus|aus|tus|e4s)-rpms$`),
    ([, part, kind], minor) => (minor === '' ? undefined : `rhel_${kind ?? ''}:${minor}::${part ?? ''}`),
  ],
  [
    new RegExp(`^rhocp-(\\d+\\.\\d+)-for-rhel-(\\d+)-${architecture}-rpms$`),
    ([version, major]) => `openshift:${version ?? ''}::el${major ?? ''}`,
  ],
  [
    new RegExp(`^ansible-automation-platform-(\\d+\\.\\d+)-for-rhel-(\\d+)-${architecture}-rpms$`),
    ([version, major]) => `ansible_automation_platform:${version ?? ''}::el${major ?? ''}`,
  ],
  [
    new RegExp(`^jb-eap-(\\d+(?:\\.\\d+)?)-for-rhel-(\\d+)-${architecture}-rpms$`),
    ([version, major]) => `jboss_enterprise_application_platform:${version ?? ''}::el${major ?? ''}`,
  ],
];

/** OSV ecosystems of repositories, sorted; those of other products have none here. `version` is VERSION_ID, `9.4`. */
export function redHatStreams(contentSets: readonly string[], version: string | undefined): readonly string[] {
  const minor = /^\d+\.\d+$/.exec(version ?? '')?.[0] ?? '';
  const streams = contentSets.flatMap((set) => {
    for (const [name, cpe] of repositories) {
      const found = name.exec(set);
      const stream = found === null ? undefined : cpe(found.slice(1), minor);
      if (stream !== undefined) return [`Red Hat:${stream}`];
    }
    return [];
  });
  return [...new Set(streams)].sort();
}
