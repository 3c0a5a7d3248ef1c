import * as z from 'zod';

/** What the way into a cluster depends on, out of its ARM resource. */
export interface ClusterFacts {
  /** ARM id as written. */
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly version?: string;
  /** Names that the API server may have, with their port where it is not 443; lower case. */
  readonly hosts: readonly string[];
  /** `other` while it is made, started, stopped or deleted. */
  readonly power: 'running' | 'stopped' | 'other';
  readonly provisioningState?: string;
  /** Who decides about access: the cluster alone, Entra sign-in with Azure roles, Entra sign-in with the cluster's own roles, or the retired integration. */
  readonly access: 'local' | 'azureRbac' | 'kubernetesRbac' | 'legacyEntra';
  readonly localAccountsDisabled: boolean;
  readonly privateApi: boolean;
  /** Address ranges that may call the API; empty: all. */
  readonly authorizedRanges: readonly string[];
  /** `azure`, `calico`, `cilium`; absent: network policies have no effect. */
  readonly networkPolicy?: string;
  readonly nodesHavePublicIps: boolean | 'unknown';
}

const text = z.string().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);
const schema = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  location: z.string().catch(''),
  properties: z.object({
    provisioningState: text,
    powerState: z.object({ code: text }).optional().catch(undefined),
    kubernetesVersion: text,
    currentKubernetesVersion: text,
    fqdn: text,
    privateFQDN: text,
    azurePortalFQDN: text,
    disableLocalAccounts: flag,
    aadProfile: z
      .object({ managed: flag, enableAzureRBAC: flag, clientAppID: text, serverAppID: text })
      .nullish()
      .catch(undefined),
    apiServerAccessProfile: z
      .object({ authorizedIPRanges: z.array(z.string()).nullish().catch(undefined), enablePrivateCluster: flag })
      .nullish()
      .catch(undefined),
    networkProfile: z.object({ networkPolicy: text }).nullish().catch(undefined),
    agentPoolProfiles: z
      .array(z.object({ enableNodePublicIP: flag }))
      .nullish()
      .catch(undefined),
  }),
});

/** Facts of a cluster out of its ARM JSON, undefined when it has none of its shape. Azure REST, "Managed Clusters". */
export function readClusterFacts(resource: unknown): ClusterFacts | undefined {
  const result = schema.safeParse(resource);
  if (!result.success) return undefined;
  const { id, name, location, properties } = result.data;
  const version = properties.currentKubernetesVersion ?? properties.kubernetesVersion;
  const pools = properties.agentPoolProfiles ?? [];
  const policy = properties.networkProfile?.networkPolicy?.toLowerCase();
  return {
    id,
    name,
    location,
    ...(version === undefined ? {} : { version }),
    hosts: [properties.fqdn, properties.privateFQDN, properties.azurePortalFQDN].flatMap((host) =>
      host === undefined || host === '' ? [] : [host.toLowerCase()],
    ),
    power: powerOf(properties.powerState?.code, properties.provisioningState),
    ...(properties.provisioningState === undefined ? {} : { provisioningState: properties.provisioningState }),
    access: accessOf(properties.aadProfile),
    localAccountsDisabled: properties.disableLocalAccounts === true,
    privateApi: properties.apiServerAccessProfile?.enablePrivateCluster === true,
    authorizedRanges: properties.apiServerAccessProfile?.authorizedIPRanges ?? [],
    ...(policy === undefined || policy === '' || policy === 'none' ? {} : { networkPolicy: policy }),
    nodesHavePublicIps: pools.length === 0 ? 'unknown' : pools.some((pool) => pool.enableNodePublicIP === true),
  };
}

function powerOf(code: string | undefined, provisioning: string | undefined): ClusterFacts['power'] {
  if (code?.toLowerCase() === 'stopped') return 'stopped';
  // a cluster whose last change failed often still answers
  return /^(stopping|starting|creating|deleting)$/i.test(provisioning ?? '') ? 'other' : 'running';
}

function accessOf(profile: z.infer<typeof schema>['properties']['aadProfile']): ClusterFacts['access'] {
  if (profile === undefined || profile === null) return 'local';
  const retired = profile.managed !== true && (profile.serverAppID ?? profile.clientAppID) !== undefined;
  if (retired || profile.managed === false) return 'legacyEntra';
  return profile.enableAzureRBAC === true ? 'azureRbac' : 'kubernetesRbac';
}
