import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../core/log.ts';

const fileName = 'fingerprint.key';
const keyBytes = 32;

/**
 * The random bytes of this machine that fingerprints of secrets are made with, from `fingerprint.key` in the data folder; made
 * at the first call, for the user alone to read. Where the folder cannot be written, bytes that are forgotten at the end:
 * fingerprints are then others in the next run. The key is in no report, export or log.
 */
export async function readFingerprintKey(dataDir: string, log: Log): Promise<Uint8Array> {
  const file = path.join(dataDir, fileName);
  try {
    await mkdir(dataDir, { recursive: true });
    // Two windows may start at once: whoever comes second takes what the first one wrote.
    await writeFile(file, randomBytes(keyBytes), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!isExisting(error)) {
      log.warn('fingerprint key not kept', { reason: error instanceof Error ? error.message : String(error) });
      return randomBytes(keyBytes);
    }
  }
  for (let attempt = 0; attempt < 20; attempt++) {
    const bytes = await readFile(file);
    if (bytes.length === keyBytes) return bytes;
    await new Promise((resolve) => setTimeout(resolve, 10)); // made, but not written yet
  }
  log.warn('fingerprint key unusable', { file: fileName });
  return randomBytes(keyBytes);
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
