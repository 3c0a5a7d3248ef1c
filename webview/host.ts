import * as z from 'zod/mini';
import type { ReportState, ToHost, ToPage } from '../src/report/contract.ts';
import { parseReportState, parseToPage } from '../src/report/messages-to-page.ts';

/** How long an answer may take before the page says that the extension does not answer. */
const answerWithinMs = 10_000;

const answerOf = { ready: 'strings', query: 'findings', detail: 'detail' } as const;
type Answered = ToPage['type'];

/** The page's line to the extension. */
export class Host {
  readonly #api: WebviewApi;
  readonly #onLost: () => void;
  /** A timer for each kind of question that is open. */
  readonly #waiting = new Map<Answered, ReturnType<typeof setTimeout>>();

  /** @param onLost called when a question stays unanswered. */
  constructor(onMessage: (message: ToPage) => void, onLost: () => void) {
    // Compiling validators needs eval, which the content security policy forbids.
    z.config({ jitless: true });
    this.#api = acquireVsCodeApi();
    this.#onLost = onLost;
    window.addEventListener('message', (event: MessageEvent<unknown>) => {
      const parsed = parseToPage(event.data);
      if ('problem' in parsed) {
        this.problem('message', parsed.problem);
        return;
      }
      const { type } = parsed.message;
      clearTimeout(this.#waiting.get(type));
      this.#waiting.delete(type);
      onMessage(parsed.message);
    });
    window.addEventListener('error', (event) => this.problem('script', event.message));
    window.addEventListener('unhandledrejection', (event) => this.problem('script', String(event.reason)));
  }

  send(message: ToHost): void {
    this.#api.postMessage(message);
  }

  /** Sends something that the extension answers. */
  ask(message: Extract<ToHost, { type: keyof typeof answerOf }>): void {
    this.send(message);
    const answer = answerOf[message.type];
    if (this.#waiting.has(answer)) return;
    const timer = setTimeout(() => {
      this.#waiting.delete(answer);
      this.#onLost();
    }, answerWithinMs);
    this.#waiting.set(answer, timer);
  }

  problem(what: 'explanation' | 'message' | 'script', detail: string): void {
    this.send({ type: 'problem', what, detail: detail.slice(0, 1000) });
  }

  /** What this page kept over a reload. */
  state(): ReportState | undefined {
    return parseReportState(this.#api.getState());
  }

  keep(state: ReportState): void {
    this.#api.setState(state);
    this.send({ type: 'state', state });
  }
}

/** Members may be set to undefined, which takes them away. */
export type StateChange = { readonly [K in keyof ReportState]?: ReportState[K] | undefined };

interface WebviewApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): WebviewApi;
