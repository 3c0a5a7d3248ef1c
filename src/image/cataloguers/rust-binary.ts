import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import * as z from 'zod';
import { TurnTaker } from '../../core/concurrency.ts';
import { parseJson } from '../../core/json.ts';
import { extractExecutable, mayBeExecutablePath, readExecutableExtract } from '../executables/executable.ts';
import { maxCrateListBytes } from '../executables/rust-audit.ts';
import type { Cataloguer } from '../types.ts';
import { isWord } from './places.ts';

const unpack = promisify<Uint8Array, object, Buffer>(inflate);

/** cargo-auditable, "cargo-auditable.schema.json". Crates are checked one by one, so that a bad one does not lose the others. */
const listShape = z.object({ packages: z.array(z.unknown()) });
const crateShape = z.object({
  name: z.string(),
  version: z.string(),
  source: z.string(),
  kind: z.string().optional(),
});
/** Names of the index of crates.io; others are git, local folders and indexes of one's own. */
const ownIndex: ReadonlySet<string> = new Set(['crates.io', 'registry']);

/** Crates that were linked into programs that were built with cargo-auditable. */
export const rustBinary: Cataloguer = {
  id: 'rust-binary',
  maxFileBytes: 64 * 1024 * 1024 * 1024,
  byContent: true,
  wants: mayBeExecutablePath,
  extract: extractExecutable,
  async *read(file, _image, signal) {
    const { rust } = readExecutableExtract(await file.bytes(signal), file.path);
    if (rust === undefined) return;
    const problem = (reason: string) => ({ kind: 'problem', problem: { path: file.path, reason } }) as const;
    const list = rust === '' ? undefined : await readList(rust, file.path);
    if (list === undefined) {
      yield problem('its list of Rust crates is damaged');
      return;
    }
    let bad = 0;
    const turns = new TurnTaker();
    for (const one of list) {
      await turns.pause();
      signal.throwIfAborted();
      const crate = crateShape.safeParse(one).data;
      if (crate === undefined || !isWord(crate.name) || !isWord(crate.version)) {
        bad++;
        continue;
      }
      if (crate.kind !== undefined && crate.kind !== 'runtime') continue; // needed to build it, and not in it
      const { name, version, source } = crate;
      const elsewhere = ownIndex.has(source) ? {} : { notFromIndex: true };
      yield { kind: 'package', package: { type: 'cargo', name, version, path: file.path, ...elsewhere } };
    }
    if (bad > 0) yield problem(`${bad} entries of its list of Rust crates have an unknown form`);
  },
};

async function readList(rust: string, path: string): Promise<readonly unknown[] | undefined> {
  let text: string;
  try {
    text = (await unpack(Buffer.from(rust, 'base64'), { maxOutputLength: maxCrateListBytes })).toString('utf8');
  } catch {
    return undefined;
  }
  return listShape.safeParse(parseJson(text, `"${path}"`)).data?.packages;
}
