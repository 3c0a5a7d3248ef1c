import assert from 'node:assert/strict';
import { silentLog } from '../../../src/core/log.ts';
import { parsePlatform } from '../../../src/image/manifest.ts';
import { readImage } from '../../../src/image/read-image.ts';
import { resolveImage, type ResolvedImage } from '../../../src/image/resolve.ts';
import { mediaTypes } from '../../../src/registry/media-types.ts';
import { tar } from '../../support/tar.ts';
import { MemoryCache, MemoryRegistry } from './memory-image.ts';

const signal = new AbortController().signal;
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };

describe('what a reference stands for', () => {
  const registry = new MemoryRegistry();
  const first = registry.image({ layers: [tar({ name: 'a' })] });
  const second = registry.image({ layers: [tar({ name: 'b' })], architecture: 'arm64' });
  const provenance = registry.document({ schemaVersion: 2 }, mediaTypes.ociManifest).descriptor;
  const attestation = {
    ...provenance,
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': second.descriptor.digest,
    },
  };
  const index = registry.document(
    {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [{ ...first.descriptor, platform: amd64 }, { ...second.descriptor, platform: arm64 }, attestation],
    },
    mediaTypes.ociIndex,
  );

  it('is the image itself where there is no index', async () => {
    const { resolved } = await resolveImage(registry.source(first), undefined, signal);
    assert.deepEqual(resolved, {
      digest: first.descriptor.digest,
      named: { digest: first.descriptor.digest, mediaType: mediaTypes.ociManifest },
      attestations: [],
    });
  });

  it('is an index with the choice that was made, the other platforms, and what it holds about the chosen one', async () => {
    const { resolved } = await resolveImage(registry.source(index), parsePlatform('linux/arm64'), signal);
    assert.equal(resolved.digest, second.descriptor.digest);
    assert.deepEqual(resolved.named, { digest: index.descriptor.digest, mediaType: mediaTypes.ociIndex });
    assert.deepEqual(resolved.choices, [
      { digest: first.descriptor.digest, platform: amd64 },
      { digest: second.descriptor.digest, platform: arm64 },
    ]);
    assert.deepEqual(resolved.attestations, [attestation]);
    const other = await resolveImage(registry.source(index), undefined, signal);
    assert.deepEqual([other.resolved.digest, other.resolved.attestations], [first.descriptor.digest, []]);
  });

  it('is told before anything else is read, also for an image that is kept', async () => {
    const cache = new MemoryCache();
    for (const round of ['read', 'kept']) {
      let told: ResolvedImage | undefined;
      registry.asked.length = 0;
      const onResolved = (resolved: ResolvedImage): void => {
        told = resolved;
        assert.deepEqual(registry.blobsAsked(), [], round);
      };
      await readImage({ source: registry.source(index), cache, log: silentLog, signal, onResolved });
      assert.equal(told?.digest, first.descriptor.digest, round);
    }
  });

  it('is refused for another platform when that was asked for strictly, read or kept', async () => {
    const cache = new MemoryCache();
    const request = { source: registry.source(second), cache, log: silentLog, signal };
    const strict = { ...request, platform: amd64, strictPlatform: true };
    const refusal = { code: 'bad-input', message: 'Cannot scan "memory" for linux/amd64: there is linux/arm64' };
    await assert.rejects(readImage(strict), refusal);
    assert.equal((await readImage({ ...request, platform: amd64 })).platform.architecture, 'arm64');
    await assert.rejects(readImage(strict), refusal);
    await readImage({ ...strict, platform: parsePlatform('linux/arm64') });
  });
});
