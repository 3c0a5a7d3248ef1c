import type { OriginalSeverity, Severity } from '../core/severity.ts';
import type { AssetKind, Finding, FindingKind, FindingState, SourceTool } from '../findings/types.ts';
import type { FindingRow } from './contract.ts';

/** What the list of findings keeps of each finding in memory; the rest is read from disk when somebody looks at it. */
export interface FindingListItem {
  readonly id: string;
  readonly severity: Severity | 'none';
  readonly original: OriginalSeverity;
  readonly title: string;
  readonly check: string;
  readonly kind: FindingKind;
  readonly state: FindingState;
  readonly sourceTool: SourceTool;
  readonly assetId: string;
  readonly assetName: string;
  readonly assetKind: AssetKind;
  /**
   * Ids of what the asset lies in beyond the parents that its own id spells out: registry and repository of an image,
   * the workloads and clusters that run it. Findings of one asset should share one array.
   */
  readonly within: readonly string[];
  readonly application: string;
  readonly connectionId?: string;
  readonly subscriptionId?: string;
  readonly packageName?: string;
  /** Version, or words, that close it. */
  readonly fix?: string;
  /** Path in the image or the workspace. */
  readonly file?: string;
  /** ISO time. */
  readonly firstSeen: string;
  readonly knownExploited: boolean;
  readonly running: boolean;
  readonly internetFacing: boolean;
  /** Facts that order findings of one level, worse first; absent or null sorts last. */
  readonly pressure: number | null;
  readonly epss?: number;
  readonly cvss?: number;
  readonly replicas?: number;
}

/** The list's share of a finding. `within`: see FindingListItem. */
export function toListItem(finding: Finding, within: readonly string[] = []): FindingListItem {
  const { asset, explanation } = finding;
  const fix = finding.package?.fixed;
  const file = finding.package?.path ?? finding.source?.uri;
  return {
    id: finding.id,
    severity: explanation.effective,
    original: explanation.original.level,
    title: finding.title,
    check: finding.check,
    kind: finding.kind,
    state: finding.state,
    sourceTool: finding.sourceTool,
    assetId: asset.id,
    assetName: asset.name,
    assetKind: asset.kind,
    within,
    application: finding.application,
    ...(finding.connectionId !== undefined && { connectionId: finding.connectionId }),
    ...(finding.subscriptionId !== undefined && { subscriptionId: finding.subscriptionId }),
    ...(finding.package !== undefined && { packageName: finding.package.name }),
    ...(fix !== undefined && { fix }),
    ...(file !== undefined && { file }),
    firstSeen: finding.firstSeen,
    knownExploited: finding.knownExploited,
    running: finding.running,
    internetFacing: finding.internetFacing,
    pressure: explanation.pressure,
    ...(finding.epss !== undefined && { epss: finding.epss }),
  };
}

/** True when the effective severity is another than the source's. An unknown one is handled as medium. */
export function severityChanged(item: Pick<FindingListItem, 'severity' | 'original'>): boolean {
  return item.severity !== (item.original === 'unknown' ? 'medium' : item.original);
}

/** True when something is known that closes the finding. */
export function hasFix(item: Pick<FindingListItem, 'fix'>): boolean {
  return item.fix !== undefined && item.fix !== '';
}

/** The row that the page shows for a finding. */
export function toRow(item: FindingListItem): FindingRow {
  return {
    type: 'finding',
    id: item.id,
    severity: item.severity,
    original: item.original,
    title: item.title,
    check: item.check,
    asset: item.assetName,
    assetKind: item.assetKind,
    sourceTool: item.sourceTool,
    application: item.application,
    ...(item.fix !== undefined && { fix: item.fix }),
    firstSeen: item.firstSeen,
    state: item.state,
    kind: item.kind,
    knownExploited: item.knownExploited,
    running: item.running,
    internetFacing: item.internetFacing,
  };
}
