import type { MatchResult } from '../../advisories/types.ts';
import { compareText } from '../../core/order.ts';
import { chooseBaseSeverity } from '../base-severity.ts';
import { toSeverityRating } from '../from-image.ts';
import { formatTime, sbomContent, type SbomInput, type SbomPackage } from './document.ts';

interface Property {
  readonly name: string;
  readonly value: string;
}

const osRef = 'operating-system';

/**
 * The packages of an image, and its vulnerabilities where they are given, as CycloneDX 1.6 (ECMA-424). The same input gives
 * the same text but for the timestamp. What could not be read makes the composition incomplete and is named in properties.
 */
export function toCycloneDx(input: SbomInput): object {
  const { ref, report, match } = input;
  const content = sbomContent(input);
  const root = content.purl ?? report.digest;
  const os = report.os;
  const diffIds = new Map(report.layers.map(({ digest, diffId }) => [digest, diffId]));
  const components = [
    ...(os === undefined
      ? []
      : [
          {
            type: 'operating-system',
            'bom-ref': osRef,
            name: os.id,
            ...(os.version === undefined ? {} : { version: os.version }),
            ...(os.name === undefined ? {} : { description: os.name }),
            ...properties([['plimsoll:osv:ecosystem', os.ecosystem]]),
          },
        ]),
    ...content.packages.map((each) => component(each, diffIds)),
  ];
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${content.uuid}`,
    version: 1,
    metadata: {
      timestamp: formatTime(input.createdAt),
      tools: {
        components: [
          {
            type: 'application',
            name: 'Plimsoll',
            ...(input.toolVersion === undefined ? {} : { version: input.toolVersion }),
          },
        ],
      },
      component: {
        type: 'container',
        'bom-ref': root,
        name: ref,
        version: report.digest,
        ...(content.purl === undefined ? {} : { purl: content.purl }),
        ...(content.digest === undefined ? {} : { hashes: [sha256(content.digest)] }),
        ...properties([
          ['plimsoll:image:platform', content.platform],
          ...report.layers.map(({ digest, diffId }) => ['plimsoll:image:layer', `${digest} ${diffId}`] as const),
        ]),
      },
      ...properties(
        report.problems
          .slice(0, 100)
          .map(({ path, reason }) => ['plimsoll:not-read', path === '' ? reason : `${path}: ${reason}`]),
      ),
    },
    components,
    dependencies: [
      { ref: root, dependsOn: components.map((each) => each['bom-ref']) },
      ...components.map((each) => ({ ref: each['bom-ref'] })),
    ],
    compositions: [{ aggregate: report.problems.length > 0 ? 'incomplete' : 'unknown', assemblies: [root] }],
    ...(match === undefined ? {} : { vulnerabilities: vulnerabilities(match, content.keys) }),
  };
}

function component(
  { key, found, paths, layers, declared, developmentOnly }: SbomPackage,
  diffIds: ReadonlyMap<string, string>,
) {
  return {
    type: 'library',
    'bom-ref': key,
    name: found.name,
    version: found.version,
    ...(developmentOnly ? { scope: 'excluded' } : {}),
    ...(found.purl === undefined ? {} : { purl: found.purl }),
    ...properties([
      ['plimsoll:type', found.type],
      ['plimsoll:source:name', found.source?.name],
      ['plimsoll:source:version', found.source?.version],
      ['plimsoll:owned-by', found.ownedBy],
      ['plimsoll:declared-only', declared ? 'true' : undefined],
      ...layers.flatMap(
        (digest) =>
          [
            ['plimsoll:layer:digest', digest],
            ['plimsoll:layer:diff-id', diffIds.get(digest)],
          ] as const,
      ),
    ]),
    ...(paths.length === 0 ? {} : { evidence: { occurrences: paths.map((location) => ({ location })) } }),
  };
}

function vulnerabilities(match: MatchResult, keys: readonly string[]): object[] {
  const found = new Map<string, { ratings: object[]; affects: Set<string>; references: readonly string[] }>();
  for (const { package: index, vulnerability } of match.matches) {
    const affected = keys[index];
    if (affected === undefined) continue;
    const known = found.get(vulnerability.id);
    if (known !== undefined) {
      known.affects.add(affected);
      continue;
    }
    const base = chooseBaseSeverity(vulnerability.ratings.map(toSeverityRating));
    const rating = {
      source: { name: base.source },
      severity: base.level.toLowerCase(),
      ...(base.score === undefined ? {} : { score: base.score }),
      ...(base.vector === undefined ? {} : { vector: base.vector }),
    };
    found.set(vulnerability.id, {
      ratings: [rating],
      affects: new Set([affected]),
      references: vulnerability.references,
    });
  }
  return [...found]
    .sort(([a], [b]) => compareText(a, b))
    .map(([id, { ratings, affects, references }]) => ({
      'bom-ref': id,
      id,
      ratings,
      advisories: references.map((url) => ({ url })),
      affects: [...affects].sort(compareText).map((each) => ({ ref: each })),
    }));
}

function sha256(digest: string): { alg: string; content: string } {
  return { alg: 'SHA-256', content: digest.slice('sha256:'.length) };
}

function properties(pairs: readonly (readonly [string, string | undefined])[]): { properties?: Property[] } {
  const given = pairs.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]));
  return given.length === 0 ? {} : { properties: given };
}
