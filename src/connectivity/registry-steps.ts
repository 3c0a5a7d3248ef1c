import * as z from 'zod';
import { openRegistry } from '../azure/acr-tokens.ts';
import { isGranted, type WantedAction } from '../azure/permissions.ts';
import type { RegistryFacts } from '../azure/registry-facts.ts';
import { assignRoleCommand, quoteForShell, roles } from '../azure/roles.ts';
import { isEngineError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import type { RegistryClient } from '../registry/client.ts';
import { features, freshlyAssigned, type Rights, type VerifyContext } from './context.ts';
import { failed, sentence, type StepOutcome, type StepPlan } from './runner.ts';

const registriesType = 'Microsoft.ContainerRegistry/registries';
const actions = {
  catalog: { action: `${registriesType}/catalog/read`, kind: 'dataAction' },
  content: { action: `${registriesType}/repositories/content/read`, kind: 'dataAction' },
  metadata: { action: `${registriesType}/repositories/metadata/read`, kind: 'dataAction' },
  pull: { action: `${registriesType}/pull/read`, kind: 'action' },
} as const satisfies Readonly<Record<string, WantedAction>>;

/** Repositories that are tried until one can be read: a condition may close some. */
const mostTried = 5;
const largestConfig = 1024 * 1024;

/** Lists and reads one registry the way a scan does: token, exchange, catalog, manifest, config blob. */
export function registryStep(
  context: VerifyContext,
  rights: Rights,
  registry: RegistryFacts,
  subscriptionId: string,
): StepPlan {
  return {
    id: `registry.data:${registry.name}`,
    group: 'registry',
    title: `Registry ${registry.name}: list and read images`,
    target: { kind: 'registry', id: registry.id, name: registry.name },
    required: false,
    neededFor: [features.images],
    needs: ['token.acr', `subscription:${subscriptionId}`],
    run: (signal) => readRegistry(context, rights, registry, signal),
  };
}

interface Tried {
  readonly listed: boolean;
  readonly listError?: unknown;
  readonly read: number;
  readonly refused: number;
  readonly readError?: unknown;
  readonly blobError?: unknown;
}

async function readRegistry(
  context: VerifyContext,
  rights: Rights,
  registry: RegistryFacts,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const client = openRegistry(context.session, context.registryTokens, registry, context);
  try {
    await client.ping(signal);
  } catch (error) {
    signal.throwIfAborted();
    return unreachable(context, registry, error);
  }
  const tried = await tryReading(client, signal);
  const broken = [tried.listError, tried.readError].find(
    (error) => error !== undefined && !(isEngineError(error) && error.code === 'access-denied'),
  );
  if (broken !== undefined) return unreachable(context, registry, broken);
  if (tried.blobError !== undefined) {
    const outcome = failed(tried.blobError);
    return { ...outcome, reason: `Lists images, but cannot read their layers. ${outcome.reason ?? ''}`.trim() };
  }
  if (tried.listed && (tried.read > 0 || tried.refused === 0)) return passed(context, rights, registry, tried, signal);
  return explain(context, rights, registry, tried, signal);
}

async function tryReading(client: RegistryClient, signal: AbortSignal): Promise<Tried> {
  const names: string[] = [];
  let listError: unknown;
  try {
    for await (const name of client.repositories(signal)) {
      names.push(name);
      if (names.length >= mostTried) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isEngineError(error)) throw error;
    listError = error;
  }
  let read = 0;
  let refused = 0;
  let readError: unknown;
  let blobError: unknown;
  for (const name of names) {
    try {
      const outcome = await readOne(client, name, signal);
      if (outcome === 'empty') continue;
      read++;
      if (outcome !== 'read') blobError = outcome.blobError;
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (!isEngineError(error)) throw error;
      // deleted since it was listed, or locked by its owner: neither tells of a right
      if (error.code === 'not-found' || ('httpStatus' in error && error.httpStatus === 405)) continue;
      refused++;
      readError = error;
      if (error.code !== 'access-denied') break;
    }
  }
  return {
    listed: listError === undefined,
    ...(listError === undefined ? {} : { listError }),
    read,
    refused,
    ...(readError === undefined ? {} : { readError }),
    ...(blobError === undefined ? {} : { blobError }),
  };
}

const manifestSchema = z.object({
  config: z.object({ mediaType: z.string(), digest: z.string(), size: z.number().int().nonnegative() }),
});

/** Manifests of a repository that are tried until one has a config of its own: an index has none. */
const mostManifests = 4;

/**
 * Reads a manifest by digest, as a tag could make the registry fetch from elsewhere, and its config, as layers come from
 * other hosts that a firewall may treat differently. `empty` when the repository holds nothing.
 */
async function readOne(
  client: RegistryClient,
  repository: string,
  signal: AbortSignal,
): Promise<'read' | 'empty' | { readonly blobError: unknown }> {
  let seen = 0;
  for await (const { digest } of client.manifests(repository, signal)) {
    const { bytes } = await client.manifest(repository, digest, signal);
    const parsed = manifestSchema.safeParse(parseJson(Buffer.from(bytes).toString('utf8'), 'a manifest'));
    if (parsed.success && parsed.data.config.size <= largestConfig) {
      try {
        for await (const chunk of await client.blob(repository, parsed.data.config, signal))
          if (chunk.length > 0) break;
        return 'read';
      } catch (blobError) {
        signal.throwIfAborted();
        if (!isEngineError(blobError)) throw blobError;
        return { blobError };
      }
    }
    if (++seen >= mostManifests) break;
  }
  return seen === 0 ? 'empty' : 'read';
}

async function passed(
  context: VerifyContext,
  rights: Rights,
  registry: RegistryFacts,
  tried: Tried,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const { content } = actions;
  const readers = (await rights.rolesAt(registry.id, signal)).filter(({ definition }) =>
    isGranted(definition.permissions, content.action, content.kind),
  );
  const limited =
    registry.permissionMode === 'abac' &&
    readers.length > 0 &&
    readers.every(({ assignment }) => /registries\/repositories:name/i.test(assignment.condition ?? ''));
  if (limited || tried.refused > 0) {
    return {
      state: 'warn',
      usable: true,
      reason: 'Lists the registry, but may read only some of its repositories: a condition limits the role.',
      nextStep: `Assign ${roles.repositoryReader.name} without a condition to read them all.`,
      command: assign(context, registry, [roles.repositoryReader.name]),
    };
  }
  const notes: string[] = [];
  if (registry.acceptsArmTokens === false) {
    notes.push('This registry refuses tokens of Resource Manager; a registry-scoped one is used.');
  }
  if (tried.read === 0) notes.push('It holds no image that could be read now, so that pulling was not tried.');
  return { state: 'pass', ...(notes.length === 0 ? {} : { reason: notes.join(' ') }) };
}

function assign(
  context: VerifyContext,
  registry: RegistryFacts,
  names: readonly string[],
): NonNullable<StepOutcome['command']> {
  return {
    label: names.length === 1 ? `Assign ${names[0] ?? ''}` : 'Assign the roles',
    text: names.map((name) => assignRoleCommand(context.session.clientId, name, registry.id)).join('\n'),
  };
}

/** Which role is missing, by what worked and by the effective permissions. */
async function explain(
  context: VerifyContext,
  rights: Rights,
  registry: RegistryFacts,
  tried: Tried,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const error = tried.readError ?? tried.listError;
  const base = failed(error);
  const detail = base.detail === undefined ? {} : { detail: base.detail };
  const firewall = firewallAddress(error);
  if (firewall !== undefined) return unreachable(context, registry, error);
  const held = await rights.at(registry.id, signal);
  const may = ({ action, kind }: WantedAction): boolean => isGranted(held, action, kind);
  const abac = registry.permissionMode === 'abac';
  const wanted = abac ? [actions.content, actions.metadata, actions.catalog] : [actions.pull];
  const minutes = await rights.assignedMinutesAgo(registry.id, wanted, signal);
  const { repositoryReader, catalogLister, acrPull } = roles;
  if (minutes !== undefined) {
    return freshlyAssigned(
      context,
      minutes,
      assign(context, registry, abac ? [repositoryReader.name, catalogLister.name] : [acrPull.name]),
    );
  }
  const mayCatalog = abac ? may(actions.catalog) : may(actions.pull);
  const mayRead = abac ? may(actions.content) : may(actions.pull);
  if (abac && !mayRead && !mayCatalog) {
    const pullHeld = may(actions.pull);
    return {
      state: 'fail',
      reason: pullHeld
        ? 'Pull roles are not honoured by this registry.'
        : 'May see the registry, may not read its images; it uses permissions on repositories.',
      nextStep: `Assign ${repositoryReader.name} and ${catalogLister.name}.`,
      command: assign(context, registry, [repositoryReader.name, catalogLister.name]),
      ...detail,
    };
  }
  if (abac) {
    const missing = tried.listed ? repositoryReader.name : catalogLister.name;
    return {
      state: 'fail',
      ...(tried.listed ? {} : { usable: true }),
      reason: tried.listed
        ? 'May list the repositories, may not read their images.'
        : 'May read images, may not list the repositories.',
      nextStep: `Assign ${missing}.`,
      command: assign(context, registry, [missing]),
      ...detail,
    };
  }
  return {
    state: 'fail',
    reason:
      mayRead && registry.permissionMode === 'unknown'
        ? sentence(base.reason ?? 'The registry refuses')
        : tried.listed
          ? 'May list the repositories, may not read their images.'
          : 'May see the registry, may not read its images.',
    nextStep: `Assign ${acrPull.name}.`,
    command: assign(context, registry, [acrPull.name]),
    ...detail,
  };
}

/** The address that a registry's firewall names when it refuses. Azure Container Registry, "Configure public IP network rules". */
function firewallAddress(error: unknown): string | undefined {
  if (!isEngineError(error) || !('httpStatus' in error) || error.httpStatus !== 403) return undefined;
  return /client with IP '([0-9a-fA-F.:]+)'/.exec(error.message)?.[1];
}

/** Network, firewall, certificate or proxy: each in its own words. */
function unreachable(context: VerifyContext, registry: RegistryFacts, error: unknown): StepOutcome {
  const base = failed(error);
  const address = firewallAddress(error);
  const privateOnly = registry.publicNetworkAccess === false;
  const refused = isEngineError(error) && 'httpStatus' in error && error.httpStatus === 403;
  const network =
    isEngineError(error) &&
    (error.code === 'timed-out' ||
      (error.code === 'unreachable' &&
        'reason' in error &&
        error.reason !== 'certificate' &&
        error.reason !== 'offline'));
  if (privateOnly && (refused || network)) {
    return {
      ...base,
      reason: `Not reachable from ${context.ranFrom}: the registry accepts private connections only.`,
      nextStep: 'Run the editor in a remote inside its network, or change the registry.',
    };
  }
  if (address !== undefined) {
    return {
      ...base,
      reason: `The registry's firewall rejects ${address}, as seen by Azure.`,
      nextStep: `Add the address to the network rules of the registry; the change takes some minutes.`,
      command: {
        label: 'Add the address',
        text: `az acr network-rule add --name ${quoteForShell(registry.name)} --ip-address ${address}`,
      },
    };
  }
  return base;
}
