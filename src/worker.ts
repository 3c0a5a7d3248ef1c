import { parentPort, workerData } from 'node:worker_threads';
import { AdvisoryLibrary } from './advisories/library.ts';
import { matchPackages } from './advisories/match.ts';
import type { MatchResult } from './advisories/types.ts';
import { systemClock } from './core/clock.ts';
import { DatabaseUnusableError, describeError } from './core/errors.ts';
import type { FromWorker, ToWorker, WorkerCallName, WorkerCalls, WorkerData } from './engine/worker-protocol.ts';
import { judgeSnapshot } from './posture/runner.ts';

type Handler<N extends WorkerCallName> = (
  input: WorkerCalls[N]['in'],
  signal: AbortSignal,
) => WorkerCalls[N]['out'] | Promise<WorkerCalls[N]['out']>;

/** Matches that the other side takes in one piece; more at once would hold up the editor while they are unpacked. */
const piece = 200;
/** Results that wait for their pickup; the oldest goes when nobody comes. */
const mostWaiting = 64;

type Matches = MatchResult['matches'];

/** Results too large to be handed over in one piece. */
class Leftovers {
  readonly #waiting = new Map<number, Matches>();
  #nextTicket = 1;

  cut(result: MatchResult): WorkerCalls['match']['out'] {
    if (result.matches.length <= piece) return result;
    const ticket = this.#nextTicket++;
    this.#waiting.set(ticket, result.matches.slice(piece));
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > mostWaiting && oldest !== undefined) this.#waiting.delete(oldest);
    return { ...result, matches: result.matches.slice(0, piece), ticket };
  }

  /** Throws DatabaseUnusableError when the ticket has lapsed. */
  next(ticket: number): WorkerCalls['matchMore']['out'] {
    const rest = this.#waiting.get(ticket);
    if (rest === undefined)
      throw new DatabaseUnusableError('Cannot read the rest of a match: it was dropped', 'Scan again.');
    if (rest.length > piece) this.#waiting.set(ticket, rest.slice(piece));
    else this.#waiting.delete(ticket);
    return { matches: rest.slice(0, piece), ...(rest.length > piece ? { ticket } : {}) };
  }
}

/** Answers calls one after another: a thread has one processor, and imports must not meet look-ups half-way. */
function serve(port: NonNullable<typeof parentPort>, data: WorkerData): void {
  const library = new AdvisoryLibrary(data.advisories, systemClock);
  const leftovers = new Leftovers();
  const handlers: { readonly [N in WorkerCallName]: Handler<N> } = {
    importEcosystem: ({ ecosystem, folder, about }, signal) =>
      library.importEcosystem(ecosystem, folder, about, signal),
    extendEcosystem: ({ ecosystem, folder, about }, signal) =>
      library.extendEcosystem(ecosystem, folder, about, signal),
    confirmEcosystem: async ({ ecosystem, about, isWhole }) => {
      await library.confirmEcosystem(ecosystem, about, isWhole);
      return null;
    },
    storedState: ({ ecosystem }) => {
      library.refresh();
      return library.state(ecosystem) ?? null;
    },
    importSignals: ({ kev, epss, etag }) => library.importSignals(kev, epss, etag),
    signalEtag: ({ which }) => {
      library.refresh();
      const { kev, epss } = library.signalEtags();
      return (which === 'kev' ? kev : epss) ?? null;
    },
    status: () => {
      library.refresh();
      return library.status();
    },
    match: (request) => {
      library.refresh();
      return leftovers.cut(matchPackages(request, library));
    },
    matchMore: ({ ticket }) => leftovers.next(ticket),
    posture: ({ snapshot }) => judgeSnapshot(snapshot),
  };
  const running = new Map<number, AbortController>();
  let last = Promise.resolve();
  port.on('message', (message: ToWorker) => {
    if (message.type === 'abort') {
      running.get(message.id)?.abort();
      return;
    }
    const controller = new AbortController();
    running.set(message.id, controller);
    last = last.then(async () => {
      const answer = await run(handlers[message.name] as Handler<WorkerCallName>, message, controller.signal);
      running.delete(message.id);
      port.postMessage(answer);
    });
  });
}

async function run(
  handler: Handler<WorkerCallName>,
  { id, input }: Extract<ToWorker, { type: 'call' }>,
  signal: AbortSignal,
): Promise<FromWorker> {
  try {
    signal.throwIfAborted();
    return { type: 'result', id, output: await handler(input as never, signal) };
  } catch (error) {
    const { code, message, nextStep } = describeError(error);
    const stack = error instanceof Error ? error.stack : undefined;
    return {
      type: 'error',
      id,
      aborted: signal.aborted,
      code,
      message,
      nextStep,
      ...(stack === undefined ? {} : { stack }),
    };
  }
}

if (parentPort !== null) serve(parentPort, workerData as WorkerData);
