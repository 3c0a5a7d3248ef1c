import * as z from 'zod';
import { permissionModeOf, type PermissionMode } from './permission-mode.ts';

/** What the reading of a registry's images depends on. */
export interface RegistryFacts {
  /** ARM id. */
  readonly id: string;
  readonly name: string;
  /** Host, with port where there is one, lower case; not always made from the name. */
  readonly loginServer: string;
  readonly location: string;
  readonly sku?: string;
  /** `abac`: rights are given on repositories, and the older pull role counts for nothing. */
  readonly permissionMode: PermissionMode;
  /** False when only tokens for the registry audience are accepted. */
  readonly acceptsArmTokens: boolean | 'unknown';
  /** False when only private endpoints are served. */
  readonly publicNetworkAccess: boolean | 'unknown';
  /** Hosts beside the cloud's blob hosts that layers may come from. */
  readonly dataEndpointHosts: readonly string[];
}

const text = z.string().optional().catch(undefined);
const schema = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  location: z.string().catch(''),
  sku: z.object({ name: text }).catch({}),
  properties: z.object({
    loginServer: z.string().min(1),
    roleAssignmentMode: text,
    publicNetworkAccess: text,
    dataEndpointHostNames: z.array(z.string()).catch([]),
    policies: z
      .object({ azureADAuthenticationAsArmPolicy: z.object({ status: text }).catch({}) })
      .catch({ azureADAuthenticationAsArmPolicy: {} }),
  }),
});

/** Facts of a registry out of its ARM JSON; undefined when it has no login server (being created, or not a registry). */
export function readRegistryFacts(resource: unknown): RegistryFacts | undefined {
  const result = schema.safeParse(resource);
  if (!result.success) return undefined;
  const { id, name, location, sku, properties } = result.data;
  const armTokens = properties.policies.azureADAuthenticationAsArmPolicy.status;
  return {
    id,
    name,
    loginServer: properties.loginServer.toLowerCase(),
    location,
    ...(sku.name === undefined ? {} : { sku: sku.name }),
    permissionMode: permissionModeOf(properties.roleAssignmentMode),
    acceptsArmTokens: armTokens === undefined ? 'unknown' : armTokens.toLowerCase() !== 'disabled',
    publicNetworkAccess:
      properties.publicNetworkAccess === undefined
        ? 'unknown'
        : properties.publicNetworkAccess.toLowerCase() !== 'disabled',
    dataEndpointHosts: properties.dataEndpointHostNames.map((host) => host.toLowerCase()),
  };
}
