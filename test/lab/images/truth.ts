// What the tools that made an image say is in it, so that tests need not believe the product.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);

const HandMade = z.object({
  apk: z.record(
    z.string(),
    z.record(
      z.string(),
      z.array(
        z.object({ name: z.string(), version: z.string(), architecture: z.string(), origin: z.string().optional() }),
      ),
    ),
  ),
  static: z.array(
    z.object({ name: z.string(), version: z.string(), architecture: z.string(), source: z.string().optional() }),
  ),
});

export interface DebTruth {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly sourceVersion: string;
  /** The three words of dpkg, such as "install ok installed" or "deinstall ok config-files". */
  readonly status: string;
}

export interface ImageTruth {
  /** `dpkg-query --show` over the merged root filesystem, every state included; or the list behind a `status.d` folder. */
  readonly deb?: readonly DebTruth[];
  readonly apk?: readonly {
    readonly name: string;
    readonly version: string;
    readonly architecture: string;
    readonly origin?: string | undefined;
  }[];
  /** The tree that npm says it installed, by path in the image. */
  readonly npm?: readonly { readonly name: string; readonly version: string; readonly path: string }[];
}

const DPKG_FORMAT = ['Package', 'Version', 'Architecture', 'source:Package', 'source:Version', 'Status']
  .map((field) => `\${${field}}`)
  .join('\\t');

/** What dpkg-query lists in a root filesystem; undefined where there is no database. Needs the machine's dpkg. */
export async function dpkgTruth(root: string): Promise<readonly DebTruth[] | undefined> {
  const database = path.join(root, 'var/lib/dpkg');
  if ((await readFile(path.join(database, 'status')).catch(() => undefined)) === undefined) return undefined;
  const { stdout } = await run('dpkg-query', [`--admindir=${database}`, '--show', `--showformat=${DPKG_FORMAT}\\n`], {
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', version = '', architecture = '', source = '', sourceVersion = '', status = ''] =
        line.split('\t');
      return { name, version, architecture, source, sourceVersion, status };
    });
}

const HiddenLock = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), name: z.string().optional() })),
});

/** What npm wrote down about the tree it installed below `folder` of the image. */
export async function npmTruth(root: string, folder: string): Promise<ImageTruth['npm']> {
  const file = path.join(root, folder, 'node_modules/.package-lock.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { packages } = HiddenLock.parse(JSON.parse(text));
  return Object.entries(packages).flatMap(([at, { version, name }]) =>
    version === undefined
      ? []
      : [
          {
            name: name ?? at.slice(at.lastIndexOf('node_modules/') + 13),
            version,
            path: `${folder}/${at}/package.json`,
          },
        ],
  );
}

/** The lists of the hand-made images, written down beside their files. */
export async function handMadeTruth(
  repository: string,
  base: string | undefined,
  architecture: string,
): Promise<ImageTruth> {
  const file = path.join(import.meta.dirname, 'hand-made-truth.json');
  const known = HandMade.parse(JSON.parse(await readFile(file, 'utf8')));
  const apk = known.apk[architecture]?.[repository] ?? known.apk[architecture]?.[base ?? ''];
  if (apk !== undefined) return { apk };
  if (repository !== 'base/static' && base !== 'base/static') return {};
  return {
    deb: known.static.map(({ name, version, architecture: arch, source }) => ({
      name,
      version,
      architecture: arch,
      source: source ?? name,
      sourceVersion: version,
      status: 'install ok installed',
    })),
  };
}
