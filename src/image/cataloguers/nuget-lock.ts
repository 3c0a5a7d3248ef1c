import * as z from 'zod';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import type { Cataloguer, ImageView } from '../types.ts';
import { listedPackages, type ListedPackage } from './listed-packages.ts';
import { directoryOf, isProjectPath, isWord } from './places.ts';

/** NuGet, "packages.lock.json": frameworks with their packages. */
const lockShape = z.object({ dependencies: z.record(z.string(), z.unknown()) });
const frameworkShape = z.record(z.string(), z.unknown());
const entryShape = z.object({ type: z.string().optional(), resolved: z.string().optional() });

/** What NuGet resolved, in directories without a published application. */
export const nugetLock: Cataloguer = {
  id: 'nuget-lock',
  maxFileBytes: 32 * 1024 * 1024,
  database: true,
  wants: (path) => /(?:^|\/)packages\.lock\.json$/.test(path) && isProjectPath(path),
  async *read(file, image, signal) {
    if (isPublished(file.path, image) || image.has(`${directoryOf(file.path)}bin`)) return;
    const parsed = lockShape.safeParse(parseJson(decodeText(await file.bytes(signal)), `"${file.path}"`));
    if (!parsed.success) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it is no NuGet lock file' } };
      return;
    }
    yield* listedPackages('nuget', file.path, locked(parsed.data.dependencies), signal);
  },
};

function* locked(frameworks: Readonly<Record<string, unknown>>): Generator<ListedPackage | string, void, undefined> {
  for (const [framework, value] of Object.entries(frameworks)) {
    const packages = frameworkShape.safeParse(value).data;
    if (packages === undefined) {
      yield `its part "${framework.slice(0, 100)}" has an unknown form`;
      continue;
    }
    for (const [name, entry] of Object.entries(packages)) {
      const found = entryShape.safeParse(entry).data;
      if (found?.type?.toLowerCase() === 'project') continue;
      const version = found?.resolved;
      if (version !== undefined && isWord(name) && isWord(version)) yield { name, version };
      else yield `entry "${name.slice(0, 300)}" has an unknown form`;
    }
  }
}

const maxConfigEntries = 100_000;

/** What older projects of the .NET Framework ask for. NuGet, "packages.config". */
export const nugetConfig: Cataloguer = {
  id: 'nuget-config',
  maxFileBytes: 8 * 1024 * 1024,
  database: true,
  wants: (path) => /(?:^|\/)packages\.config$/i.test(path) && isProjectPath(path),
  async *read(file, image, signal) {
    if (isPublished(file.path, image)) return;
    const text = decodeText(await file.bytes(signal)).replace(/<!--[^]*?(?:-->|$)/g, '');
    if (!/<packages[\s/>]/.test(text)) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it is no list of NuGet packages' } };
      return;
    }
    yield* listedPackages('nuget', file.path, configured(text), signal);
  },
};

function* configured(text: string): Generator<ListedPackage | string, void, undefined> {
  let count = 0;
  for (const [, inside = ''] of text.matchAll(/<package\s([^<>]{0,2000})>/g)) {
    if (++count > maxConfigEntries) {
      yield `it has more than ${maxConfigEntries} packages: the rest was not read`;
      return;
    }
    const name = attribute(inside, 'id');
    const version = attribute(inside, 'version');
    if (isWord(name) && isWord(version)) {
      const dev = attribute(inside, 'developmentDependency').toLowerCase() === 'true';
      yield { name, version, ...(dev ? { dev } : {}) };
    } else yield `entry "${inside.slice(0, 300).trim()}" has no name or no version`;
  }
}

function attribute(text: string, name: string): string {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(text);
  return found?.[1] ?? found?.[2] ?? '';
}

/** An application in the same directory says itself what it brings. */
function isPublished(path: string, image: ImageView): boolean {
  return image.list(directoryOf(path).replace(/\/$/, '')).some((file) => file.endsWith('.deps.json'));
}
