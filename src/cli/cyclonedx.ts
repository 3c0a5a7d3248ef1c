import type { MatchResult } from '../advisories/types.ts';
import { compareText } from '../core/order.ts';
import { chooseBaseSeverity } from '../findings/base-severity.ts';
import { toSeverityRating } from '../findings/from-image.ts';
import type { ImageReport } from '../image/types.ts';

/** CycloneDX 1.6 (ECMA-424). Components stand in the order of their references, so that two exports can be compared. */
export function toCycloneDx(ref: string, report: ImageReport, match: MatchResult): object {
  const refs = new Map<number, string>();
  const components = new Map<string, object>();
  for (const [index, item] of report.packages.entries()) {
    const bomRef = item.purl ?? `${item.type}:${item.name}@${item.version}`;
    refs.set(index, bomRef);
    if (components.has(bomRef)) continue;
    components.set(bomRef, {
      type: 'library',
      'bom-ref': bomRef,
      name: item.name,
      version: item.version,
      ...(item.purl === undefined ? {} : { purl: item.purl }),
      ...(item.developmentOnly === true ? { scope: 'excluded' } : {}),
    });
  }
  const vulnerabilities = new Map<string, { ratings: object[]; affects: Set<string>; references: readonly string[] }>();
  for (const { package: index, vulnerability } of match.matches) {
    const affected = refs.get(index);
    if (affected === undefined) continue;
    const base = chooseBaseSeverity(vulnerability.ratings.map(toSeverityRating));
    const known = vulnerabilities.get(vulnerability.id);
    if (known !== undefined) known.affects.add(affected);
    else {
      const severity = base.level.toLowerCase();
      const rating = {
        source: { name: base.source },
        severity,
        ...(base.score === undefined ? {} : { score: base.score }),
        ...(base.vector === undefined ? {} : { vector: base.vector }),
      };
      vulnerabilities.set(vulnerability.id, {
        ratings: [rating],
        affects: new Set([affected]),
        references: vulnerability.references,
      });
    }
  }
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { type: 'container', 'bom-ref': report.digest, name: ref, version: report.digest },
      tools: { components: [{ type: 'application', name: 'Plimsoll' }] },
    },
    components: [...components].sort(([a], [b]) => compareText(a, b)).map(([, component]) => component),
    vulnerabilities: [...vulnerabilities]
      .sort(([a], [b]) => compareText(a, b))
      .map(([id, { ratings, affects, references }]) => ({
        'bom-ref': id,
        id,
        ratings,
        advisories: references.map((url) => ({ url })),
        affects: [...affects].sort(compareText).map((each) => ({ ref: each })),
      })),
  };
}
