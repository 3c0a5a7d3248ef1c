import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cloudById, customCloud } from '../azure/clouds.ts';
import type { AzureDeps } from '../azure/session.ts';
import { createAzureSession } from '../azure/session.ts';
import type { Cloud, Connection, ConnectionSecret } from '../azure/types.ts';
import { systemClock } from '../core/clock.ts';
import { BadInputError } from '../core/errors.ts';
import { createHttpClient } from '../core/http.ts';
import { parseJson } from '../core/json.ts';
import { collectInventory } from '../inventory/collect.ts';
import type { Snapshot } from '../inventory/types.ts';
import type { CommandContext } from './command.ts';

/** The cloud that `--cloud` names: a built-in one, or a JSON file with the endpoints of another. Throws BadInputError. */
export async function readCloud(option: string | undefined): Promise<Cloud> {
  if (option === undefined || option === 'public' || option === 'usGovernment' || option === 'china')
    return cloudById(option ?? 'public');
  let text: string;
  try {
    text = await readFile(option, 'utf8');
  } catch (cause) {
    throw new BadInputError(
      `Cannot read the cloud file "${option}"`,
      'Give public, usGovernment, china or the path of a JSON file.',
      { cause },
    );
  }
  return customCloud(parseJson(text, `"${option}"`));
}

/** The identity in `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET`, `AZURE_SUBSCRIPTION_ID`. Throws BadInputError. */
export function readIdentity({ env, redactor }: CommandContext): ConnectionSecret {
  const missing = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET'].filter(
    (name) => (env[name] ?? '') === '',
  );
  if (missing.length > 0) {
    throw new BadInputError(
      `Cannot sign in to Azure: ${missing.join(', ')} not set`,
      'Set the variables of a service principal.',
    );
  }
  const clientSecret = env['AZURE_CLIENT_SECRET'] ?? '';
  redactor.register(clientSecret);
  return {
    tenantId: (env['AZURE_TENANT_ID'] ?? '').trim().toLowerCase(),
    clientId: (env['AZURE_CLIENT_ID'] ?? '').trim().toLowerCase(),
    clientSecret,
    subscriptionIds: (env['AZURE_SUBSCRIPTION_ID'] ?? '')
      .split(/[\s,;]+/)
      .filter((id) => id !== '')
      .map((id) => id.toLowerCase()),
  };
}

/** The connection that the environment stands for. */
export function environmentConnection(cloud: Cloud): Connection {
  return {
    id: 'environment',
    name: 'environment',
    cloud: cloud.id,
    signIn: 'servicePrincipalSecret',
    state: 'unverified',
    capabilities: ['registries', 'posture', 'aks'],
    createdAt: systemClock.now().toISOString(),
  };
}

export function azureDeps({ log, redactor }: CommandContext): AzureDeps & { close(): void } {
  const http = createHttpClient({ log, userAgent: 'plimsoll-cli' });
  return { http, log, redactor, clock: systemClock, close: () => http.close() };
}

/** The snapshot of the environment's subscriptions; `partial` when something could not be read. */
export async function collectForPosture(
  cloudOption: string | undefined,
  context: CommandContext,
): Promise<{ readonly snapshot: Snapshot; readonly partial: boolean }> {
  const cloud = await readCloud(cloudOption);
  const secret = readIdentity(context);
  const deps = azureDeps(context);
  try {
    const snapshot = await collectInventory({
      session: createAzureSession(cloud, secret, deps),
      subscriptionIds: secret.subscriptionIds,
      clock: systemClock,
      log: context.log,
      signal: context.signal,
    });
    return { snapshot, partial: snapshot.errors.length > 0 };
  } finally {
    deps.close();
  }
}

/** Folder of databases and caches: `--data`, else `plimsoll` in the user's cache folder. */
export function dataFolder(option: string | undefined, env: CommandContext['env']): string {
  if (option !== undefined) return path.resolve(option);
  const home = os.homedir();
  const cache =
    process.platform === 'win32'
      ? (env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'))
      : process.platform === 'darwin'
        ? path.join(home, 'Library', 'Caches')
        : (env['XDG_CACHE_HOME'] ?? path.join(home, '.cache'));
  return path.join(cache, 'plimsoll');
}
