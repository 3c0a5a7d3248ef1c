import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DatabaseUnusableError } from '../core/errors.ts';

/** One step of the schema; its index plus one is the `user_version` that it leads to. */
export type Migration = string;

/**
 * Opens a SQLite file for several processes at once: WAL, five seconds of patience with a writer in another window,
 * migrations under one exclusive transaction. Throws DatabaseUnusableError for a file of a newer version or a broken
 * one; the file is left as it is.
 */
export function openDatabase(file: string, migrations: readonly Migration[]): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    database = new DatabaseSync(file, { timeout: 5000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;');
    migrate(database, migrations, file);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof DatabaseUnusableError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DatabaseUnusableError(
      `Cannot open "${path.basename(file)}": ${reason}`,
      'Close other windows and try again; if it stays, run "Plimsoll: Delete Local Data" or delete the file.',
      { cause },
    );
  }
}

function migrate(database: DatabaseSync, migrations: readonly Migration[], file: string): void {
  const version = (): number => Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version() === migrations.length) return;
  database.exec('BEGIN EXCLUSIVE');
  try {
    const current = version(); // another window may have been faster
    if (current > migrations.length) {
      throw new DatabaseUnusableError(
        `Cannot open "${path.basename(file)}": a newer version of Plimsoll wrote it (${current})`,
        'Update Plimsoll in this window.',
      );
    }
    for (const step of migrations.slice(current)) database.exec(step);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** Runs `work` in one write transaction; rolls back when it throws. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
