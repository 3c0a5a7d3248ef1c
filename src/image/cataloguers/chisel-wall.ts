import { zstdDecompressSync } from 'node:zlib';
import * as z from 'zod';
import { DamagedError } from '../../core/errors.ts';
import { decodeText, textLines } from '../text-lines.ts';

const manifestPath = 'var/lib/chisel/manifest.wall';
const maxUnpackedBytes = 64 * 1024 * 1024;
/** Every line but the first is shorter; so are paths. */
const maxLineChars = 64 * 1024;

/** chisel, "manifest": a "jsonwall" has one object a line. `prefer` and digests of paths are not read. */
const packageShape = z.object({
  kind: z.literal('package'),
  name: z.string().min(1),
  version: z.string().min(1),
  arch: z.string().exactOptional(),
});
const pathShape = z.object({ kind: z.literal('path'), path: z.string(), slices: z.array(z.string()).exactOptional() });
const headShape = z.object({ jsonwall: z.string() });

export type ChiselPackage = z.infer<typeof packageShape>;

export function isChiselManifest(path: string): boolean {
  return path === manifestPath;
}

/**
 * What is kept of a manifest: lines of packages, and of paths that somebody asked about, uncompressed. A manifest that cannot
 * be unpacked is kept as it is.
 */
export function reduceChiselManifest(bytes: Uint8Array, isOfInterest: (path: string) => boolean): Uint8Array {
  let text: string;
  try {
    text = textOf(bytes);
  } catch {
    return bytes; // read again, and said, by the cataloguer
  }
  let kept = '';
  for (const { text: line, number } of textLines(text)) {
    const path = number === 1 ? undefined : pathIn(line);
    const wanted = path === undefined ? number === 1 || line.includes('"package"') : isOfInterest(path.path);
    if (wanted && line.length <= maxLineChars) kept += `${line}\n`;
  }
  return Buffer.from(kept, 'utf8');
}

/** A line of a manifest: a package, or what is wrong with it. */
export type ChiselLine =
  { readonly kind: 'package'; readonly found: ChiselPackage } | { readonly kind: 'damaged'; readonly line: number };

/** The packages of a manifest. Throws DamagedError when it cannot be unpacked or is something else. */
export function* readChiselPackages(bytes: Uint8Array): Generator<ChiselLine, void, undefined> {
  for (const { text, number } of textLines(textOf(bytes))) {
    if (number === 1) {
      if (!headShape.safeParse(parse(text)).success) throw notOne();
    } else if (text.includes('"package"')) {
      const value = parse(text);
      const found = packageShape.safeParse(value);
      if (found.success) yield { kind: 'package', found: found.data };
      else if (value === undefined || z.object({ kind: z.literal('package') }).safeParse(value).success) {
        yield { kind: 'damaged', line: number };
      }
    } else if (text !== '' && !text.endsWith('}')) yield { kind: 'damaged', line: number };
  }
}

/** Files and the packages they come from: slices are named `package_slice`. Nothing for a manifest that is damaged. */
export function readChiselOwners(bytes: Uint8Array, own: (path: string, owner: string) => void): void {
  let text: string;
  try {
    text = textOf(bytes);
  } catch {
    return; // said by the cataloguer
  }
  for (const { text: line } of textLines(text)) {
    const found = pathIn(line);
    const owner = found?.slice?.split('_', 1)[0];
    if (found !== undefined && owner !== undefined && owner !== '') own(found.path, owner);
  }
}

function pathIn(line: string): { path: string; slice?: string } | undefined {
  if (!line.includes('"path"')) return undefined;
  const found = pathShape.safeParse(parse(line));
  if (!found.success) return undefined;
  const [slice] = found.data.slices ?? [];
  return { path: found.data.path.replace(/^\/+/, ''), ...(slice === undefined ? {} : { slice }) };
}

function parse(line: string): unknown {
  if (line.length > maxLineChars) return undefined;
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

/** RFC 8878; the kept form is plain text. */
function textOf(bytes: Uint8Array): string {
  const compressed = bytes.length >= 4 && Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32LE(0) === 0xfd2fb528;
  if (!compressed) return decodeText(bytes);
  try {
    return decodeText(zstdDecompressSync(bytes, { maxOutputLength: maxUnpackedBytes }));
  } catch (cause) {
    throw new DamagedError(
      `Cannot read the manifest of chisel: it is damaged, or larger than ${maxUnpackedBytes} bytes`,
      'Build the image again.',
      { cause },
    );
  }
}

function notOne(): DamagedError {
  return new DamagedError('Cannot read the manifest of chisel: it has another format', 'Build the image again.');
}
