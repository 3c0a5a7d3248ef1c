import type { ImportSummary } from '../advisories/ecosystem-writer.ts';
import type { SourceFacts, StoredState } from '../advisories/library.ts';
import type { SignalsSummary } from '../advisories/signals.ts';
import type { AdvisoryStatus, MatchRequest, MatchResult } from '../advisories/types.ts';
import type { CheckResult } from '../posture/types.ts';
import type { Snapshot } from '../inventory/types.ts';

/** Calls that a worker thread answers, by name: what goes in and what comes back. All of it is structured-clonable. */
export interface WorkerCalls {
  importEcosystem: {
    in: { readonly ecosystem: string; readonly folder: string; readonly about: SourceFacts };
    out: ImportSummary;
  };
  extendEcosystem: {
    in: { readonly ecosystem: string; readonly folder: string; readonly about: SourceFacts };
    out: ImportSummary;
  };
  confirmEcosystem: {
    in: { readonly ecosystem: string; readonly about: SourceFacts; readonly isWhole: boolean };
    out: null;
  };
  storedState: { in: { readonly ecosystem: string }; out: StoredState | null };
  importSignals: {
    in: { readonly kev?: string; readonly epss?: Uint8Array; readonly etag?: string };
    out: SignalsSummary;
  };
  signalEtag: { in: { readonly which: string }; out: string | null };
  status: { in: null; out: AdvisoryStatus };
  /** The first piece of the result; the rest is asked for with the ticket, piece by piece. */
  match: { in: MatchRequest; out: MatchResult & { readonly ticket?: number } };
  matchMore: {
    in: { readonly ticket: number };
    out: { readonly matches: MatchResult['matches']; readonly ticket?: number };
  };
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
