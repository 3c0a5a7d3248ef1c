/** What is read with calls of its own because Resource Graph lacks it, one entry a kind. */
export interface ListCollector {
  /** ARM type of the members. */
  readonly type: string;
  /** Api-versions to try in order: a cloud that lacks one may have the next. */
  readonly apiVersions: readonly string[];
}

/** A list of a whole subscription: `/subscriptions/{id}/providers/{type}`. */
export interface SubscriptionCollector extends ListCollector {
  /** Lists and extensions of each member. */
  readonly details: readonly DetailCollector[];
}

/** A list below a resource; `path` follows its id. */
export interface DetailCollector extends ListCollector {
  readonly path: string;
}

/** Azure REST API reference, "Container Registry": softDeletePolicy is in a preview alone. */
const registries: SubscriptionCollector = {
  type: 'Microsoft.ContainerRegistry/registries',
  apiVersions: ['2025-06-01-preview', '2025-11-01'],
  details: [
    { type: 'Microsoft.ContainerRegistry/registries/tokens', path: '/tokens', apiVersions: ['2025-11-01'] },
    { type: 'Microsoft.ContainerRegistry/registries/replications', path: '/replications', apiVersions: ['2025-11-01'] },
    {
      type: 'Microsoft.Insights/diagnosticSettings',
      path: '/providers/Microsoft.Insights/diagnosticSettings',
      apiVersions: ['2021-05-01-preview'],
    },
  ],
};

const clusters: SubscriptionCollector = {
  type: 'Microsoft.ContainerService/managedClusters',
  apiVersions: ['2025-10-01'],
  details: [],
};

/** Defender plans of the subscription. */
const pricings: SubscriptionCollector = {
  type: 'Microsoft.Security/pricings',
  apiVersions: ['2024-01-01'],
  details: [],
};

/** In the order in which they are read. */
export const subscriptionCollectors: readonly SubscriptionCollector[] = [registries, clusters, pricings];

/**
 * Types that decide whether something is reachable from the internet. They come from Resource Graph, which leaves out
 * in silence what may not be read: permission for each is checked beside it.
 */
export const networkTypes: readonly string[] = [
  'Microsoft.Network/publicIPAddresses',
  'Microsoft.Network/loadBalancers',
  'Microsoft.Network/applicationGateways',
  'Microsoft.Network/privateLinkServices',
  'Microsoft.Network/frontDoors',
  'Microsoft.Cdn/profiles',
];
