import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { TurnTaker } from '../core/concurrency.ts';
import { DamagedError } from '../core/errors.ts';
import type { LayerContent, LayerEntry, Problem } from '../image/types.ts';

/**
 * Stored form of a layer: a JSON head, the entries as lines, the kept contents one behind the other; all deflated.
 * Written in slices, so that a layer of a hundred thousand files does not hold up the editor.
 */
export const layerFormat = 2;

const kinds: readonly LayerEntry['kind'][] = [
  'file',
  'directory',
  'symlink',
  'hardlink',
  'whiteout',
  'opaque',
  'other',
];
/** Lines between two looks at the clock. */
const slice = 500;
const deflate = promisify<Uint8Array, object, Buffer>(deflateRaw);
const inflate = promisify<Uint8Array, object, Buffer>(inflateRaw);
const largest = 1024 * 1024 * 1024;

interface Head {
  readonly diffId: string;
  readonly problems: readonly Problem[];
  readonly secrets?: LayerContent['secrets'];
  readonly lines: number;
  /** Bytes of the entry lines. */
  readonly text: number;
}

export async function encodeLayer(layer: LayerContent): Promise<Uint8Array> {
  const texts: Buffer[] = [];
  const contents: Uint8Array[] = [];
  const turns = new TurnTaker();
  for (let start = 0; start < layer.entries.length; start += slice) {
    let text = '';
    for (const entry of layer.entries.slice(start, start + slice)) {
      const kept = [entry.content, entry.extract].map((bytes) => bytes?.length ?? '').join('+');
      for (const bytes of [entry.content, entry.extract]) if (bytes !== undefined) contents.push(bytes);
      text += `${kinds.indexOf(entry.kind)}\0${entry.size}\0${kept}\0${entry.path}\0${entry.target ?? ''}\n\0`;
    }
    texts.push(Buffer.from(text, 'utf8'));
    await turns.pause();
  }
  const body = Buffer.concat(texts);
  const { diffId, problems, secrets, entries } = layer;
  const head: Head = {
    diffId,
    problems,
    ...(secrets === undefined ? {} : { secrets }),
    lines: entries.length,
    text: body.length,
  };
  const headBytes = Buffer.from(JSON.stringify(head), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(headBytes.length);
  return deflate(Buffer.concat([length, headBytes, body, ...contents]), { level: 1 });
}

/** Throws DamagedError when the bytes are not what `encodeLayer` wrote. */
export async function decodeLayer(bytes: Uint8Array): Promise<LayerContent> {
  try {
    const raw = await inflate(bytes, { maxOutputLength: largest });
    const headLength = raw.readUInt32LE(0);
    const head = JSON.parse(raw.toString('utf8', 4, 4 + headLength)) as Head; // our own writing, checked below
    const textStart = 4 + headLength;
    const text = raw.toString('utf8', textStart, textStart + head.text);
    const entries: LayerEntry[] = [];
    let contentAt = textStart + head.text;
    let at = 0;
    const turns = new TurnTaker();
    while (at < text.length) {
      const end = text.indexOf('\n\0', at);
      if (end < 0) throw new RangeError('an entry has no end');
      const [kind = '', size = '', kept = '', path = '', target = ''] = text.slice(at, end).split('\0');
      at = end + 2;
      const base = { path, kind: kinds[Number(kind)] ?? 'other', size: Number(size) } as const;
      const [content, extract] = kept.split('+').map((length) => {
        if (length === '') return undefined;
        contentAt += Number(length);
        return raw.subarray(contentAt - Number(length), contentAt);
      });
      entries.push({
        ...base,
        ...(target === '' ? {} : { target }),
        ...(content === undefined ? {} : { content }),
        ...(extract === undefined ? {} : { extract }),
      });
      if (entries.length % slice === 0) await turns.pause();
    }
    if (entries.length !== head.lines || contentAt !== raw.length) throw new RangeError('lengths do not fit');
    const { diffId, problems, secrets } = head;
    return { diffId, entries, problems, ...(secrets === undefined ? {} : { secrets }) };
  } catch (cause) {
    throw new DamagedError('Cannot read a stored layer: it is damaged', 'It is read from the registry again.', {
      cause,
    });
  }
}
