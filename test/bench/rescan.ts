// What is known is not read again: layers that images share are fetched once, and a second scan fetches none.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { RecordedRequest } from '../lab/main.ts';
import { startLabProcess, type LabProcess } from '../support/lab-process.ts';
import { startChild } from './child.ts';
import type { EngineCalls } from './engine-child.ts';
import { rounded, type BenchRow } from './row.ts';

/** The least of them counts: other work on the machine only ever adds. */
const rescans = 3;

export async function run(): Promise<BenchRow[]> {
  const lab = await startLabProcess();
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bench-'));
  const engine = startChild<EngineCalls>('engine-child.ts', { env: { NODE_EXTRA_CA_CERTS: lab.caFile } });
  try {
    await engine.call('open', { lab, dataDir, images: 'all' });
    await lab.clearRequests();
    await engine.call('scan', null);
    const first = layerRequests(lab, await lab.requests());
    await lab.clearRequests();
    const times: number[] = [];
    let images = 0;
    for (let n = 0; n < rescans; n++) {
      const again = await engine.call('scan', null);
      images = again.images;
      times.push(again.imagesMs / again.images);
    }
    const blobs = (await lab.requests()).filter(({ path: asked }) => asked.includes('/blobs/'));
    await engine.call('close', null);
    if (images < 5 || first.images < 5) throw new Error(`Only ${images} and ${first.images} images were read`);
    console.error(
      `${first.images} images stand on ${first.inImages} layers, ${first.unique} of them different; ` +
        `${first.requests} requests for layers`,
    );
    return [
      {
        name: 'layers fetched by a first scan, against different layers',
        figure: first.requests,
        unit: 'requests',
        floor: first.unique,
        ratio: rounded(first.requests / first.unique),
        budget: 1,
      },
      { name: 'blobs fetched by a second scan', figure: blobs.length, unit: 'requests', budget: 0 },
      { name: 'an image in a second scan', figure: rounded(Math.min(...times)), unit: 'ms', budget: 20 },
    ];
  } finally {
    await engine.stop();
    await lab.stop();
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Requests for layers at the registries themselves; each is answered or sent on to a storage host. */
function layerRequests(
  lab: LabProcess,
  requests: readonly RecordedRequest[],
): { readonly images: number; readonly inImages: number; readonly unique: number; readonly requests: number } {
  const asked = requests
    .filter(({ role, method }) => role.startsWith('registry.') && method === 'GET')
    // Challenges are answered with 401 and asked again with a token.
    .filter(({ status }) => status === 200 || status === 307)
    .flatMap(({ path: at }) => /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(at)?.[1] ?? []);
  const read = lab.images.filter(({ configDigest }) => asked.includes(configDigest));
  const layers = read.flatMap((image) => image.layers.map(({ digest }) => digest));
  const different = new Set(layers);
  return {
    images: read.length,
    inImages: layers.length,
    unique: different.size,
    requests: asked.filter((digest) => different.has(digest)).length,
  };
}
