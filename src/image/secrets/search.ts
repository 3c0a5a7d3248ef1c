import { createHmac, randomBytes } from 'node:crypto';
import type { KeepFilter } from '../types.ts';
import { CandidateFinder } from './files.ts';
import type { SeenSecret } from './finds.ts';
import { inspectFile } from './inspect.ts';
import type { FoundSecret } from './kinds.ts';

/** Digits of a fingerprint: enough to tell the secrets of one machine apart. */
const fingerprintDigits = 16;
/** Secrets told of one layer; the rest of a layer with more is of the same kind. */
const mostInLayer = 500;

/**
 * Stands for a value: the same for the same value and key, and of no use to guess it. Passwords are short, so a plain hash of
 * one, however cut, can be searched for among likely passwords; therefore the hash is keyed (HMAC-SHA-256, RFC 2104) with
 * random bytes that stay on this machine and are in no report: whoever has a report has nothing to compare a guess with.
 */
export type Fingerprint = (value: string | Uint8Array) => string;

/** `key`: random bytes of this machine; without it fingerprints hold for as long as the result lives. */
export function fingerprinter(key: Uint8Array = randomBytes(32)): Fingerprint {
  return (value) =>
    createHmac('sha256', key)
      .update(typeof value === 'string' ? value.replace(/\\[nr]|\s/g, '') : value)
      .digest('hex')
      .slice(0, fingerprintDigits);
}

/**
 * The filter, which also has candidates for secrets searched. Files that are read as they pass by are not searched: they
 * are programs and archives. A filter for one layer at a time: it counts.
 */
export function withSearch(keep: KeepFilter, fingerprint: Fingerprint): KeepFilter {
  const finder = new CandidateFinder();
  let count = 0;
  return (path) => {
    const kept = keep(path);
    const candidate = finder.roleOf(path);
    if (candidate === undefined) return kept;
    const { role, maxBytes } = candidate;
    const search = (at: string, bytes: Uint8Array): readonly FoundSecret[] => {
      if (count >= mostInLayer || bytes.length > maxBytes) return [];
      const found = toFound(at, bytes, inspectFile(role, bytes), fingerprint);
      count += found.length;
      return found;
    };
    if (kept === undefined || kept.byContent === true) return { maxBytes, search, searchOnly: true };
    return kept.extract === undefined ? { ...kept, search } : kept;
  };
}

function toFound(
  path: string,
  bytes: Uint8Array,
  seen: readonly SeenSecret[],
  fingerprint: Fingerprint,
): FoundSecret[] {
  const lines = new LineCounter(bytes);
  return seen
    .map(({ kind, at, value }) => ({
      kind,
      path,
      ...(at === undefined ? {} : { line: lines.of(at) }),
      fingerprint: fingerprint(value),
    }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** Line of an offset, from 1. */
class LineCounter {
  readonly #bytes: Uint8Array;
  readonly #width: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#width = bytes[0] === 0xff && bytes[1] === 0xfe ? 2 : 1;
  }

  of(offset: number): number {
    let line = 1;
    const end = offset * this.#width;
    for (let at = this.#bytes.indexOf(0x0a); at >= 0 && at < end; at = this.#bytes.indexOf(0x0a, at + 1)) line++;
    return line;
  }
}
