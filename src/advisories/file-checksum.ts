import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { DamagedError } from '../core/errors.ts';

const pieceBytes = 1024 * 1024;

/**
 * Length and CRC-32 of a file as one text: tells a damaged file from the one that was written, no more. Reads it whole,
 * some ten milliseconds for each ten megabytes. Throws DamagedError when it cannot be read.
 */
export function checksumOf(file: string): string {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (cause) {
    throw new DamagedError('Cannot read a file of the vulnerability data', 'Update the vulnerability data.', { cause });
  }
  try {
    const piece = Buffer.allocUnsafe(pieceBytes);
    let sum = 0;
    let length = 0;
    for (;;) {
      const got = readSync(fd, piece, 0, pieceBytes, null);
      if (got === 0) return `${length}-${sum.toString(16)}`;
      sum = crc32(piece.subarray(0, got), sum);
      length += got;
    }
  } finally {
    closeSync(fd);
  }
}
