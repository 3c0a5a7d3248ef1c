import assert from 'node:assert/strict';
import {
  chainIds,
  claimedBase,
  findBaseImage,
  type KnownImage,
  type KnownImages,
} from '../../../src/image/base-image.ts';
import type { HistoryEntry, ImageConfig } from '../../../src/image/types.ts';
import { sha256 } from './memory-image.ts';

const diff = (n: number): string => `sha256:${String(n).padStart(64, '0')}`;

function config(layers: number, rest: Partial<ImageConfig> = {}): ImageConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    env: [],
    entrypoint: [],
    cmd: [],
    exposedPorts: [],
    labels: {},
    diffIds: Array.from({ length: layers }, (_, i) => diff(i)),
    history: [],
    ...rest,
  };
}

function knowing(...images: (KnownImage & { readonly diffIds: readonly string[] })[]): KnownImages {
  return {
    byChainId: (id) => {
      const found = images.find((image) => chainIds(image.diffIds).at(-1) === id);
      return found === undefined
        ? undefined
        : { name: found.name, ...(found.digest === undefined ? {} : { digest: found.digest }) };
    },
    diffIds: (key) => images.find((image) => image.name === key || image.digest === key)?.diffIds,
  };
}
const nothing = knowing();
const digest = `sha256:${'d'.repeat(64)}`;

describe('chain ids', () => {
  it('name all layers up to their own', () => {
    const second = sha256(`${diff(0)} ${diff(1)}`);
    assert.deepEqual(chainIds([diff(0), diff(1), diff(2)]), [diff(0), second, sha256(`${second} ${diff(2)}`)]);
    assert.deepEqual(chainIds([]), []);
  });
});

describe('the base image', () => {
  const labels = { 'org.opencontainers.image.base.name': 'debian:12', 'org.opencontainers.image.base.digest': digest };

  it('is the labelled one when its layers lie below', () => {
    const known = knowing({ name: 'debian:12', diffIds: [diff(0)] });
    assert.deepEqual(findBaseImage({ config: config(3, { labels }), annotations: {} }, known), {
      name: 'debian:12',
      digest,
      layerCount: 1,
      evidence: 'label',
      certain: true,
    });
  });

  it('is not the labelled one when its layers are others: the label came from the base itself', () => {
    const known = knowing({ name: 'debian:12', diffIds: [diff(9)] }, { name: 'node:20', diffIds: [diff(0), diff(1)] });
    assert.deepEqual(findBaseImage({ config: config(3, { labels }), annotations: {} }, known), {
      name: 'node:20',
      layerCount: 2,
      evidence: 'layers',
      certain: true,
    });
  });

  it('is claimed by annotations before labels', () => {
    const annotations = { 'org.opencontainers.image.base.name': 'ubuntu:24.04' };
    assert.deepEqual(claimedBase(config(1, { labels }), annotations), { name: 'ubuntu:24.04' });
    assert.deepEqual(claimedBase(config(1, { labels }), {}), { name: 'debian:12', digest });
    assert.equal(claimedBase(config(1), {}), undefined);
  });

  it('is the run image of buildpacks', () => {
    const metadata = {
      runImage: { topLayer: diff(1), reference: `registry.example/run@${digest}`, image: 'registry.example/run:jammy' },
    };
    const image = {
      config: config(4, { labels: { 'io.buildpacks.lifecycle.metadata': JSON.stringify(metadata) } }),
      annotations: {},
    };
    assert.deepEqual(findBaseImage(image, nothing), {
      name: 'registry.example/run:jammy',
      digest,
      layerCount: 2,
      evidence: 'buildpacks',
      certain: true,
    });
    for (const broken of ['{', '{"runImage":{}}', JSON.stringify({ runImage: { topLayer: diff(77) } })]) {
      const other = { config: config(4, { labels: { 'io.buildpacks.lifecycle.metadata': broken } }), annotations: {} };
      assert.equal(findBaseImage(other, nothing), undefined);
    }
  });

  it('is the image with the longest run of the same layers', () => {
    const known = knowing(
      { name: 'debian:12', diffIds: [diff(0)] },
      { name: 'node:20', digest, diffIds: [diff(0), diff(1), diff(2)] },
      { name: 'other', diffIds: [diff(0), diff(5)] },
    );
    assert.deepEqual(findBaseImage({ config: config(5), annotations: {} }, known), {
      name: 'node:20',
      digest,
      layerCount: 3,
      evidence: 'layers',
      certain: true,
    });
  });

  describe('guessed from history', () => {
    const run = (text: string): HistoryEntry => ({ createdBy: text, emptyLayer: false });
    const set = (text: string): HistoryEntry => ({ createdBy: text, emptyLayer: true });
    const guess = (layers: number, ...history: HistoryEntry[]): [number, boolean] | undefined => {
      const found = findBaseImage({ config: config(layers, { history }), annotations: {} }, nothing);
      return found === undefined ? undefined : [found.layerCount, found.certain];
    };

    it('ends at the CMD below the own layers', () => {
      assert.deepEqual(
        guess(
          3,
          run('ADD x / '),
          set('/bin/sh -c #(nop)  CMD ["bash"]'),
          run('RUN a'),
          set('ENV X=1'),
          run('COPY a b'),
          set('CMD ["x"]'),
        ),
        [1, false],
      );
    });

    it('takes the nearest of several bases', () => {
      assert.deepEqual(
        guess(3, run('ADD x / '), set('CMD ["bash"]'), run('RUN a'), set('ENTRYPOINT ["x"]'), run('RUN b')),
        [2, false],
      );
    });

    it('does not exist without a CMD, without layers below it, or when history does not fit', () => {
      assert.equal(guess(2, run('ADD x / '), set('ENV A=1'), run('RUN a')), undefined);
      assert.equal(guess(1, set('CMD ["bash"]'), run('RUN a')), undefined);
      assert.equal(guess(3, run('ADD x / '), set('CMD ["bash"]'), run('RUN a')), undefined);
      assert.equal(guess(0), undefined);
    });
  });
});
