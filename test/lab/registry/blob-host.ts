// The storage service that registries redirect to: addresses that carry their own permission, and nothing else may.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Handler, Reply } from '../origin.ts';
import type { RegistryStorage } from './storage.ts';

export interface BlobHost {
  /** An address that can be read for so many seconds, without credentials. */
  address(digest: string, seconds: number): string;
  readonly handler: Handler;
}

const container = 'a1b2c3d4e5-registry';
const key = randomBytes(32);

/** `origin` is that of the server which will use the handler. */
export function blobHost(origin: string, storage: RegistryStorage): BlobHost {
  return {
    address(digest, seconds) {
      const hex = digest.replace('sha256:', '');
      const path = `/${container}//docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
      const expires = new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z');
      const query = new URLSearchParams({
        se: expires,
        sig: signatureOf(path, expires),
        sp: 'r',
        sr: 'b',
        sv: '2021-08-06',
        regid: container,
      });
      return `${origin}${path}?${query.toString()}`;
    },
    handler(exchange) {
      if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
        exchange.violation(`a write to storage: ${exchange.method}`);
        return failure(405, 'UnsupportedHttpVerb', 'The resource does not support the specified HTTP verb.');
      }
      if (exchange.headers['authorization'] !== undefined) {
        exchange.violation('credentials sent to storage');
        return failure(
          400,
          'InvalidAuthenticationInfo',
          'Authentication information is not given in the correct format. Check the value of Authorization header.',
        );
      }
      const { path, query } = exchange;
      const expires = query.get('se') ?? '';
      if (query.get('sig') !== signatureOf(path, expires)) {
        return failure(
          403,
          'AuthenticationFailed',
          'Server failed to authenticate the request. Signature did not match.',
        );
      }
      if (!(Date.parse(expires) > Date.now())) {
        return failure(
          403,
          'AuthenticationFailed',
          'Server failed to authenticate the request. Signature not valid in the specified time frame.',
        );
      }
      const hex = /\/([0-9a-f]{64})\/data$/.exec(path)?.[1] ?? '';
      return blobReply(storage, `sha256:${hex}`, exchange.headers['range']);
    },
  };
}

function blobReply(storage: RegistryStorage, digest: string, range: string | undefined): Reply {
  const size = storage.blobSize(digest);
  if (size === undefined) return failure(404, 'BlobNotFound', 'The specified blob does not exist.');
  const headers = {
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    etag: `"0x${digest.slice(7, 22).toUpperCase()}"`,
    'x-ms-blob-type': 'BlockBlob',
    'x-ms-request-id': randomUUID(),
    'x-ms-version': '2021-08-06',
  };
  const path = storage.blobPath(digest);
  const wanted = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  if (wanted === null) return { status: 200, headers, file: { path, start: 0, length: size } };
  const start = Number(wanted[1]);
  const end = wanted[2] === '' ? size - 1 : Math.min(Number(wanted[2]), size - 1);
  if (start >= size || end < start) {
    return {
      ...failure(416, 'InvalidRange', 'The range specified is invalid for the current size of the resource.'),
      headers: { 'content-range': `bytes */${size}` },
    };
  }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${size}` },
    file: { path, start, length: end - start + 1 },
  };
}

function signatureOf(path: string, expires: string): string {
  return createHmac('sha256', key).update(`${path}\n${expires}`).digest('base64');
}

function failure(status: number, code: string, message: string): Reply {
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
    body: `\uFEFF<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}\nRequestId:${randomUUID()}\nTime:${new Date().toISOString()}</Message></Error>`,
  };
}
