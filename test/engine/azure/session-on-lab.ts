// Sessions against the lab, as the engine makes them, with a log that tests can look into.
import { customCloud } from '../../../src/azure/clouds.ts';
import { createAzureSession, type AzureDeps, type AzureSession } from '../../../src/azure/session.ts';
import type { Cloud, Connection, ConnectionSecret } from '../../../src/azure/types.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { createHttpClient } from '../../../src/core/http.ts';
import { createLog, Redactor } from '../../../src/core/log.ts';
import type { Lab } from '../../lab/main.ts';
import { trustLab } from '../../support/trust-lab.ts';

export interface OnLab {
  readonly cloud: Cloud;
  readonly deps: AzureDeps;
  /** Lines of the log at its most talkative. */
  readonly lines: string[];
  secret(name: string, subscriptionIds?: readonly string[]): ConnectionSecret;
  session(name: string, subscriptionIds?: readonly string[]): AzureSession;
  connection: Connection;
  close(): void;
}

export function onLab(lab: Lab, more: Partial<AzureDeps> = {}): OnLab {
  trustLab(lab.caPem);
  const cloud = customCloud(lab.customCloud);
  const lines: string[] = [];
  const redactor = new Redactor();
  const log = createLog((level, line) => lines.push(`${level} ${line}`), redactor);
  const http = createHttpClient({ log, userAgent: 'plimsoll-test', backOffMs: 5 });
  const deps: AzureDeps = { http, log, redactor, clock: systemClock, ...more };
  const secret = (name: string, subscriptionIds: readonly string[] = []): ConnectionSecret => {
    const named = lab.credentials.named[name];
    if (named === undefined) throw new Error(`The lab has no sign-in "${name}"`);
    return { ...named, subscriptionIds };
  };
  return {
    cloud,
    deps,
    lines,
    secret,
    session: (name, subscriptionIds) => createAzureSession(cloud, secret(name, subscriptionIds), deps),
    connection: {
      id: 'lab',
      name: 'Lab',
      cloud: 'custom',
      signIn: 'servicePrincipalSecret',
      state: 'unverified',
      capabilities: ['registries', 'posture', 'aks', 'defender'],
      createdAt: '2026-11-01T00:00:00.000Z',
    },
    close: () => http.close(),
  };
}
