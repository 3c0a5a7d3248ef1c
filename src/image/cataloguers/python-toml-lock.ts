import { decodeText, textLines } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { linesPerTurn, listedPackages, type ListedPackage } from './listed-packages.ts';
import { fileNameOf, isProjectPath, isWord } from './places.ts';

const fileNames: ReadonlySet<string> = new Set(['poetry.lock', 'uv.lock', 'pdm.lock', 'pylock.toml']);
/** Groups of what is needed to run. */
const mainGroups: ReadonlySet<string> = new Set(['main', 'default']);

/**
 * Lock files of Poetry, uv and PDM, and the common form of PEP 751: TOML with one table a package. Programs write them, so
 * that the few keys that matter stand on lines of their own, and the file is read line by line.
 */
export const pythonTomlLock: Cataloguer = {
  id: 'python-toml-lock',
  maxFileBytes: 64 * 1024 * 1024,
  database: true,
  wants: (path) =>
    (path.endsWith('.lock') || path.endsWith('pylock.toml')) && fileNames.has(fileNameOf(path)) && isProjectPath(path),
  async *read(file, _image, signal) {
    yield* listedPackages('pypi', file.path, lockedIn(decodeText(await file.bytes(signal))), signal);
  },
};

interface Table {
  readonly line: number;
  name?: string;
  version?: string;
  /** Where it comes from, when that is not an index. */
  source?: string;
  dev?: boolean;
}

function* lockedIn(text: string): Generator<ListedPackage | string | undefined, void, undefined> {
  let table: Table | undefined;
  /** The header of the table that lines belong to. */
  let header = '';
  /** The quotes that end a text over several lines. */
  let quotes: '"""' | "'''" | undefined;
  for (const { text: line, number } of textLines(text)) {
    if (number % linesPerTurn === 0) yield undefined;
    if (quotes !== undefined) {
      if (line.includes(quotes)) quotes = undefined;
      continue;
    }
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    if (line.startsWith('[')) {
      header = /^\[{1,2}([^\]]*)\]/.exec(line.slice(0, 10_000))?.[1]?.trim() ?? '';
      if (header === 'package' || header === 'packages') {
        yield* packageOf(table);
        table = { line: number };
      } else if (!/^packages?\./.test(header)) {
        yield* packageOf(table);
        table = undefined;
      }
      continue;
    }
    const [, key = '', value = ''] = /^([A-Za-z0-9_-]+)\s*=\s*(.*)$/.exec(line.slice(0, 10_000)) ?? [];
    const opening = /^("""|''')/.exec(value)?.[1];
    if (opening === '"""' || opening === "'''") {
      if (!value.includes(opening, 3)) quotes = opening;
    } else if (table !== undefined) note(table, header, key, value);
  }
  yield* packageOf(table);
}

function note(table: Table, header: string, key: string, value: string): void {
  if (header === 'package' || header === 'packages') {
    if (key === 'name') table.name = scalar(value);
    else if (key === 'version') table.version = scalar(value);
    else if (key === 'category') table.dev = scalar(value) === 'dev';
    else if (key === 'groups') {
      const groups = [...value.slice(0, 2000).matchAll(/["']([^"']*)["']/g)].map(([, group = '']) => group);
      if (value.includes(']') && groups.length > 0) table.dev = !groups.some((group) => mainGroups.has(group));
    } else if (key === 'source') table.source = /^\{\s*([A-Za-z-]+)\s*=/.exec(value)?.[1] ?? '';
    else if (['git', 'path', 'url', 'editable', 'vcs', 'directory', 'archive'].includes(key)) table.source ??= key;
  } else if (/^packages?\.source$/.test(header) && key === 'type') table.source = scalar(value);
  else if (/^packages\.(?:vcs|directory|archive)$/.test(header)) table.source = header.slice('packages.'.length);
}

function* packageOf(table: Table | undefined): Generator<ListedPackage | string, void, undefined> {
  if (table === undefined) return;
  const { name, version, source = '', dev, line } = table;
  // The project itself and what lies beside it.
  if (['virtual', 'editable', 'directory', 'path'].includes(source)) return;
  if (name === undefined || !isWord(name)) yield `the package at line ${line} has no name`;
  else if (version !== undefined && isWord(version)) {
    const isOther = source !== '' && source !== 'registry' && source !== 'legacy';
    yield { name, version, ...(dev === true ? { dev } : {}), ...(isOther ? { notFromIndex: true } : {}) };
  } // PEP 751 and uv leave the version out where it is not known before the build
}

function scalar(value: string): string {
  return /^"([^"\\]*)"/.exec(value)?.[1] ?? /^'([^']*)'/.exec(value)?.[1] ?? '';
}
