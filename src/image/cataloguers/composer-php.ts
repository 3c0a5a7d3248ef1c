import { decodeText, textLines } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { composerName } from './composer.ts';
import { linesPerTurn, listedPackages, type ListedPackage } from './listed-packages.ts';
import { directoryOf, isKernelPath, isWord } from './places.ts';

const installedFile = /(?:^|\/)composer\/installed\.php$/;

/**
 * The list of installed packages that Composer 2 writes for PHP beside `installed.json`; it counts where the other is
 * missing. Composer writes one pair a line, set in by four for each level. Composer, "Composer\InstalledVersions".
 */
export const composerInstalledPhp: Cataloguer = {
  id: 'composer-installed-php',
  maxFileBytes: 32 * 1024 * 1024,
  database: true,
  wants: (path) => path.endsWith('/installed.php') && installedFile.test(path) && !isKernelPath(path),
  async *read(file, image, signal) {
    if (image.has(`${directoryOf(file.path)}installed.json`)) return;
    const found = installedIn(decodeText(await file.bytes(signal)));
    yield* listedPackages('composer', file.path, found, signal, 'installed');
  },
};

function* installedIn(text: string): Generator<ListedPackage | undefined, void, undefined> {
  let root: string | undefined;
  let section = '';
  let entry: { name: string; version?: string; dev: boolean } | undefined;
  for (const { text: line, number } of textLines(text)) {
    if (number % linesPerTurn === 0) yield undefined;
    const [, indent = '', key = '', value = ''] = /^( {4,12})'([^'\\]{1,300})' => (.{1,1000}?),?$/.exec(line) ?? [];
    if (indent.length === 4) section = key;
    else if (indent.length === 8 && section === 'root' && key === 'name') root = literal(value);
    else if (indent.length === 8 && section === 'versions') {
      yield* packageOf(entry, root);
      entry = { name: key, dev: false };
    } else if (indent.length === 12 && entry !== undefined) {
      if (key === 'pretty_version') entry.version = literal(value);
      else if (key === 'dev_requirement') entry.dev = value === 'true';
    }
  }
  yield* packageOf(entry, root);
}

/** Without a version it is a name that another package provides or replaces. */
function* packageOf(
  entry: { readonly name: string; readonly version?: string; readonly dev: boolean } | undefined,
  root: string | undefined,
): Generator<ListedPackage, void, undefined> {
  if (entry?.version === undefined || entry.name === root) return;
  const { name, version, dev } = entry;
  if (composerName.test(name) && isWord(version)) yield { name, version, ...(dev ? { dev } : {}) };
}

function literal(value: string): string {
  return /^'([^'\\]*)'/.exec(value)?.[1] ?? '';
}
