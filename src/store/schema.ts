import type { Migration } from './database.ts';

/** Schema of state.db, one entry a version. Never edit an entry that was released: add one. */
export const stateMigrations: readonly Migration[] = [
  `
  CREATE TABLE layers (
    diff_id TEXT PRIMARY KEY,
    format INTEGER NOT NULL,
    content BLOB NOT NULL,
    read_at TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE images (
    digest TEXT PRIMARY KEY,
    format INTEGER NOT NULL,
    report BLOB NOT NULL,
    read_at TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE findings (
    id TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    connection_id TEXT,
    state TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    fixed_at TEXT,
    reopened_at TEXT,
    effective TEXT NOT NULL,
    item TEXT NOT NULL,
    detail TEXT NOT NULL,
    history TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX findings_by_scope ON findings (scope);
  CREATE INDEX findings_by_connection ON findings (connection_id);
  CREATE TABLE scans (
    id TEXT PRIMARY KEY,
    connection_id TEXT,
    target TEXT NOT NULL,
    label TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    state TEXT NOT NULL,
    ran_from TEXT NOT NULL,
    owner TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    problems TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX scans_by_time ON scans (started_at);
  CREATE TABLE scan_jobs (
    scan_id TEXT NOT NULL REFERENCES scans (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    PRIMARY KEY (scan_id, key)
  ) WITHOUT ROWID;
  CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    heartbeat INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE documents (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    connection_id TEXT,
    written_at TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
  ) WITHOUT ROWID;
  CREATE INDEX documents_by_connection ON documents (connection_id);
  CREATE TABLE change_counter (one INTEGER PRIMARY KEY CHECK (one = 1), findings INTEGER NOT NULL);
  INSERT INTO change_counter VALUES (1, 0);
  `,
];
