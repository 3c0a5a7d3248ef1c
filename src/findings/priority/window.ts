import type { CvssVector } from '../cvss.ts';
import type { ExposureClass } from './factors.ts';
import type { RemediationWindow } from './finding.ts';
import { WINDOWS } from './finding.ts';

/** The four yes/no inputs of CISA BOD 26-04, "Remediation timelines" (CERT/CC SSVC, "CISA response"). */
export interface BodInputs {
  readonly knownExploited: boolean;
  readonly exposed: boolean;
  readonly automatable: boolean;
  readonly totalImpact: boolean;
}

/** One of the 16 rows of the BOD 26-04 table. */
export function bodWindow({ knownExploited, exposed, automatable, totalImpact }: BodInputs): RemediationWindow {
  if (knownExploited) {
    if (totalImpact && (exposed || automatable)) return '3d+triage';
    return exposed && automatable ? '3d' : '14d';
  }
  if (exposed && automatable && totalImpact) return '3d';
  if (exposed && (automatable || totalImpact)) return '14d';
  return exposed || automatable ? '60d' : 'next upgrade';
}

/** True for the classes that the BOD table treats as exposed; what is not known counts as exposed. */
export function isExposed(exposure: ExposureClass): boolean {
  return exposure === 'internet' || exposure === 'source-limited' || exposure === 'unknown';
}

/** CISA enrichment as far as it is known. */
export interface Ssvc {
  readonly automatable?: 'yes' | 'no' | 'unknown' | undefined;
  readonly technicalImpact?: 'partial' | 'total' | 'unknown' | undefined;
}

/** Automatable and technical impact: from the enrichment, else from the vector, else the worse answer. */
export function technicalInputs(
  ssvc: Ssvc | undefined,
  vector: CvssVector | undefined,
): Pick<BodInputs, 'automatable' | 'totalImpact'> {
  const automatable = ssvc?.automatable ?? 'unknown';
  const impact = ssvc?.technicalImpact ?? 'unknown';
  return {
    automatable: automatable === 'unknown' ? (vector?.automatable ?? true) : automatable === 'yes',
    totalImpact: impact === 'unknown' ? (vector?.totalImpact ?? true) : impact === 'total',
  };
}

/** Negative when `a` is sooner than `b`. */
export function compareWindows(a: RemediationWindow, b: RemediationWindow): number {
  return WINDOWS.indexOf(a) - WINDOWS.indexOf(b);
}

/** The later of two windows. */
export function notSooner(window: RemediationWindow, than: RemediationWindow): RemediationWindow {
  return compareWindows(window, than) < 0 ? than : window;
}
