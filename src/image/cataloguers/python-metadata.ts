import { textLines } from '../text-lines.ts';

/** Lines looked at: the description behind the header has up to some hundred kilobytes. */
const maxHeaderLines = 5000;

/**
 * First `Name` and first `Version` of a header in the manner of RFC 822. It ends at an empty line or at one without a
 * colon; what was read till then counts. Lines that begin with a blank go on with the field before.
 */
export function readMetadata(text: string): { name: string | undefined; version: string | undefined } {
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

/** The two fields alone, in the form that `readMetadata` reads. */
export function writeMetadata({ name, version }: ReturnType<typeof readMetadata>): Uint8Array {
  const lines = (name === undefined ? '' : `Name: ${name}\n`) + (version === undefined ? '' : `Version: ${version}\n`);
  return Buffer.from(lines, 'utf8');
}
