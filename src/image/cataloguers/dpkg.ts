import { TurnTaker } from '../../core/concurrency.ts';
import { decodeText, textLines } from '../text-lines.ts';
import type { Catalogued, Cataloguer, ImageFile, ImageView, Package } from '../types.ts';
import { isThirdPartyDeb } from './third-party.ts';

const databasePaths: ReadonlySet<string> = new Set(['var/lib/dpkg/status', 'usr/lib/dpkg/status']);
const statusDirectory = 'var/lib/dpkg/status.d/';
/** Files of the maintainer that lie beside the stanzas in `status.d`. */
const besideStanzas =
  /\.(?:conffiles|config|list|md5sums|postinst|postrm|preinst|prerm|shlibs|symbols|templates|triggers)$/;

/** Fields that are read; all others of a stanza are stepped over. */
const fields: ReadonlySet<string> = new Set(['package', 'version', 'source', 'status', 'architecture', 'maintainer']);

/** States of a package whose files are on disk although its installation is not finished. dpkg(1), "Package states". */
const unfinishedStates: ReadonlySet<string> = new Set([
  'half-installed',
  'unpacked',
  'half-configured',
  'triggers-awaited',
  'triggers-pending',
]);

/** The database of dpkg: every installed package in one file. deb-control(5), dpkg(1). */
export const dpkgStatus: Cataloguer = {
  id: 'dpkg-status',
  maxFileBytes: 64 * 1024 * 1024,
  database: true,
  wants: (path) => databasePaths.has(path),
  async *read(file, image, signal) {
    yield* read(file, signal, (stanza) => {
      const status = stanza.fields.get('status');
      if (status === undefined) return 'it has no Status';
      const state = status.trim().split(/\s+/).at(-1)?.toLowerCase() ?? '';
      if (state === 'installed') return true;
      return unfinishedStates.has(state) && hasFileList(stanza, image);
    });
  },
};

/** One file a package, as in images without a package manager; a stanza there is an installed package. */
export const dpkgStatusFiles: Cataloguer = {
  id: 'dpkg-status-files',
  maxFileBytes: 4 * 1024 * 1024,
  wants: (path) =>
    path.startsWith(statusDirectory) && !path.includes('/', statusDirectory.length) && !besideStanzas.test(path),
  async *read(file, _image, signal) {
    yield* read(file, signal, () => true);
  },
};

interface Stanza {
  readonly fields: ReadonlyMap<string, string>;
  /** Line it begins at. */
  readonly line: number;
}

async function* read(
  file: ImageFile,
  signal: AbortSignal,
  /** True: installed. False: not. Text: what is wrong with the stanza. */
  isInstalled: (stanza: Stanza) => boolean | string,
): AsyncGenerator<Catalogued, void, undefined> {
  const turns = new TurnTaker();
  for (const stanza of stanzas(decodeText(await file.bytes(signal)))) {
    await turns.pause();
    signal.throwIfAborted();
    const name = stanza.fields.get('package')?.trim() ?? '';
    if (name === '') continue;
    const installed = isInstalled(stanza);
    if (installed === false) continue;
    const version = stanza.fields.get('version')?.trim() ?? '';
    const reason = typeof installed === 'string' ? installed : version === '' ? 'it has no Version' : undefined;
    if (reason === undefined) yield { kind: 'package', package: toPackage(name, version, stanza, file.path) };
    else
      yield {
        kind: 'problem',
        problem: { path: file.path, line: stanza.line, reason: `package "${name}": ${reason}` },
      };
  }
}

/** Stanzas parted by empty lines. Names of fields are case-insensitive; lines that begin with a blank go on with the field before. */
function* stanzas(text: string): Generator<Stanza, void, undefined> {
  let found = new Map<string, string>();
  let start = 0;
  for (const { text: line, number } of textLines(text)) {
    if (line === '' || /^[ \t]*$/.test(line.slice(0, 200))) {
      if (found.size > 0) yield { fields: found, line: start };
      found = new Map();
      start = 0;
      continue;
    }
    if (start === 0) start = number;
    const first = line.charCodeAt(0);
    if (first === 0x20 || first === 0x09) continue; // none of the fields read here has a second line
    const colon = line.indexOf(':');
    if (colon <= 0 || colon > 40) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (fields.has(name) && !found.has(name)) found.set(name, line.slice(colon + 1).trim());
  }
  if (found.size > 0) yield { fields: found, line: start };
}

function toPackage(name: string, version: string, stanza: Stanza, path: string): Package {
  const architecture = stanza.fields.get('architecture') ?? '';
  return {
    type: 'deb',
    name,
    version,
    ...(architecture === '' ? {} : { architecture }),
    source: sourceOf(name, version, stanza.fields.get('source') ?? ''),
    path,
    ...(isThirdPartyDeb(stanza.fields.get('maintainer') ?? '', version) ? { thirdParty: true } : {}),
  };
}

/** `Source: name` or `Source: name (version)`; what is not said is the binary package's own. deb-control(5). */
function sourceOf(name: string, version: string, source: string): { name: string; version: string } {
  const found = /^([^\s(]+)\s*(?:\(([^)]*)\))?/.exec(source);
  const sourceVersion = found?.[2]?.trim() ?? '';
  return { name: found?.[1] ?? name, version: sourceVersion === '' ? version : sourceVersion };
}

function hasFileList(stanza: Stanza, image: ImageView): boolean {
  const name = stanza.fields.get('package') ?? '';
  const architecture = stanza.fields.get('architecture') ?? '';
  return [`${name}.list`, `${name}:${architecture}.list`].some((list) => image.has(`var/lib/dpkg/info/${list}`));
}
