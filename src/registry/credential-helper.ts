import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { BadInputError, LimitExceededError, TimedOutError, UnexpectedResponseError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { type DockerAccount, identityTokenUser } from './docker-config.ts';
import type { AskHelper } from './docker-credentials.ts';

/** docker-credential-helpers, "Development": answer of `get`. */
const answer = z.object({ Username: z.string(), Secret: z.string() });
/** What helpers print, on either stream, when they know no account. */
const unknownAccount = /credentials not found/i;

const maxAnswerBytes = 64 * 1024;
/** A helper may ask the person for the password of a key store. */
const defaultTimeoutMs = 30_000;

/**
 * Runs `docker-credential-<name> get` without a shell, the address on its standard input. The program is looked for in the
 * absolute folders of `PATH` alone, so that the current folder, which may be anybody's, supplies none.
 * The function throws BadInputError (no such program, or it failed), TimedOutError, LimitExceededError and
 * UnexpectedResponseError; what a helper prints is never shown.
 */
export function createHelperRunner(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
}): AskHelper {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return async (name, address, signal) => {
    const program = `docker-credential-${name}`;
    const file = await findProgram(program, options.env);
    if (file === undefined) {
      throw new BadInputError(
        `Cannot ask "${program}" for an account: there is no such program`,
        'Install it, or take it out of the Docker configuration.',
      );
    }
    const { code, output } = await runHelper(file, program, address, { ...options, timeoutMs }, signal);
    if (code !== 0) {
      if (unknownAccount.test(output)) return undefined;
      throw new BadInputError(
        `Cannot ask "${program}" for an account: it ended with ${code ?? 'a signal'}`,
        `Sign in again with "docker login ${address}".`,
      );
    }
    return readAnswer(output, program);
  };
}

function readAnswer(output: string, program: string): DockerAccount | undefined {
  let value: unknown;
  try {
    value = parseJson(output, `the answer of "${program}"`);
  } catch {
    value = undefined; // the parser's message may quote the answer
  }
  const parsed = answer.safeParse(value);
  if (!parsed.success) {
    throw new UnexpectedResponseError(
      `Cannot use the answer of "${program}": it has an unknown form`,
      'Update the helper.',
      { url: program },
    );
  }
  const { Username: username, Secret: secret } = parsed.data;
  if (secret === '') return undefined;
  return username === identityTokenUser
    ? { kind: 'identity', token: secret }
    : { kind: 'password', username, password: secret };
}

async function findProgram(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const names = process.platform === 'win32' ? [`${program}.exe`] : [program];
  for (const folder of (env['PATH'] ?? env['Path'] ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    for (const name of names) {
      const file = path.join(folder, name);
      try {
        await access(file, constants.X_OK);
        if ((await stat(file)).isFile()) return file;
      } catch {
        continue; // not in this folder
      }
    }
  }
  return undefined;
}

function runHelper(
  file: string,
  program: string,
  address: string,
  options: { readonly env: Readonly<Record<string, string | undefined>>; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(file, ['get'], {
      env: { ...options.env },
      shell: false,
      windowsHide: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let failure: Error | undefined;
    const stop = (error: Error): void => {
      failure ??= error;
      child.stdout.destroy(); // a grandchild may hold the pipe open
      child.kill('SIGKILL');
    };
    const timer = setTimeout(
      () =>
        stop(
          new TimedOutError(
            `Cannot ask "${program}" for an account: it did not answer within ${options.timeoutMs / 1000} seconds`,
            'Unlock the key store that it uses, or sign in again.',
          ),
        ),
      options.timeoutMs,
    );
    const cancel = (): void => stop(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    signal.addEventListener('abort', cancel, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxAnswerBytes) chunks.push(chunk);
      else stop(new LimitExceededError(`Cannot use the answer of "${program}": it is endless`, 'Update the helper.'));
    });
    child.stdin.on('error', () => undefined); // a helper that ends without reading closes the pipe
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    };
    child.once('error', (cause) => {
      settle();
      reject(new BadInputError(`Cannot run "${program}"`, 'Check that it can be executed.', { cause }));
    });
    child.once('close', (code) => {
      settle();
      if (failure === undefined) resolve({ code, output: Buffer.concat(chunks).toString('utf8') });
      else reject(failure);
    });
    child.stdin.end(`${address}\n`);
  });
}
