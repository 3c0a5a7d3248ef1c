import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { silentLog } from '../../../src/core/log.ts';
import { exportSbom, scannedImages } from '../../../src/engine/sboms.ts';
import { imageNode } from '../../../src/engine/tree-nodes.ts';
import type { RegistryFacts } from '../../../src/azure/registry-facts.ts';
import type { ListedImage } from '../../../src/inventory/registry-tree.ts';
import { Documents, type ImageRecord } from '../../../src/scan/documents.ts';
import { StateStore } from '../../../src/store/state-store.ts';
import { imageReport, now } from '../findings/support.ts';

const clock = { now: () => now };
const digest = imageReport().digest;
const other = `sha256:${'e'.repeat(64)}`;

function record(more: Partial<ImageRecord> = {}): ImageRecord {
  return {
    registryId: '/subscriptions/1/registries/contoso',
    host: 'contoso.azurecr.io',
    repository: 'team-a/api',
    digest,
    asked: [digest],
    tags: ['1.4'],
    running: 0,
    scannedAt: '2026-11-19T00:00:00Z',
    platform: 'linux/amd64',
    packages: 1,
    diffIds: [],
    coverage: [],
    problems: [],
    links: [],
    ...more,
  };
}

describe('SBOMs of scanned images', () => {
  let folder: string;
  let store: StateStore;
  let documents: Documents;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-sboms-'));
    store = new StateStore(folder, clock, silentLog);
    documents = new Documents(store);
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });

  const key = `contoso.azurecr.io/team-a/api@${digest}`;
  const put = async (more: Partial<ImageRecord> = {}): Promise<void> => {
    documents.putImage('one', key, record(more));
    await store.putImage(imageReport());
  };
  const from = () => ({ store, documents, clock });

  it('are written from what is stored, under the name of the image', async () => {
    await put();
    const sbom = await exportSbom(from(), `image:${key}`, 'cyclonedx', '0.1.0');
    const document = JSON.parse(sbom?.text ?? '') as {
      specVersion: string;
      metadata: { timestamp: string; component: { name: string; purl: string } };
      components: { name: string }[];
    };
    assert.equal(document.specVersion, '1.6');
    assert.equal(document.metadata.component.name, `contoso.azurecr.io/team-a/api:1.4@${digest}`);
    assert.match(document.metadata.component.purl, /^pkg:oci\/api@.*tag=1\.4$/);
    assert.equal(document.metadata.timestamp, '2026-11-20T12:00:00Z');
    assert.ok(document.components.some(({ name }) => name === 'openssl'));
    assert.equal(sbom?.fileName, 'api-1.4');
    assert.equal(sbom.notRead, 0);
  });

  it('may be SPDX, and have no tag where there are several or none', async () => {
    await put({ tags: ['1.4', 'latest'] });
    const sbom = await exportSbom(from(), `image:Contoso.azurecr.io/team-a/api@${digest}`, 'spdx', '');
    const document = JSON.parse(sbom?.text ?? '') as { spdxVersion: string; name: string };
    assert.deepEqual(
      [document.spdxVersion, document.name, sbom?.fileName],
      ['SPDX-2.3', `contoso.azurecr.io/team-a/api@${digest}`, 'api-aaaaaaaaaaaa'],
    );
  });

  it('say how many parts of the image could not be read', async () => {
    documents.putImage('one', key, record());
    await store.putImage({ ...imageReport(), problems: [{ path: 'x', reason: 'y' }] });
    assert.equal((await exportSbom(from(), `image:${key}`, 'spdx', ''))?.notRead, 1);
  });

  it('do not exist for what was never read, or is no image', async () => {
    assert.equal(await exportSbom(from(), `image:${key}`, 'spdx', ''), undefined);
    documents.putImage('one', key, record());
    assert.equal(await exportSbom(from(), `image:${key}`, 'spdx', ''), undefined, 'the report is gone');
    for (const id of ['', 'image:', key, '/subscriptions/1'])
      assert.equal(await exportSbom(from(), id, 'spdx', ''), undefined);
  });

  it('are offered by the names of images', async () => {
    await put({ tags: ['1.4', 'latest'] });
    documents.putImage(
      'one',
      `contoso.azurecr.io/app@${other}`,
      record({ repository: 'app', digest: other, tags: [] }),
    );
    assert.deepEqual(
      scannedImages(documents).map(({ name, assetId }) => [name, assetId]),
      [
        ['contoso.azurecr.io/app', `image:contoso.azurecr.io/app@${other}`],
        ['contoso.azurecr.io/team-a/api:1.4, latest', `image:${key}`],
      ],
    );
  });
});

describe('an image in the tree', () => {
  const registry: RegistryFacts = {
    id: '/subscriptions/1/registries/contoso',
    name: 'contoso',
    loginServer: 'contoso.azurecr.io',
    location: 'westeurope',
    permissionMode: 'abac',
    acceptsArmTokens: false,
    publicNetworkAccess: true,
    dataEndpointHosts: [],
  };
  const listed = { repository: 'team-a/api', digest, isIndex: false, isImage: true, locked: false };
  const node = (image: ListedImage, read?: ImageRecord) => imageNode('one', registry, image, read, 0, () => 'now');

  it('offers an SBOM when it was read', () => {
    assert.deepEqual(node(listed, record()).flags, ['canScan', 'hasSbom']);
    assert.deepEqual(node(listed).flags, ['canScan']);
  });

  it('tells its platform, and which one was chosen from an index', () => {
    const platform = (image: ListedImage, read?: ImageRecord) =>
      node(image, read).facts.find(({ label }) => label === 'Platform')?.value;
    assert.equal(platform({ ...listed, platform: 'linux/arm64' }, record()), 'linux/arm64');
    assert.equal(platform({ ...listed, isIndex: true }), 'several');
    assert.equal(platform({ ...listed, isIndex: true }, record()), 'linux/amd64, chosen from several');
    assert.equal(platform(listed, record()), 'linux/amd64');
    assert.equal(platform(listed), undefined);
  });
});
