import assert from 'node:assert/strict';
import http from 'node:http';
import process from 'node:process';
import type { FaultRule } from '../../lab/faults.ts';

/** Switches a fault of the lab on. */
export async function addFault(rule: FaultRule): Promise<void> {
  await control('POST', '/faults', rule);
}

/** Takes all faults away. */
export async function resetLab(): Promise<void> {
  await control('POST', '/reset');
}

export async function clearRequests(): Promise<void> {
  await control('DELETE', '/requests');
}

/** How many requests have arrived since the last clearing. */
export async function countRequests(): Promise<number> {
  const list: unknown = JSON.parse(await control('GET', '/requests'));
  assert.ok(Array.isArray(list));
  return list.length;
}

async function control(method: string, path: string, body?: unknown): Promise<string> {
  const url = process.env['PLIMSOLL_LAB_CONTROL'];
  assert.ok(url, 'PLIMSOLL_LAB_CONTROL names no lab');
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}${path}`, { method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${path} answered ${response.statusCode ?? 0}: ${text}`));
      });
    });
    request.once('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
