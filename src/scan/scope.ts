/**
 * What a scan is limited to: everything of the connections, or one asset by its id: an ARM id (subscription, registry,
 * cluster, other resource), `repository:<host>/<path>`, `image:<host>/<path>@<digest>`, or `k8s:…` for a namespace or
 * workload.
 */
export class ScanScope {
  readonly #asset: string | undefined;

  constructor(assetId: string | undefined) {
    this.#asset = assetId?.toLowerCase();
  }

  get isWhole(): boolean {
    return this.#asset === undefined;
  }

  /** Id under which runs of the same target are compared. */
  key(connectionId: string | undefined): string {
    return `${connectionId ?? '*'} ${this.#asset ?? '*'}`;
  }

  registry(id: string, loginServer: string): boolean {
    const asset = this.#asset;
    if (asset === undefined || covers(asset, id)) return true;
    return (
      asset.startsWith(`repository:${loginServer}/`) || asset.startsWith(`image:${loginServer}/`) || this.#runtime()
    );
  }

  cluster(id: string): boolean {
    const asset = this.#asset;
    return asset === undefined || covers(asset, id) || asset.startsWith(`k8s:${id.toLowerCase()}`) || !this.#runtime();
  }

  /** Whether an image is read: by its own key, its repository, its registry, or because a workload in scope runs it. */
  image(
    key: string,
    registryId: string,
    loginServer: string,
    repository: string,
    workloads: readonly string[],
  ): boolean {
    const asset = this.#asset;
    if (asset === undefined || covers(asset, registryId)) return true;
    if (asset === `image:${key}`.toLowerCase() || asset === `repository:${loginServer}/${repository}`.toLowerCase())
      return true;
    if (asset.startsWith('/subscriptions/'))
      return workloads.some((id) => id.toLowerCase().startsWith(`k8s:${asset}/`));
    return workloads.some((id) => covers(asset, id));
  }

  #runtime(): boolean {
    return this.#asset?.startsWith('k8s:') === true || /\/managedclusters\/[^/]+$/.test(this.#asset ?? '');
  }
}

/** True when `id` is the asset or lies below it. */
function covers(asset: string, id: string): boolean {
  const lower = id.toLowerCase();
  return lower === asset || lower.startsWith(`${asset}/`);
}
