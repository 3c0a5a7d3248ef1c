import { randomBytes } from 'node:crypto';
import type { LogOutputChannel } from 'vscode';
import { createLog, type Log, type LogLevel, type Redactor } from '../core/log.ts';

export interface EditorLog {
  readonly log: Log;
  /** The latest lines, as they were written: redacted. */
  readonly recent: () => readonly string[];
}

const remembered = 200;

/** Writes redacted lines to the output channel, whose level the editor's own command sets. */
export function createEditorLog(channel: LogOutputChannel, redactor: Redactor, now: () => Date): EditorLog {
  const lines: string[] = [];
  const writers: Readonly<Record<LogLevel, (line: string) => void>> = {
    debug: (line) => channel.debug(line),
    info: (line) => channel.info(line),
    warn: (line) => channel.warn(line),
    error: (line) => channel.error(line),
  };
  const log = createLog((level, line) => {
    writers[level](line);
    lines.push(`${now().toISOString()} ${level} ${line}`);
    if (lines.length > remembered) lines.splice(0, lines.length - remembered);
  }, redactor);
  return { log, recent: () => lines };
}

/** Ties a message on the screen to its line in the log. */
export function newReference(): string {
  return randomBytes(3).toString('hex');
}
