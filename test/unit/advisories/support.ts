import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AdvisoryLibrary } from '../../../src/advisories/library.ts';
import { matchPackages } from '../../../src/advisories/match.ts';
import type { MatchRequest, MatchResult } from '../../../src/advisories/types.ts';

export const now = new Date('2026-11-21T12:00:00Z');
export const clock = { now: () => now };
export const signal = new AbortController().signal;

/** A folder that is removed when the test that asked for it has ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'advisories-test-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export type Affected = Record<string, unknown>;

/** An OSV record; `fixed` undefined: no fix is known. */
export function record(id: string, affected: readonly Affected[], more: Record<string, unknown> = {}): object {
  return { schema_version: '1.7.0', id, modified: '2026-11-20T00:00:00Z', affected, ...more };
}

export function entry(ecosystem: string, name: string, fixed?: string, more: Affected = {}): Affected {
  const events = fixed === undefined ? [{ introduced: '0' }] : [{ introduced: '0' }, { fixed }];
  return { package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events }], ...more };
}

/** Writes records as the mirror has them, one file each. */
export function writeMirror(folder: string, ecosystem: string, records: readonly object[]): string {
  const target = path.join(folder, ecosystem);
  mkdirSync(target, { recursive: true });
  for (const [index, each] of records.entries())
    writeFileSync(path.join(target, `${index}.json`), JSON.stringify(each));
  return target;
}

/** A library with the records of some ecosystems. */
export async function libraryOf(ecosystems: Readonly<Record<string, readonly object[]>>): Promise<AdvisoryLibrary> {
  const folder = temporaryFolder();
  const library = new AdvisoryLibrary(path.join(folder, 'library'), clock);
  after(() => library.close());
  for (const [ecosystem, records] of Object.entries(ecosystems)) {
    await library.importEcosystem(ecosystem, writeMirror(folder, ecosystem, records), {}, signal);
  }
  return library;
}

export async function match(
  ecosystems: Readonly<Record<string, readonly object[]>>,
  request: MatchRequest,
): Promise<MatchResult> {
  return matchPackages(request, await libraryOf(ecosystems));
}

export const deb = (name: string, version: string, source?: { name: string; version: string }) => ({
  type: 'deb',
  name,
  version,
  ...(source === undefined ? {} : { source }),
});

/** Ids found, with the fixed version. */
export function found({ matches }: MatchResult): string[] {
  return matches.map(({ vulnerability: { id, fixed } }) => (fixed === undefined ? id : `${id}<${fixed}`));
}
