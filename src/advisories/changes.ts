/** What the list of changes of an ecosystem says since a time. */
export type Changes =
  | { readonly kind: 'list'; readonly ids: readonly string[] }
  /** The whole dump is the shorter way, or the list cannot be relied on. */
  | { readonly kind: 'whole'; readonly why: string };

/** More changed records than this, and the whole dump is fetched. */
export const mostChanges = 2_000;

const line = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)),([A-Za-z0-9][\w.:+-]{0,199})$/;
/** Lines of another form that are passed over before the list counts as something else. */
const mostOdd = 20;

/**
 * Reads `modified_id.csv` (`<ISO time>,<id>`, newest first; OSV, "Data dumps") until what is older than `since`, in
 * milliseconds. Stops reading there: the list of a large ecosystem has megabytes.
 */
export async function readChanges(body: AsyncIterable<Uint8Array>, since: number): Promise<Changes> {
  const ids = new Set<string>();
  const decoder = new TextDecoder();
  let rest = '';
  let last = Number.POSITIVE_INFINITY;
  let odd = 0;
  /** Undefined: go on. */
  const take = (text: string): Changes | undefined => {
    if (text === '') return undefined;
    const found = line.exec(text);
    const time = found === null ? NaN : Date.parse(found[1] ?? '');
    if (Number.isNaN(time)) {
      return ++odd > mostOdd ? { kind: 'whole', why: 'the list of changes has another form' } : undefined;
    }
    if (time > last) return { kind: 'whole', why: 'the list of changes is not in its order' };
    last = time;
    if (time < since) return { kind: 'list', ids: [...ids] };
    ids.add(found?.[2] ?? '');
    return ids.size > mostChanges ? { kind: 'whole', why: `more than ${mostChanges} records have changed` } : undefined;
  };
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? '';
    if (rest.length > 1_000) return { kind: 'whole', why: 'the list of changes has another form' };
    for (const text of lines) {
      const done = take(text);
      if (done !== undefined) return done;
    }
  }
  return take(rest) ?? { kind: 'list', ids: [...ids] };
}
