/** Levels of a finding, worst first. `unknown` exists only as an *original* severity. */
export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof severities)[number];
export type OriginalSeverity = Severity | 'unknown';

/** 4 for critical … 0 for info. */
export function severityRank(severity: Severity): number {
  return severities.length - 1 - severities.indexOf(severity);
}
