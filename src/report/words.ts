import type { StepGroup, StepState } from '../connectivity/types.ts';
import type { AssetKind, FindingKind, FindingState, SourceTool } from '../findings/types.ts';
import { severities } from '../core/severity.ts';
import type { OriginalSeverity, Severity } from '../core/severity.ts';
import type { FindingsGrouping, FindingsSortKey, ReportPage } from './contract.ts';

export { severities };

/** The closed vocabularies of the report, each in the order in which it is shown. */
export const sourceTools = ['acr', 'aks', 'azure', 'defender', 'dockerfile'] as const satisfies readonly SourceTool[];

export const originalSeverities = [...severities, 'unknown'] as const satisfies readonly OriginalSeverity[];

/** `none` is the effective severity of a finding with a verdict. */
export const effectiveSeverities = [...severities, 'none'] as const satisfies readonly (Severity | 'none')[];

export const findingStates = [
  'open',
  'new',
  'excepted',
  'fixed',
  'denied',
  'unreadable',
  'notAffected',
  'disabled',
] as const satisfies readonly FindingState[];

export const findingKinds = [
  'vulnerability',
  'configuration',
  'dockerfile',
  'secret',
  'exposure',
] as const satisfies readonly FindingKind[];

export const assetKinds = [
  'connection',
  'subscription',
  'registry',
  'repository',
  'image',
  'cluster',
  'namespace',
  'workload',
  'resource',
  'dockerfile',
] as const satisfies readonly AssetKind[];

export const groupings = [
  'none',
  'severity',
  'sourceTool',
  'application',
  'asset',
  'check',
  'package',
] as const satisfies readonly FindingsGrouping[];

export const sortKeys = [
  'severity',
  'title',
  'asset',
  'sourceTool',
  'fix',
  'firstSeen',
  'state',
] as const satisfies readonly FindingsSortKey[];

export const reportPages = ['dashboard', 'findings', 'connectivity'] as const satisfies readonly ReportPage[];

export const stepGroups = [
  'identity',
  'directory',
  'subscription',
  'registry',
  'cluster',
  'optional',
] as const satisfies readonly StepGroup[];

export const stepStates = [
  'pending',
  'running',
  'pass',
  'warn',
  'fail',
  'blocked',
  'skipped',
  'cancelled',
] as const satisfies readonly StepState[];
