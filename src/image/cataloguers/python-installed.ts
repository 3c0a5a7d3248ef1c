import { decodeText, textLines } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { directoryOf, isKernelPath, isWord } from './places.ts';

/**
 * Metadata of a distribution that is installed: of wheels, of setuptools as a directory or one file, of unpacked eggs.
 * Names that begin with "~" or "-" are what pip was about to remove.
 */
const metadata =
  /(?:^|\/)(?:[^/~-][^/]*\.dist-info\/METADATA|(?:[^/~-][^/]*\.egg-info|EGG-INFO)\/(?:PKG-INFO|METADATA)|[^/~-][^/]*\.egg-info)$/i;
/** Modules of Python 2's own library that describe themselves. */
const ofInterpreter =
  /(?:^|\/)usr\/lib\/(python\d(?:\.\d+)?)\/(?:lib-dynload\/)?(?:argparse|wsgiref|Python-[\d.]+)\.egg-info$/;
/** What is kept of a file: the description behind the header has up to some hundred kilobytes. */
const maxHeaderLines = 5000;

/**
 * Distributions of Python by their metadata, wherever they lie: `site-packages`, Debian's `dist-packages`, virtual
 * environments, copies that other distributions carry. Names stay as written. PyPA, "Recording installed projects";
 * "Core metadata specifications"; setuptools, "The Internal Structure of Python Eggs".
 */
export const pythonInstalled: Cataloguer = {
  id: 'python-installed',
  maxFileBytes: 16 * 1024 * 1024,
  wants: (path) => /(?:-info|metadata)$/i.test(path) && metadata.test(path) && !isKernelPath(path),
  reduce(_path, bytes) {
    const { name, version } = readHeader(decodeText(bytes));
    return Buffer.from(
      (name === undefined ? '' : `Name: ${name}\n`) + (version === undefined ? '' : `Version: ${version}\n`),
      'utf8',
    );
  },
  async *read(file, image, signal) {
    const { name, version } = readHeader(decodeText(await file.bytes(signal)));
    if (name === undefined || version === undefined || version === 'UNKNOWN') return;
    if (!isWord(name) || !isWord(version)) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'its name or its version is no plain word' } };
      return;
    }
    const owner = ofInterpreter.exec(file.path)?.[1];
    const isDirect = !file.path.endsWith('.egg-info') && image.has(`${directoryOf(file.path)}direct_url.json`);
    yield {
      kind: 'package',
      package: {
        type: 'pypi',
        name,
        version,
        path: file.path,
        ...(owner === undefined ? {} : { ownedBy: owner }),
        ...(isDirect ? { notFromIndex: true } : {}),
      },
    };
  },
};

/**
 * First `Name` and first `Version` of a header in the manner of RFC 822. It ends at an empty line or at one without a
 * colon; what was read till then counts. Lines that begin with a blank go on with the field before.
 */
function readHeader(text: string): { name: string | undefined; version: string | undefined } {
  let name: string | undefined;
  let version: string | undefined;
  for (const { text: line, number } of textLines(text)) {
    if (line.trim() === '' || number > maxHeaderLines) break;
    const first = line.charCodeAt(0);
    if (first === 0x20 || first === 0x09) continue;
    const colon = line.indexOf(':');
    if (colon <= 0) break;
    if (colon > 20) continue;
    const key = line.slice(0, colon).trimEnd().toLowerCase();
    if (key === 'name') name ??= line.slice(colon + 1).trim();
    else if (key === 'version') version ??= line.slice(colon + 1).trim();
    if (name !== undefined && version !== undefined) break;
  }
  return { name: name === '' ? undefined : name, version: version === '' ? undefined : version };
}
