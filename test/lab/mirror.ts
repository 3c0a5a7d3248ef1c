// The mirror of advisories: a folder over https, laid out like the one that OSV publishes, with KEV and EPSS beside it.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Handler, Reply } from './origin.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.zip': 'application/zip',
  '.json': 'application/json',
  '.csv': 'text/csv',
  '.gz': 'application/gzip',
  '.txt': 'text/plain; charset=utf-8',
};

/** The dump of everything: gigabytes that nobody needs. */
const everything = /^\/(all\.zip|modified_id\.csv)$/;
/** Only the part of an ecosystem before the colon has a folder. */
const withSuffix = /^\/[^/]*(:|%3A)[^/]*\//i;

/**
 * `ETag` is of the content, so that a rebuilt but equal file is not fetched again. Requests that no reader has a reason
 * for are noted: credentials, writes, queries, folders of releases, the dump of all ecosystems.
 */
export function mirror(folder: string): Handler {
  const known = new Map<string, { readonly mtimeMs: number; readonly etag: string; readonly md5: string }>();
  return async (exchange) => {
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
      exchange.violation(`a write to the mirror: ${exchange.method}`);
      return { status: 405, headers: { allow: 'GET, HEAD' } };
    }
    if (exchange.headers['authorization'] !== undefined) exchange.violation('credentials sent to the mirror');
    if (exchange.query.size > 0) exchange.violation(`a query to the mirror: ${exchange.query.toString()}`);
    if (everything.test(exchange.path)) exchange.violation(`the whole of all ecosystems: ${exchange.path}`);
    if (withSuffix.test(exchange.path)) exchange.violation(`a folder of a release: ${exchange.path}`);
    const file = fileOf(folder, exchange.path);
    const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
    if (file === undefined || found?.isFile() !== true) return notFound();
    let entry = known.get(file);
    if (entry?.mtimeMs !== found.mtimeMs) {
      const digest = createHash('md5')
        .update(await readFile(file))
        .digest();
      entry = { mtimeMs: found.mtimeMs, etag: `"${digest.toString('hex')}"`, md5: digest.toString('base64') };
      known.set(file, entry);
    }
    const headers = {
      etag: entry.etag,
      'last-modified': found.mtime.toUTCString(),
      'cache-control': 'public, max-age=900',
      'x-goog-hash': `md5=${entry.md5}`,
    };
    const asked = exchange.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    if (asked?.includes(entry.etag) === true) return { status: 304, headers };
    return {
      status: 200,
      headers: { ...headers, 'content-type': contentTypes[path.extname(file)] ?? 'application/octet-stream' },
      file: { path: file, start: 0, length: found.size },
    };
  };
}

/** Undefined when the path leaves the folder. */
function fileOf(folder: string, encoded: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  if (decoded.includes('\0')) return undefined;
  const file = path.join(folder, decoded);
  return file.startsWith(folder + path.sep) ? file : undefined;
}

function notFound(): Reply {
  return {
    status: 404,
    headers: { 'content-type': 'application/xml; charset=UTF-8' },
    body: "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>",
  };
}
