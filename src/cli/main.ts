import { describeError, isAbort, isEngineError } from '../core/errors.ts';
import { type LogLevel, Redactor, createLog } from '../core/log.ts';
import { advisories } from './advisories.ts';
import { type Command, type CommandContext, exitCodes } from './command.ts';
import { dockerfile } from './dockerfile.ts';
import { image } from './image.ts';
import { readLines } from './lines.ts';
import { posture } from './posture.ts';
import { priority } from './priority.ts';
import { verify } from './verify.ts';
import { versions } from './versions.ts';

const commands: readonly Command[] = [advisories, dockerfile, image, posture, priority, verify, versions];

const overview = `Usage: plimsoll <command> [options]

Container and cloud security for Azure.

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join('\n')}

Results go to stdout, the log to stderr. "plimsoll <command> --help" says more; --verbose logs more.
Exit codes: 0 done · 1 findings at or above --fail-on · 2 bad usage or input · 3 something could not be read
(what could is printed) · 130 interrupted.
`;

/** Runs one command line and resolves to its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const verbose = args.includes('--verbose');
  const rest = args.filter((word) => word !== '--verbose');
  const redactor = new Redactor();
  const least: readonly LogLevel[] = verbose ? ['debug', 'info', 'warn', 'error'] : ['warn', 'error'];
  const log = createLog((level, line) => {
    if (least.includes(level)) process.stderr.write(`${level}: ${line}\n`);
  }, redactor);
  // A reader such as `head` that has seen enough closes the pipe: that is no error, and nobody reads the rest.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done);
    throw error;
  });
  const [name, ...words] = rest;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    await write(overview);
    return name === undefined ? exitCodes.usage : exitCodes.done;
  }
  const command = commands.find((each) => each.name === name);
  if (command === undefined) {
    process.stderr.write(`plimsoll: there is no command "${name}". See "plimsoll --help".\n`);
    return exitCodes.usage;
  }
  if (words.includes('--help') || words.includes('-h')) {
    await write(command.help);
    return exitCodes.done;
  }
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const context: CommandContext = {
    log,
    redactor,
    signal: stop.signal,
    env: process.env,
    out: write,
    stdin: () => lines(stop.signal),
  };
  try {
    return await command.run(words, context);
  } catch (error) {
    if (isAbort(error, stop.signal)) return exitCodes.interrupted;
    const { message, nextStep } = describeError(error);
    process.stderr.write(`plimsoll: ${redactor.text(message)}. ${nextStep}\n`);
    if (!isEngineError(error)) {
      if (error instanceof Error && error.stack !== undefined) process.stderr.write(`${redactor.text(error.stack)}\n`);
      return exitCodes.partial;
    }
    return error.code === 'bad-input' || error.code === 'not-found' ? exitCodes.usage : exitCodes.partial;
  } finally {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
  }
}

function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Standard input, line by line. Throws when the wait for the next line is cut off. */
async function* lines(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  const stop = (): void => void process.stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* readLines(process.stdin);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
}
