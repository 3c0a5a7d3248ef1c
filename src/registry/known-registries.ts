/**
 * Where a public registry departs from the rule "one host for everything". A host that is not listed has its API and its
 * tokens on itself and may not redirect blobs anywhere but where the caller allows.
 */
export interface KnownRegistry {
  /** Host in image references. */
  readonly host: string;
  /** Host that answers the distribution API, when it is another. */
  readonly apiHost?: string;
  /** Hosts beside the API's own that may hand out its tokens. */
  readonly tokenHosts: readonly string[];
  /** Hosts (`name`) and suffixes (`.name`) that blobs are redirected to. */
  readonly blobHosts: readonly string[];
}

/** Sorted by host. */
export const knownRegistries: readonly KnownRegistry[] = [
  {
    // Docker Docs, "Allowlist for Docker Desktop".
    host: 'docker.io',
    apiHost: 'registry-1.docker.io',
    tokenHosts: ['auth.docker.io'],
    blobHosts: [
      'docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com',
      'production.cloudflare.docker.com',
      'production.cloudfront.docker.com',
    ],
  },
  {
    // GitHub Docs, "Working with the Container registry".
    host: 'ghcr.io',
    tokenHosts: [],
    blobHosts: ['pkg-containers.githubusercontent.com'],
  },
  {
    // Microsoft Artifact Registry, "Client firewall rules".
    host: 'mcr.microsoft.com',
    tokenHosts: [],
    blobHosts: ['.data.mcr.microsoft.com'],
  },
  {
    // Red Hat, "Firewall changes for container image pulls".
    host: 'quay.io',
    tokenHosts: [],
    blobHosts: ['.quay.io'],
  },
];

export function knownRegistry(host: string): KnownRegistry | undefined {
  return knownRegistries.find((known) => known.host === host);
}

/**
 * True when `host` (with its port, if it is not 443) is allowed by one of `allowed`: `.example.org` stands for every name
 * below it on port 443, anything else for exactly that host and port.
 */
export function isAllowedHost(host: string, allowed: readonly string[]): boolean {
  const wanted = host.toLowerCase();
  return allowed.some((entry) => {
    const rule = entry.toLowerCase();
    if (rule.startsWith('.')) return wanted.endsWith(rule) && wanted.length > rule.length && !wanted.includes(':');
    return wanted === rule || wanted === rule.replace(/:443$/, '');
  });
}
