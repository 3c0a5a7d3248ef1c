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
