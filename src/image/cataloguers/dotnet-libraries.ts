import * as z from 'zod';
import { TurnTaker } from '../../core/concurrency.ts';
import { parseJson } from '../../core/json.ts';
import type { Catalogued } from '../types.ts';
import { isWord } from './places.ts';

/** .NET, "runtime-configuration-file", `deps.json`. Entries are checked one by one, so that a bad one does not lose the others. */
const documentShape = z.object({
  runtimeTarget: z
    .union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)])
    .optional()
    .catch(undefined),
  targets: z.record(z.string(), z.unknown()).optional().catch(undefined),
  libraries: z.record(z.string(), z.unknown()),
});
const targetShape = z.record(z.string(), z.unknown());
const libraryShape = z.object({ type: z.string() });
const files = z.record(z.string(), z.unknown()).optional().catch(undefined);
const targetEntryShape = z.object({ runtime: files, runtimeTargets: files, native: files });
const packPrefix = 'runtimepack.';

/** Packages of a `deps.json`: those that bring files, and the runtime itself. */
export async function* dotnetLibraries(
  text: string,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Catalogued, void, undefined> {
  const parsed = documentShape.safeParse(parseJson(text, `"${path}"`));
  if (!parsed.success) {
    yield { kind: 'problem', problem: { path, reason: 'it is no list of .NET dependencies' } };
    return;
  }
  const { runtimeTarget, targets, libraries } = parsed.data;
  const chosen = runtimeTarget !== undefined && targets !== undefined && Object.hasOwn(targets, runtimeTarget);
  const target = chosen ? (targetShape.safeParse(targets[runtimeTarget]).data ?? {}) : {};
  let bad = 0;
  const turns = new TurnTaker();
  for (const [key, value] of Object.entries(libraries)) {
    await turns.pause();
    signal.throwIfAborted();
    const slash = key.indexOf('/');
    if (slash <= 0) continue;
    const type = libraryShape.safeParse(value).data?.type.toLowerCase();
    if (type === undefined) bad++;
    if (type !== 'package' && type !== 'runtimepack') continue; // the application itself, and assemblies beside it
    if (Object.hasOwn(target, key) && !bringsFiles(target[key])) continue;
    const name =
      type === 'runtimepack' && key.startsWith(packPrefix) ? key.slice(packPrefix.length, slash) : key.slice(0, slash);
    const version = key.slice(slash + 1);
    if (isWord(name) && isWord(version)) yield { kind: 'package', package: { type: 'nuget', name, version, path } };
    else bad++;
  }
  if (bad > 0) yield { kind: 'problem', problem: { path, reason: `${bad} of its libraries have an unknown form` } };
}

/** Packages that only name others, or only help to build, have no file in the application. */
function bringsFiles(entry: unknown): boolean {
  const parsed = targetEntryShape.safeParse(entry).data;
  if (parsed === undefined) return true; // of another form: rather listed than lost
  return [parsed.runtime, parsed.runtimeTargets, parsed.native].some((one) => Object.keys(one ?? {}).length > 0);
}
