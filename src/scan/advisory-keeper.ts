import { isFolderMirror } from '../advisories/update.ts';
import { describeError } from '../core/errors.ts';
import type { ScanSummary } from '../report/contract.ts';
import type { ScanPorts } from './ports.ts';

/** Advisories younger than this are taken as they are. */
const freshForMs = 24 * 3_600_000;

type KeeperPorts = Pick<ScanPorts, 'settings' | 'advisoryStatus' | 'updateAdvisories' | 'clock'>;

/**
 * Sees to it, once a scan and ecosystem, that advisories are there and of today. Images that need the same ecosystem
 * wait for the same download; one that fails is a problem of the scan, and what is stored is used.
 */
export class AdvisoryKeeper {
  readonly #ports: KeeperPorts;
  readonly #onProblem: (problem: ScanSummary['problems'][number]) => void;
  readonly #asked = new Map<string, Promise<void>>();
  #signals = false;
  #queue: Promise<void> = Promise.resolve();

  constructor(ports: KeeperPorts, onProblem: (problem: ScanSummary['problems'][number]) => void) {
    this.#ports = ports;
    this.#onProblem = onProblem;
  }

  async ensure(ecosystems: readonly string[], signal: AbortSignal): Promise<void> {
    for (const ecosystem of ecosystems) {
      let ready = this.#asked.get(ecosystem);
      if (ready === undefined) {
        ready = this.#queue.then(() => this.#update(ecosystem, signal));
        this.#queue = ready.catch(() => undefined);
        this.#asked.set(ecosystem, ready);
      }
      await ready;
    }
  }

  async #update(ecosystem: string, signal: AbortSignal): Promise<void> {
    const { offline: isOffline, advisoryUpdates, advisoryMirror } = this.#ports.settings();
    const offline = isOffline && !isFolderMirror(advisoryMirror);
    const status = await this.#ports.advisoryStatus(signal);
    const stored = status.ecosystems.find((each) => each.ecosystem === ecosystem);
    const now = this.#ports.clock.now().getTime();
    const fresh = stored !== undefined && now - Date.parse(stored.updatedAt) < freshForMs;
    if (fresh) return;
    if (offline || advisoryUpdates === 'manual') {
      if (stored === undefined) {
        this.#onProblem({
          what: `Advisories of ${ecosystem}`,
          reason: offline
            ? 'They are not stored, and Plimsoll works offline'
            : 'They are not stored, and updates are manual',
          nextStep: 'Run "Update Vulnerability Data".',
        });
      }
      return;
    }
    try {
      const withSignals = !this.#signals;
      this.#signals = true;
      const { failed } = await this.#ports.updateAdvisories([ecosystem], withSignals, signal);
      for (const { what, reason, nextStep } of failed)
        this.#onProblem({ what: `Advisories: ${what}`, reason, nextStep });
    } catch (error) {
      signal.throwIfAborted();
      const { message, nextStep } = describeError(error);
      this.#onProblem({ what: `Advisories of ${ecosystem}`, reason: message, nextStep });
    }
  }
}
