import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Catalogued, Cataloguer, ImageView, Package, Problem } from '../../../../src/image/types.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/image');

export function fixture(name: string): string {
  return readFileSync(path.join(fixtures, name), 'utf8');
}

/** An image that has these paths and no contents. */
export function viewOf(...paths: readonly string[]): ImageView {
  return {
    has: (wanted) => paths.some((one) => one === wanted || one.startsWith(`${wanted}/`)),
    file: () => undefined,
    list: () => [],
  };
}

export interface Found {
  readonly packages: readonly Package[];
  readonly problems: readonly Problem[];
}

/** Everything that a cataloguer finds in one file. */
export async function run(
  cataloguer: Cataloguer,
  at: string,
  content: string | Uint8Array,
  view: ImageView = viewOf(),
): Promise<Found> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const found: Catalogued[] = [];
  const file = { path: at, size: bytes.length, bytes: () => Promise.resolve(bytes) };
  for await (const item of cataloguer.read(file, view, new AbortController().signal)) found.push(item);
  return {
    packages: found.flatMap((item) => (item.kind === 'package' ? [item.package] : [])),
    problems: found.flatMap((item) => (item.kind === 'problem' ? [item.problem] : [])),
  };
}

/** Packages that a file marks as needed for development only: `name@version within`. */
export async function marksOf(
  cataloguer: Cataloguer,
  at: string,
  content: string,
  view: ImageView = viewOf(),
): Promise<string[]> {
  const bytes = Buffer.from(content);
  const file = { path: at, size: bytes.length, bytes: () => Promise.resolve(bytes) };
  const marks: string[] = [];
  for await (const item of cataloguer.read(file, view, new AbortController().signal)) {
    if (item.kind === 'development') marks.push(`${item.mark.name}@${item.mark.version} ${item.mark.within}`);
  }
  return marks;
}

/** Packages in short: `name@version`, with what is said of them behind. */
export function brief(packages: readonly Package[]): string[] {
  return packages.map(({ name, version, developmentOnly, notFromIndex, declared }) =>
    [
      `${name}@${version}`,
      ...(declared === true ? [] : ['installed']),
      ...(developmentOnly === true ? ['dev'] : []),
      ...(notFromIndex === true ? ['elsewhere'] : []),
    ].join(' '),
  );
}

/** Bytes that a cataloguer keeps of a file as it passes by. */
export async function extractOf(cataloguer: Cataloguer, at: string, bytes: Buffer): Promise<Uint8Array | undefined> {
  const extractor = cataloguer.extract?.({ path: at, size: bytes.length, mode: 0o644 });
  for (let from = 0; from < bytes.length; from += 100) await extractor?.write(bytes.subarray(from, from + 100));
  return extractor?.end();
}
