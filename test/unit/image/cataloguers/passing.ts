// Files that pass by a cataloguer in pieces.
import type { Cataloguer } from '../../../../src/image/types.ts';
import { run, type Found } from './support.ts';

/** What a cataloguer keeps of a file that passes by in pieces of `step` bytes; undefined when it is none of its kind. */
export async function extractOf(
  cataloguer: Cataloguer,
  at: string,
  content: Uint8Array,
  options: { readonly step?: number; readonly mode?: number } = {},
): Promise<Uint8Array | undefined> {
  const { step = 1024 * 1024, mode = 0o755 } = options;
  const extractor = cataloguer.extract?.({ path: at, size: content.length, mode });
  if (extractor === undefined) return undefined;
  for (let from = 0; from < content.length; from += step) {
    const piece = Buffer.from(content.subarray(from, from + step));
    const more = await extractor.write(piece);
    piece.fill(0); // it was the caller's
    if (!more) return undefined;
  }
  return extractor.end();
}

/** Everything that a cataloguer finds in a file that passes by. */
export async function pass(
  cataloguer: Cataloguer,
  at: string,
  content: Uint8Array,
  options: { readonly step?: number; readonly mode?: number } = {},
): Promise<Found> {
  const extract = await extractOf(cataloguer, at, content, options);
  return extract === undefined ? { packages: [], problems: [] } : run(cataloguer, at, extract);
}

/** `type name version` of each. */
export function listed({ packages }: Found): string[] {
  return packages.map(({ type, name, version }) => `${type} ${name} ${version}`);
}
