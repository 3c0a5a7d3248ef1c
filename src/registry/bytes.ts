import { createHash } from 'node:crypto';
import { translate, type HttpResponse } from '../core/http.ts';
import { LimitExceededError } from '../core/errors.ts';

/** The whole body. Throws LimitExceededError over `maxBytes`, UnreachableError when the connection is cut. */
export async function readBytes(
  response: HttpResponse,
  maxBytes: number,
  what: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new LimitExceededError(
          `Cannot read ${what}: it is larger than ${maxBytes} bytes`,
          'No genuine manifest or configuration is that large; report it if this one is.',
        );
      }
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof LimitExceededError ? error : translate(error, new URL(response.url));
  }
  return Buffer.concat(chunks);
}

/** `sha256:` and the digest of the bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
