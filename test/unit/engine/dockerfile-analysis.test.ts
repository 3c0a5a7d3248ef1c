import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { silentLog } from '../../../src/core/log.ts';
import { DockerfileAnalyser, secretsRule } from '../../../src/engine/dockerfile-analysis.ts';
import { FindingsService } from '../../../src/engine/findings-service.ts';
import type { DockerfileMark } from '../../../src/engine-contract.ts';
import { defaultBusinessRules } from '../../../src/findings/facts.ts';
import { findingsOfSecrets } from '../../../src/findings/from-secrets.ts';
import { emptyConfig } from '../../../src/image/config.ts';
import type { ImageReport } from '../../../src/image/types.ts';
import { toListItem } from '../../../src/report/list-item.ts';
import { Documents, type ImageLink } from '../../../src/scan/documents.ts';
import { StateStore } from '../../../src/store/state-store.ts';

const clock = { now: () => new Date('2026-11-20T12:00:00Z') };
const digest = (n: number): string => `sha256:${String(n).padStart(64, '0')}`;
const key = `registry.test/orders@${digest(9)}`;
const uri = 'file:///shop/a/Dockerfile';
const text = 'FROM base:1\nCOPY app /app\nRUN rm /app/server.key\nUSER 10001\n';

const history = ['ADD rootfs.tar / ', 'COPY app /app # buildkit', 'RUN /bin/sh -c rm /app/server.key # buildkit'];
const report: ImageReport = {
  digest: digest(9),
  mediaType: 'x',
  platform: { os: 'linux', architecture: 'amd64' },
  config: {
    ...emptyConfig,
    architecture: 'amd64',
    diffIds: [1, 2, 3].map(digest),
    history: history.map((createdBy) => ({ createdBy, emptyLayer: false })),
  },
  layers: [1, 2, 3].map((n) => ({ digest: digest(n), diffId: digest(n), sizeBytes: 1 })),
  packages: [],
  problems: [],
  annotations: {},
  secrets: [
    {
      kind: 'private-key',
      path: 'app/server.key',
      line: 1,
      layer: digest(2),
      removedBy: digest(3),
      fingerprint: '0123456789abcdef',
    },
    { kind: 'netrc-password', path: 'root/.netrc', line: 1, layer: digest(1), fingerprint: 'fedcba9876543210' },
  ],
};

const link = (file: string, score: number, band: ImageLink['band']): ImageLink => ({
  uri: `file:///shop/${file}`,
  path: file,
  score,
  band,
  signals: ['its history shows these instructions'],
});

describe('secrets of an image on the lines of its Dockerfile', () => {
  let folder: string;
  let store: StateStore;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-analysis-'));
    store = new StateStore(folder, clock, silentLog);
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** `line severity message` of the marks, after a scan that linked the image like this. */
  async function marks(links: readonly ImageLink[], written = text): Promise<DockerfileMark[]> {
    const drafts = await findingsOfSecrets({
      asset: { id: `image:${key}`, kind: 'image', name: 'orders:1', path: ['orders:1'] },
      sourceTool: 'acr',
      application: 'orders',
      report,
      placements: [],
      clustersRead: 0,
      clustersFailed: 0,
      tags: [],
      business: defaultBusinessRules,
      sourceOf: () => undefined,
      now: clock.now(),
    });
    await store.applyResults(`image:${key}`, undefined, 'scan', drafts, (finding) => toListItem(finding, []));
    await store.putImage(report);
    new Documents(store).putImage('connection', key, {
      registryId: '/r',
      host: 'registry.test',
      repository: 'orders',
      digest: report.digest,
      asked: [report.digest],
      tags: ['1'],
      running: 0,
      scannedAt: '2026-11-20T11:00:00.000Z',
      platform: 'linux/amd64',
      packages: 0,
      diffIds: report.config.diffIds,
      coverage: [],
      problems: [],
      base: { name: 'base:1', layers: 1, certain: true },
      links,
    });
    const names = { connections: new Map<string, string>(), subscriptions: new Map<string, string>() };
    const findings = new FindingsService(store, clock, () => names);
    try {
      const { marks: all } = await new DockerfileAnalyser(store, findings, clock).analyze(uri, written);
      return all.filter(({ rule }) => rule === secretsRule);
    } finally {
      findings.dispose();
    }
  }
  const shown = (all: readonly DockerfileMark[]): string[] =>
    all.map(({ range, severity, message }) => `${range.start.line + 1} ${severity}: ${message}`);

  it('stand where their layer was made, though a later one deletes the file; those of the base at FROM', async () => {
    assert.deepEqual(shown(await marks([link('a/Dockerfile', 85, 'likely')])), [
      '1 warning: Password in a netrc file in /root/.netrc stays in the image. Rotate, and use another base.',
      '2 warning: Private key in /app/server.key stays in the image. Rotate, then leave it out.',
    ]);
  });

  it('are hints where several Dockerfiles could be meant, and the hover says which', async () => {
    const all = await marks([link('a/Dockerfile', 82, 'possible'), link('b/Dockerfile', 78, 'possible')]);
    assert.deepEqual(
      all.map(({ severity }) => severity),
      ['hint', 'hint'],
    );
    assert.match(all[0]?.message ?? '', /^Possibly: /);
    assert.match(all[0]?.hover ?? '', /2 Dockerfiles could build this: a\/Dockerfile \(82\), b\/Dockerfile \(78\)\./);
  });

  it('go with an ignore that names the rule or the kind', async () => {
    const ignoring = (id: string): string =>
      text.replace('COPY', `# plimsoll:ignore ${id} reason="a key of the test bench"\nCOPY`);
    const links = [link('a/Dockerfile', 85, 'likely')];
    assert.equal((await marks(links, ignoring('df-layers-no-secret'))).length, 1, 'that of the base stays');
  });

  it('are not those of files that no image was linked to', async () => {
    assert.deepEqual(await marks([link('other/Dockerfile', 85, 'likely')]), []);
  });
});
