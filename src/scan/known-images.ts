import { type KnownImage, type KnownImages, chainIds } from '../image/base-image.ts';
import type { ImageRecord } from './documents.ts';

/** What has to be known of an image to recognise it below another. */
export type KnownRecord = Pick<
  ImageRecord,
  'host' | 'repository' | 'digest' | 'asked' | 'tags' | 'diffIds' | 'scannedAt'
>;

/** Images that were scanned, as possible bases of others: by chain id, by name and by digest. */
export class ScannedImages {
  readonly #byChain = new Map<string, { readonly key: string; readonly image: KnownImage; readonly at: string }[]>();
  readonly #byName = new Map<string, readonly string[]>();

  constructor(records: readonly { readonly key: string; readonly record: KnownRecord }[]) {
    for (const { key, record } of records) this.add(key, record);
  }

  add(key: string, record: KnownRecord): void {
    const top = chainIds(record.diffIds).at(-1);
    if (top === undefined) return;
    const repository = `${record.host}/${record.repository}`;
    const [tag] = record.tags;
    const name = tag === undefined ? `${repository}@${record.digest}` : `${repository}:${tag}`;
    const entry = { key, image: { name, digest: record.digest }, at: record.scannedAt };
    this.#byChain.set(top, [...(this.#byChain.get(top) ?? []).filter((each) => each.key !== key), entry]);
    for (const digest of [record.digest, ...record.asked]) this.#byName.set(digest, record.diffIds);
    for (const each of record.tags) this.#byName.set(`${repository}:${each}`, record.diffIds);
  }

  /** What an image may stand on: everything but itself, and but other names of its own whole. */
  below(key: string, diffIds: readonly string[]): KnownImages {
    const own = chainIds(diffIds).at(-1);
    return {
      byChainId: (chainId) =>
        chainId === own ? undefined : this.#byChain.get(chainId)?.find((entry) => entry.key !== key)?.image,
      diffIds: (name) => {
        const found = this.#byName.get(name);
        return found?.length === diffIds.length ? undefined : found;
      },
    };
  }
}
