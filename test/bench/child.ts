// Calls into a process of its own, so that what is measured shares its event loop and its memory with nobody.
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithThisProcess, stopProcess } from '../support/process.ts';

/** What a child answers to; inputs and outputs are plain data. */
export type Handlers = Readonly<Record<string, (input: never) => unknown>>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

type Answer = { readonly id: number; readonly output: unknown } | { readonly id: number; readonly error: string };

/** In the child: answers calls of its parent, one or several at a time, until the parent goes. */
export function answerParent(handlers: Handlers): void {
  const answer = async ({ id, name, input }: Call): Promise<Answer> => {
    try {
      const handler = handlers[name];
      if (handler === undefined) throw new Error(`There is no call "${name}"`);
      return { id, output: await handler(input as never) }; // both ends are this repository's
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', (call: Call) => void answer(call).then((done) => process.send?.(done)));
  process.on('disconnect', () => process.exit(0));
}

/** A child whose calls have the types of its handlers. */
export interface Child<H extends Handlers> {
  call<N extends keyof H & string>(name: N, input: Parameters<H[N]>[0]): Promise<Awaited<ReturnType<H[N]>>>;
  stop(): Promise<void>;
}

/** Starts `file`, beside this one, as a child process. Calls reject when it ends before it answers. */
export function startChild<H extends Handlers>(
  file: string,
  options: { readonly env?: Readonly<Record<string, string>>; readonly execArgv?: readonly string[] } = {},
): Child<H> {
  const child: ChildProcess = fork(path.join(import.meta.dirname, file), {
    env: { ...process.env, ...options.env },
    execArgv: [...(options.execArgv ?? [])],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'json',
    detached: process.platform !== 'win32',
  });
  const release = endWithThisProcess(child);
  const waiting = new Map<number, { resolve: (output: unknown) => void; reject: (error: Error) => void }>();
  let next = 1;
  child.on('message', (answer: Answer) => {
    const one = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) one?.reject(new Error(answer.error));
    else one?.resolve(answer.output);
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`"${file}" ended with exit code ${code ?? 'none'}`));
    waiting.clear();
  });
  return {
    call(name, input) {
      const id = next++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (output: unknown) => void, reject });
        child.send({ id, name, input } satisfies Call, (error) => {
          if (error !== null) reject(error);
        });
      });
    },
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      // It leaves by itself, so that it can write what it was asked to write at its end.
      if (child.connected) {
        child.disconnect();
        await Promise.race([gone, sleep(5000, undefined, { ref: false })]);
      }
      await stopProcess(child);
      release();
    },
  };
}
