import { decodeText } from '../text-lines.ts';
import type { Cataloguer, ImageFile, ImageView } from '../types.ts';
import { directoryOf, isCachePath, isKernelPath, isWord } from './places.ts';
import { readMetadata, writeMetadata } from './python-metadata.ts';

/**
 * Metadata of a distribution that is installed: of wheels, of setuptools as a directory or one file, of unpacked eggs.
 * Names that begin with "~" or "-" are what pip was about to remove.
 */
const metadata =
  /(?:^|\/)(?:[^/~-][^/]*\.dist-info\/METADATA|(?:[^/~-][^/]*\.egg-info|EGG-INFO)\/(?:PKG-INFO|METADATA)|[^/~-][^/]*\.egg-info)$/i;
/** Modules of Python 2's own library that describe themselves. */
const ofInterpreter =
  /(?:^|\/)usr\/lib\/(python\d(?:\.\d+)?)\/(?:lib-dynload\/)?(?:argparse|wsgiref|Python-[\d.]+)\.egg-info$/;
/** Leads to the folder that a distribution is developed in. setuptools, "Development Mode". */
const eggLink = /(?:^|\/)([^/]+)\.egg-link$/;
const siteDirectory = /(?:^|\/)(?:site|dist)-packages\/$/;

/**
 * Distributions of Python by their metadata, wherever they lie: `site-packages`, Debian's `dist-packages`, virtual
 * environments, copies that other distributions carry. Names stay as written. PyPA, "Recording installed projects";
 * "Core metadata specifications"; setuptools, "The Internal Structure of Python Eggs".
 */
export const pythonInstalled: Cataloguer = {
  id: 'python-installed',
  maxFileBytes: 16 * 1024 * 1024,
  wants: (path) =>
    (path.endsWith('.egg-link') ? eggLink.test(path) : /(?:-info|metadata)$/i.test(path) && metadata.test(path)) &&
    !isKernelPath(path) &&
    !isCachePath(path),
  reduce: (path, bytes) => (eggLink.test(path) ? bytes.slice(0, 8192) : writeMetadata(readMetadata(decodeText(bytes)))),
  async *read(file, image, signal) {
    const isLink = eggLink.test(file.path);
    const source = isLink ? await linked(file, image, signal) : isOfProject(file.path, image) ? undefined : file;
    if (source === undefined) return;
    const { name, version } = readMetadata(decodeText(await source.bytes(signal)));
    if (name === undefined || version === undefined || version === 'UNKNOWN') return;
    if (!isWord(name) || !isWord(version)) {
      yield { kind: 'problem', problem: { path: source.path, reason: 'its name or its version is no plain word' } };
      return;
    }
    const owner = ofInterpreter.exec(file.path)?.[1];
    const isDirect = isLink || image.has(`${directoryOf(file.path)}direct_url.json`);
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

/** Metadata that a build left beside the sources: the project's own, which is installed elsewhere or by a link. */
function isOfProject(path: string, image: ImageView): boolean {
  const [, parent] = /^(.*\/|)[^/]+\.egg-info(?:\/[^/]+)?$/i.exec(path) ?? [];
  if (parent === undefined || siteDirectory.test(parent)) return false;
  return ['setup.py', 'setup.cfg', 'pyproject.toml'].some((name) => image.has(parent + name));
}

/** The metadata behind a link whose first line is an absolute folder; "-" is written "_" in the names of metadata. */
async function linked(file: ImageFile, image: ImageView, signal: AbortSignal): Promise<ImageFile | undefined> {
  const folder = /^\/([^\n\r]{1,4000})/.exec(decodeText(await file.bytes(signal)))?.[1]?.replace(/\/+$/, '');
  const name = eggLink.exec(file.path)?.[1];
  if (folder === undefined || name === undefined) return undefined;
  return image.file(`${folder}/${name.replaceAll('-', '_')}.egg-info/PKG-INFO`);
}
