// A thousand images on fifty bases, in a real registry: what they share is fetched and unpacked once.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createAuthority } from '../lab/certificates.ts';
import { BlobStore } from '../lab/images/blobs.ts';
import { storeImage } from '../lab/images/oci.ts';
import { startRegistry, writeRegistryLayout, type Push } from '../lab/images/registry.ts';
import { fileEntry, type TarEntry } from '../lab/images/tar.ts';
import { startChild } from './child.ts';
import { rounded, type BenchRow } from './row.ts';
import type { ReadAll, SharingCalls, Wanted } from './sharing-child.ts';

const bases = 50;
const imagesOfBase = 20;
const packagesOfBase = 120;
const mebibyte = 1024 * 1024;
const created = '2026-05-18T10:00:00Z';

export async function run(): Promise<BenchRow[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-sharing-'));
  const child = startChild<SharingCalls>('sharing-child.ts', { execArgv: ['--expose-gc'] });
  try {
    const store = new BlobStore(path.join(folder, 'blobs'));
    const storage = path.join(folder, 'registry');
    const { pushes, wanted, layers } = await makeImages(store);
    await writeRegistryLayout(pushes, store, storage);
    const authority = createAuthority('Bench authority');
    const certificate = authority.issue({ commonName: 'registry', hosts: ['127.0.0.1'] });
    await using registry = await startRegistry(storage, folder, certificate);
    const where = { host: `127.0.0.1:${registry.port}`, ca: authority.certificatePem, dataDir: folder };
    // One image of each base comes first: what the others add is known from there.
    const first = await child.call('readAll', { ...where, wanted: wanted.filter((_, n) => n % imagesOfBase === 0) });
    const others = await child.call('readAll', { ...where, wanted: wanted.filter((_, n) => n % imagesOfBase !== 0) });
    const again = await child.call('readAll', { ...where, wanted });
    await child.call('close', null);
    expect(first, bases);
    expect(others, bases * imagesOfBase - bases);
    expect(again, bases * imagesOfBase);
    return [
      {
        name: 'layers fetched for 1,000 images on 50 bases, against different layers',
        figure: first.layers + others.layers,
        unit: 'requests',
        floor: layers,
        ratio: rounded((first.layers + others.layers) / layers),
        budget: 1,
      },
      {
        name: 'an image whose base is known, against one whose base is not',
        figure: rounded(others.ms / others.images),
        unit: 'ms',
        floor: rounded(first.ms / first.images),
        ratio: rounded(others.ms / others.images / (first.ms / first.images)),
        budget: 0.5,
      },
      { name: '1,000 images read again: blobs fetched', figure: again.blobs, unit: 'requests', budget: 0 },
      {
        name: '1,000 images read again: one of them',
        figure: rounded(again.ms / again.images),
        unit: 'ms',
        budget: 20,
      },
      {
        name: '1,000 images on 50 bases, memory above idle',
        figure: rounded(Math.max(first.peakBytes, others.peakBytes) / mebibyte),
        unit: 'MiB',
        // Three layers at a time, each within its own budget of 64 MiB.
        budget: 192,
      },
    ];
  } finally {
    await child.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function expect({ images, packages, problems }: ReadAll, count: number): void {
  const least = count * (packagesOfBase + 3);
  if (images === count && packages === least && problems === 0) return;
  throw new Error(
    `${images} images with ${packages} packages and ${problems} problems, expected ${count} with ${least}`,
  );
}

async function makeImages(
  store: BlobStore,
): Promise<{ pushes: readonly Push[]; wanted: readonly Wanted[]; layers: number }> {
  const pushes: Push[] = [];
  const wanted: Wanted[] = [];
  let layers = 0;
  for (let base = 0; base < bases; base++) {
    const lowest = await store.putLayer(baseEntries(base), 'gzip');
    layers++;
    for (let n = 0; n < imagesOfBase; n++) {
      const own = await store.putLayer(ownEntries(base, n), 'gzip');
      layers++;
      const manifest = await storeImage(store, {
        created,
        architecture: 'amd64',
        config: {},
        layers: [lowest, own],
        history: [
          { created, created_by: `/bin/sh -c #(nop) ADD file:base-${base} in / ` },
          { created, created_by: 'COPY app /app # buildkit' },
        ],
        dialect: 'oci',
      });
      const repository = `team-${base}/service-${n}`;
      pushes.push({ repository, manifest, tags: ['1.0'] });
      wanted.push({ repository, digest: manifest.digest });
    }
  }
  return { pushes, wanted, layers };
}

/** A small Debian with some megabytes of other files, no two bases alike. */
function* baseEntries(base: number): Generator<TarEntry> {
  const time = Date.parse(created) / 1000;
  const stanzas = Array.from({ length: packagesOfBase }, (_, n) =>
    [
      `Package: lib${base}-${n}`,
      'Status: install ok installed',
      'Architecture: amd64',
      `Version: 1.${base}.${n}-1`,
      `Description: library ${n} of base ${base}`,
      ...Array.from({ length: 12 }, (_line, at) => ` line ${at} of what is said about library ${n}`),
    ].join('\n'),
  );
  yield fileEntry('etc/os-release', 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', time);
  yield fileEntry('var/lib/dpkg/status', `${stanzas.join('\n\n')}\n`, time);
  for (let n = 0; n < 64; n++) yield fileEntry(`usr/lib/lib${base}-${n}.so`, noise(base * 64 + n, 64 * 1024), time);
}

function* ownEntries(base: number, n: number): Generator<TarEntry> {
  const time = Date.parse(created) / 1000;
  for (const name of ['express', 'left-pad', 'minimist']) {
    const content = JSON.stringify({ name, version: `1.${base}.${n}` });
    yield fileEntry(`app/node_modules/${name}/package.json`, content, time);
  }
  yield fileEntry('app/server.js', noise(1_000_000 + base * 100 + n, 8 * 1024), time);
}

/** Bytes that compress as program code does, to about a half; the same for the same seed. Numerical Recipes, "ranqd1". */
function noise(seed: number, bytes: number): Buffer {
  const out = Buffer.alloc(bytes);
  let state = seed >>> 0;
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    out[at] = (state >>> 24) & 0x0f;
  }
  return out;
}
