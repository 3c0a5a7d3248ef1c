import type { ConnectionState } from '../azure/types.ts';
import type { StepState } from '../connectivity/types.ts';
import { severities, type Severity } from '../core/severity.ts';
import type { NodeKind } from '../engine-contract.ts';
import type { FindingState, SourceTool } from '../findings/types.ts';
import type { FindingsGrouping, SeverityCounts } from '../report/contract.ts';
import { formatList, formatNumber, type L10n } from './l10n.ts';

/** The words that tree, status bar and report use for one thing, each in one place. */

export function severityWord(l10n: L10n, severity: string): string {
  switch (severity) {
    case 'critical':
      return l10n.t('Critical');
    case 'high':
      return l10n.t('High');
    case 'medium':
      return l10n.t('Medium');
    case 'low':
      return l10n.t('Low');
    case 'info':
      return l10n.t('Info');
    case 'none':
      return l10n.t('None');
    default:
      return l10n.t('Unknown');
  }
}

/** Letters that stand for severities where there is room for one. */
export const severityLetters: Readonly<Record<Severity, string>> = {
  critical: 'C',
  high: 'H',
  medium: 'M',
  low: 'L',
  info: 'I',
};

/** `2 critical, 9 high`; empty when nothing is open. */
export function countsInWords(l10n: L10n, counts: SeverityCounts): string {
  const parts = severities
    .filter((severity) => counts[severity] > 0)
    .map((severity) => {
      const count = formatNumber(l10n, counts[severity]);
      switch (severity) {
        case 'critical':
          return l10n.t('{count} critical', { count });
        case 'high':
          return l10n.t('{count} high', { count });
        case 'medium':
          return l10n.t('{count} medium', { count });
        case 'low':
          return l10n.t('{count} low', { count });
        case 'info':
          return l10n.t('{count} info', { count });
      }
    });
  return parts.join(', ');
}

/** The worst level that has open findings. */
export function worst(counts: SeverityCounts | undefined): Severity | undefined {
  return counts === undefined ? undefined : severities.find((severity) => counts[severity] > 0);
}

export function sourceToolName(l10n: L10n, tool: SourceTool): string {
  switch (tool) {
    case 'acr':
      return l10n.t('Azure Container Registry');
    case 'aks':
      return l10n.t('Azure Kubernetes Service');
    case 'azure':
      return l10n.t('Azure Cloud');
    case 'defender':
      return l10n.t('Microsoft Defender for Cloud');
    case 'dockerfile':
      return l10n.t('Dockerfile');
  }
}

export function findingStateWord(l10n: L10n, state: FindingState): string {
  switch (state) {
    case 'open':
      return l10n.t('open');
    case 'new':
      return l10n.t('new');
    case 'excepted':
      return l10n.t('excepted');
    case 'fixed':
      return l10n.t('fixed');
    case 'denied':
      return l10n.t('denied');
    case 'unreadable':
      return l10n.t('unreadable');
    case 'notAffected':
      return l10n.t('not affected here');
    case 'disabled':
      return l10n.t('check disabled');
  }
}

export function connectionStateText(l10n: L10n, state: ConnectionState): string {
  switch (state) {
    case 'active':
      return l10n.t('connected');
    case 'verifying':
      return l10n.t('verifying');
    case 'gaps':
      return l10n.t('connected with gaps');
    case 'failed':
      return l10n.t('not connected');
    case 'secretMissing':
      return l10n.t('client secret missing');
    case 'paused':
      return l10n.t('paused');
    case 'unverified':
      return l10n.t('not verified yet');
  }
}

export function stepStateWord(l10n: L10n, state: StepState): string {
  switch (state) {
    case 'pass':
      return l10n.t('Passed');
    case 'fail':
      return l10n.t('Failed');
    case 'warn':
      return l10n.t('Attention');
    case 'pending':
      return l10n.t('Waiting');
    case 'running':
      return l10n.t('Running');
    case 'blocked':
      return l10n.t('Blocked');
    case 'skipped':
      return l10n.t('Skipped');
    case 'cancelled':
      return l10n.t('Cancelled');
  }
}

export function nodeKindWord(l10n: L10n, kind: NodeKind): string {
  switch (kind) {
    case 'connection':
      return l10n.t('connection');
    case 'connectivity':
      return l10n.t('connectivity');
    case 'step':
      return l10n.t('step');
    case 'subscription':
      return l10n.t('subscription');
    case 'group':
      return l10n.t('group');
    case 'registry':
      return l10n.t('registry');
    case 'repository':
      return l10n.t('repository');
    case 'image':
      return l10n.t('image');
    case 'cluster':
      return l10n.t('cluster');
    case 'namespace':
      return l10n.t('namespace');
    case 'workload':
      return l10n.t('workload');
    case 'container':
      return l10n.t('container');
    case 'resourceType':
      return l10n.t('resource type');
    case 'resource':
      return l10n.t('resource');
    case 'denied':
      return l10n.t('no access');
    case 'error':
      return l10n.t('error');
    case 'more':
      return l10n.t('more');
  }
}

export function groupingName(l10n: L10n, grouping: FindingsGrouping): string {
  switch (grouping) {
    case 'none':
      return l10n.t('No grouping');
    case 'severity':
      return l10n.t('Severity');
    case 'sourceTool':
      return l10n.t('Source Tool');
    case 'application':
      return l10n.t('Application');
    case 'asset':
      return l10n.t('Asset');
    case 'check':
      return l10n.t('Check or Vulnerability');
    case 'package':
      return l10n.t('Package');
  }
}

export function severityList(l10n: L10n, chosen: readonly Severity[]): string {
  return formatList(
    l10n,
    chosen.map((severity) => severityWord(l10n, severity).toLowerCase()),
  );
}
