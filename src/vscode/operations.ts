import * as vscode from 'vscode';
import type { Connection } from '../azure/types.ts';
import type { VerifyResult, VerifyStep } from '../connectivity/types.ts';
import type { AdvisoryStatus } from '../advisories/types.ts';
import { BadInputError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ScanProgress, ScanRequest } from '../engine-contract.ts';
import type { ScanSummary } from '../report/contract.ts';
import { l10n } from './editor.ts';
import type { EngineHost } from './engine-host.ts';
import { viewIds } from './ids.ts';
import type { Disposable } from './disposable.ts';

export interface RunningOperation {
  readonly kind: 'scan' | 'verify' | 'data';
  readonly label: string;
  readonly detail: string | undefined;
  cancel(): void;
}

/** What runs now: one scan, any number of verifications, one update of vulnerability data. All can be cancelled. */
export interface Operations extends Disposable {
  readonly running: readonly RunningOperation[];
  readonly onDidChange: vscode.Event<void>;
  readonly scanRunning: boolean;
  readonly scanProgress: ScanProgress | undefined;
  /** The connection's steps as they come in; undefined when it is not being verified. */
  steps(connectionId: string): readonly VerifyStep[] | undefined;
  readonly onDidChangeSteps: vscode.Event<string>;
  /** Throws BadInputError while another scan runs. */
  scan(request: ScanRequest, label: string): Promise<ScanSummary>;
  /** Joins a verification of the same connection that runs already. */
  verify(connection: Pick<Connection, 'id' | 'name'>): Promise<VerifyResult>;
  updateAdvisories(): Promise<AdvisoryStatus>;
  /** True when there was a scan to cancel. */
  cancelScans(): boolean;
}

interface Entry extends RunningOperation {
  detail: string | undefined;
}

export function createOperations(engine: EngineHost, log: Log): Operations {
  const changed = new vscode.EventEmitter<void>();
  const stepsChanged = new vscode.EventEmitter<string>();
  const entries = new Set<Entry>();
  const verifications = new Map<string, { steps: VerifyStep[]; result: Promise<VerifyResult> }>();
  let progress: ScanProgress | undefined;
  const controllers = new Set<AbortController>();

  const isScan = (entry: Entry): boolean => entry.kind === 'scan';

  /** Runs `work` as a listed operation under the progress bar of the assets view. */
  const run = async <T>(
    kind: RunningOperation['kind'],
    label: string,
    work: (signal: AbortSignal, tell: (detail: string) => void) => Promise<T>,
  ): Promise<T> => {
    const controller = new AbortController();
    controllers.add(controller);
    const entry: Entry = { kind, label, detail: undefined, cancel: () => controller.abort() };
    entries.add(entry);
    changed.fire();
    const tell = (detail: string): void => {
      entry.detail = detail;
      changed.fire();
    };
    try {
      return await vscode.window.withProgress({ location: { viewId: viewIds.assets } }, () =>
        work(controller.signal, tell),
      );
    } finally {
      controllers.delete(controller);
      entries.delete(entry);
      changed.fire();
    }
  };

  const takeStep = (steps: VerifyStep[], step: VerifyStep): void => {
    const at = steps.findIndex(({ id }) => id === step.id);
    if (at < 0) steps.push(step);
    else steps[at] = step;
  };

  return {
    get running() {
      return [...entries];
    },
    onDidChange: changed.event,
    get scanRunning() {
      return [...entries].some(isScan);
    },
    get scanProgress() {
      return progress;
    },
    steps: (connectionId) => verifications.get(connectionId)?.steps,
    onDidChangeSteps: stepsChanged.event,
    async scan(request, label) {
      if ([...entries].some(isScan)) {
        throw new BadInputError(
          l10n.t('A scan is running already'),
          l10n.t('Wait until it ends, or cancel it with "Plimsoll: Cancel Running Scans".'),
        );
      }
      try {
        return await run('scan', label, async (signal, tell) =>
          (await engine.get()).scan(request, signal, (now) => {
            progress = now;
            tell(l10n.t('{done} of {total}', { done: now.done, total: now.total }));
          }),
        );
      } finally {
        progress = undefined;
        changed.fire();
      }
    },
    verify(connection) {
      const running = verifications.get(connection.id);
      if (running !== undefined) return running.result;
      const steps: VerifyStep[] = [];
      const result = run('verify', l10n.t('Verifying {name}', { name: connection.name }), async (signal, tell) => {
        const verdict = await (
          await engine.get()
        ).verify(connection.id, signal, (step) => {
          takeStep(steps, step);
          const done = steps.filter(({ state }) => state !== 'pending' && state !== 'running').length;
          tell(l10n.t('{done} of {total}', { done, total: steps.length }));
          stepsChanged.fire(connection.id);
        });
        signal.throwIfAborted(); // a verdict on half of the steps is none
        return verdict;
      }).finally(() => {
        verifications.delete(connection.id);
        stepsChanged.fire(connection.id);
      });
      verifications.set(connection.id, { steps, result });
      stepsChanged.fire(connection.id);
      return result;
    },
    updateAdvisories: () =>
      run('data', l10n.t('Updating vulnerability data'), async (signal, tell) =>
        (await engine.get()).updateAdvisories(signal, tell),
      ),
    cancelScans() {
      const scans = [...entries].filter(isScan);
      for (const scan of scans) scan.cancel();
      log.info('scan cancelled by the user', { scans: scans.length });
      return scans.length > 0;
    },
    dispose() {
      for (const controller of controllers) controller.abort();
      changed.dispose();
      stepsChanged.dispose();
    },
  };
}
