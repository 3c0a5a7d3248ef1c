/** A record with a value for each key. */
export function mapKeys<K extends string, T>(keys: readonly K[], make: (key: K) => T): Record<K, T> {
  // every key of K is in the list
  return Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, T>;
}

/** The same, all at once. */
export async function byKey<K extends string, T>(
  keys: readonly K[],
  make: (key: K) => Promise<T>,
): Promise<Record<K, T>> {
  const made = await Promise.all(keys.map(make));
  return Object.fromEntries(keys.map((key, index) => [key, made[index]])) as Record<K, T>;
}
