/** Where no source names an application. */
export const unassigned = 'Unassigned';

/** Labels that name the application of a workload. https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const partOf = 'app.kubernetes.io/part-of';

/** The application that tags name: the first source that has one of the keys, in the order of the keys. */
export function applicationOf(
  sources: readonly (Readonly<Record<string, string>> | undefined)[],
  keys: readonly string[],
): string {
  for (const tags of sources) {
    const lower = new Map(Object.entries(tags ?? {}).map(([key, value]) => [key.toLowerCase(), value.trim()]));
    for (const key of keys) {
      const value = lower.get(key.toLowerCase());
      if (value !== undefined && value !== '') return value;
    }
  }
  return unassigned;
}

/** The application of an image: that of its workloads, then tags of its registry, then namespace, then repository. */
export function applicationOfImage(
  workloads: readonly { readonly namespace: string; readonly labels: Readonly<Record<string, string>> }[],
  registryTags: Readonly<Record<string, string>> | undefined,
  repository: string,
  keys: readonly string[],
): string {
  for (const { labels } of workloads) {
    const name = labels[partOf]?.trim();
    if (name !== undefined && name !== '') return name;
  }
  const tagged = applicationOf([registryTags], keys);
  if (tagged !== unassigned) return tagged;
  const [first] = workloads;
  return first?.namespace ?? repository.split('/')[0] ?? unassigned;
}
