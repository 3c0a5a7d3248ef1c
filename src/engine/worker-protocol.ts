import type { ImportSummary } from '../advisories/ecosystem-writer.ts';
import type { SignalsSummary } from '../advisories/signals.ts';
import type { AdvisoryStatus, MatchRequest, MatchResult } from '../advisories/types.ts';
import type { CheckResult } from '../posture/types.ts';
import type { Snapshot } from '../inventory/types.ts';

/** Calls that a worker thread answers, by name: what goes in and what comes back. All of it is structured-clonable. */
export interface WorkerCalls {
  importEcosystem: {
    in: { readonly ecosystem: string; readonly folder: string; readonly source?: string; readonly etag?: string };
    out: ImportSummary;
  };
  confirmEcosystem: { in: { readonly ecosystem: string }; out: null };
  importSignals: { in: { readonly kev?: string; readonly epss?: Uint8Array }; out: SignalsSummary };
  etag: { in: { readonly ecosystem: string }; out: string | null };
  status: { in: null; out: AdvisoryStatus };
  match: { in: MatchRequest; out: MatchResult };
  posture: { in: { readonly snapshot: Snapshot }; out: readonly CheckResult[] };
}

export type WorkerCallName = keyof WorkerCalls;

export type ToWorker =
  | { readonly type: 'call'; readonly id: number; readonly name: WorkerCallName; readonly input: unknown }
  | { readonly type: 'abort'; readonly id: number };

export type FromWorker =
  | { readonly type: 'result'; readonly id: number; readonly output: unknown }
  | {
      readonly type: 'error';
      readonly id: number;
      readonly aborted: boolean;
      /** An EngineError by its code, or a defect with its stack. */
      readonly code: string;
      readonly message: string;
      readonly nextStep: string;
      readonly stack?: string;
    };

export interface WorkerData {
  /** Folder of the advisory library. */
  readonly advisories: string;
}
