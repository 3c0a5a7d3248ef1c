import assert from 'node:assert/strict';
import process from 'node:process';
import type { FaultRule } from '../../lab/faults.ts';
import { askLabControl } from '../../support/lab-control.ts';

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
  return askLabControl(`${url}${path}`, method, body);
}
