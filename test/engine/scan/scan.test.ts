import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLog } from '../../../src/core/log.ts';
import type { Finding } from '../../../src/findings/types.ts';
import type { ScanSummary } from '../../../src/report/contract.ts';
import { Documents } from '../../../src/scan/documents.ts';
import { StateStore } from '../../../src/store/state-store.ts';
import { findSecret } from '../../e2e/support/leaks.ts';
import { buildImages, readTruth, type BuiltImages } from '../../lab/images/main.ts';
import type { RecordedRequest } from '../../lab/main.ts';
import { startLabProcess, type LabProcess } from '../../support/lab-process.ts';
import { trustLab } from '../../support/trust-lab.ts';
import { CACHE } from '../lab-images/stored.ts';
import { engineOnLab, newFolder, removeFolders, repositoryOf, type EngineOnLab } from './engine-on-lab.ts';

const expectedKinds = z.record(z.string(), z.array(z.string()));
const expectedShape = z.object({ apk: expectedKinds, deb: expectedKinds, npm: expectedKinds });

describe('a scan of the lab', function () {
  this.timeout(300_000);
  let lab: LabProcess;
  let built: BuiltImages;
  let host: EngineOnLab;
  let summary: ScanSummary;
  let requests: RecordedRequest[];
  let findings: Finding[];

  before(async () => {
    lab = await startLabProcess({ requireRealRegistry: process.platform === 'linux' });
    trustLab(lab.caPem);
    built = await buildImages({ cacheDir: CACHE, log: () => undefined });
    host = await engineOnLab(lab, { settings: { concurrency: 1 } });
    await lab.clearRequests();
    summary = await host.scan();
    requests = await lab.requests();
    findings = await host.all();
  });

  after(async () => {
    await host.close();
    await lab.stop();
    removeFolders();
  });

  const report = async (repository: string) => {
    const image = built.images.findLast((one) => one.repository === repository);
    assert.ok(image, repository);
    const store = new StateStore(host.dataDir, systemClock, silentLog);
    try {
      const found = await store.getImage(image.digest);
      assert.ok(found, `${repository} was not read`);
      return { image, found };
    } finally {
      store.close();
    }
  };

  for (const repository of ['base/debian', 'services/orders', 'tools/legacy']) {
    it(`lists exactly the packages that dpkg-query lists in ${repository}`, async function () {
      if (!built.available) assert.fail(built.reason);
      const { image, found } = await report(repository);
      const truth = await readTruth(built, image);
      const wanted = (truth.deb ?? [])
        .filter(({ status }) => status.endsWith(' installed'))
        .map(({ name, version, source, sourceVersion }) => `${name} ${version} of ${source} ${sourceVersion}`);
      const listed = found.packages
        .filter(({ type }) => type === 'deb')
        .map(
          ({ name, version, source }) => `${name} ${version} of ${source?.name ?? name} ${source?.version ?? version}`,
        );
      assert.ok(wanted.length > 80, String(wanted.length));
      assert.deepEqual(listed.sort(), wanted.sort());
    });
  }

  it('finds in each image the vulnerabilities that were worked out by hand', () => {
    const file = path.resolve(import.meta.dirname, '../../lab/images/expected-findings.json');
    const expected = expectedShape.parse(JSON.parse(fs.readFileSync(file, 'utf8')));
    let compared = 0;
    for (const kind of ['apk', 'deb', 'npm'] as const) {
      for (const [repository, ids] of Object.entries(expected[kind])) {
        // behind the firewall; nothing of it can be read
        if (repository === 'services/ledger') continue;
        const found = findings
          .filter((each) => repositoryOf(each) === repository && each.package?.type === kind)
          .filter(({ kind: what }) => what === 'vulnerability')
          .map(({ check }) => check);
        assert.deepEqual([...new Set(found)].sort(), [...ids].sort(), `${kind} of ${repository}`);
        compared += 1;
      }
    }
    assert.equal(compared, 8);
  });

  it('tells the secrets of images with their place, and none of their values', async () => {
    const secrets = findings.filter(({ kind }) => kind === 'secret');
    assert.deepEqual(
      secrets.map(({ asset, title, explanation }) => `${asset.name}: ${title}, ${explanation.effective}`).sort(),
      [
        'services/gateway:2.0.3: Password in an address in /etc/nginx/nginx.conf, high',
        'services/reports:0.4.0: Database password in ENV REPORT_STORE, high',
        'tools/legacy:latest: Database password in ENV REPORT_DB_PASSWORD, high',
      ],
    );
    const [gateway] = secrets.filter((finding) => repositoryOf(finding) === 'services/gateway');
    assert.equal(gateway?.source?.line, 8, 'COPY rootfs-${TARGETARCH}/ /');
    assert.equal(gateway.source.confidence, 'exact');
    const place = new Map(gateway.evidence.map(({ label, value }) => [label, value]));
    assert.equal(place.get('Path'), '/etc/nginx/nginx.conf:7');
    assert.equal(place.get('Comes from'), 'a layer of this image, layer 3 of 5');
    const { image } = await report('services/gateway');
    assert.equal(place.get('Removed by layer'), image.layers[3]?.digest, 'COPY nginx.conf takes its place');
    for (const value of ['low-water-at-noon', 'Neap-tide-1987', 'Tide-and-time-2019']) {
      assert.deepEqual(findSecret(value, [host.dataDir]), []);
      assert.ok(!JSON.stringify(findings).includes(value));
    }
  });

  it('marks the line whose layer holds a secret, also when a later one replaces the file', async () => {
    const file = path.join(lab.workspaceDir, 'services/gateway/Dockerfile');
    const { marks, links } = await host.engine.analyzeDockerfile(
      pathToFileURL(file).href,
      fs.readFileSync(file, 'utf8'),
    );
    const [mark] = marks.filter(({ rule }) => rule === 'df-layers-no-secret');
    assert.equal(mark?.range.start.line, 8);
    assert.equal(mark.severity, 'warning');
    assert.equal(
      mark.message,
      'Password in an address in /etc/nginx/nginx.conf stays in the image. Rotate, then leave it out.',
    );
    assert.equal(links[0]?.score, 96);
    // Where a rule marks the value in ENV itself, the scan adds nothing.
    const reports = path.join(lab.workspaceDir, 'services/reports/Dockerfile');
    const other = await host.engine.analyzeDockerfile(pathToFileURL(reports).href, fs.readFileSync(reports, 'utf8'));
    assert.deepEqual(
      other.marks.filter(({ rule }) => rule === 'df-layers-no-secret'),
      [],
    );
    assert.ok(other.violations.some(({ rule }) => rule === 'df-no-secret-in-env'));
  });

  it('links images to Dockerfiles by their own labels, never by those of their base', () => {
    const store = new StateStore(host.dataDir, systemClock, silentLog);
    try {
      const links = new Map(
        new Documents(store)
          .images()
          .map(({ record }) => [
            record.repository,
            record.links.map((link) => `${link.path} ${link.score} ${link.band}`),
          ]),
      );
      // tools/legacy has no labels of its own: those that it shows name the Dockerfile of its base.
      assert.deepEqual(links.get('tools/legacy'), ['tools/legacy/Dockerfile 53 possible']);
      assert.deepEqual(links.get('services/reports'), ['services/reports/Dockerfile 53 possible']);
      assert.deepEqual(links.get('services/orders'), ['services/orders/Dockerfile 96 certain']);
      assert.deepEqual(links.get('services/gateway'), ['services/gateway/Dockerfile 96 certain']);
      assert.deepEqual(links.get('base/debian'), ['images/base-debian/Dockerfile 73 likely']);
      assert.deepEqual(links.get('platform/proxy'), []);
    } finally {
      store.close();
    }
  });

  it('says what it could not read, and keeps the rest', () => {
    assert.equal(summary.state, 'partial');
    const about = summary.problems.map(({ what }) => what).join('\n');
    assert.match(about, /Harbour Finance|5ab50003/);
    assert.match(about, /harbourvault/);
    for (const { reason, nextStep } of summary.problems) {
      assert.doesNotMatch(reason, /^\d+$/);
      assert.notEqual(nextStep, '');
    }
    const subscriptions = new Set(findings.map(({ subscriptionId }) => subscriptionId));
    assert.ok(subscriptions.has(lab.credentials.subscriptionId));
    assert.ok(subscriptions.has(lab.credentials.subscriptionId2));
  });

  it('shows a denied subscription as denied, and its siblings as they are', async () => {
    const signal = new AbortController().signal;
    const [connection] = await host.engine.assetChildren(undefined, signal);
    assert.ok(connection);
    const below = await host.engine.assetChildren(connection, signal);
    const kinds = new Map<string, string[]>();
    for (const node of below.filter(({ kind }) => kind === 'subscription')) {
      const children = await host.engine.assetChildren(node, signal);
      kinds.set(
        node.label,
        children.map(({ kind }) => kind),
      );
    }
    assert.deepEqual(kinds.get('Harbour Finance'), ['denied']);
    assert.deepEqual(kinds.get('Harbour Production'), ['group', 'group', 'group']);
    assert.deepEqual(kinds.get('Harbour Staging'), ['group', 'group', 'group']);
  });

  it('reads what runs before what does not', () => {
    const order: string[] = [];
    for (const { role, method, path: asked } of requests) {
      const repository = /^\/v2\/(.+)\/manifests\//.exec(asked)?.[1];
      if (!role.startsWith('registry.') || method !== 'GET' || repository === undefined) continue;
      if (!order.includes(repository)) order.push(repository);
    }
    assert.deepEqual(order.slice(0, 6).toSorted(), [
      'services/gateway',
      'services/ledger',
      'services/orders',
      'services/storefront',
      'tools/legacy',
      'tools/status',
    ]);
    const idle = ['base/alpine', 'base/debian', 'base/static', 'services/reports'];
    for (const name of idle) assert.ok(order.indexOf(name) >= 6, order.join(' '));
  });

  it('reads each layer once, whatever number of images stand on it', () => {
    const blobs = requests
      .filter(({ role, status }) => /^(registry\.|blobs|dataEndpoint)/.test(role) && status === 200)
      .map(({ path: asked }) => /sha256[:/](?:[0-9a-f]{2}\/)?([0-9a-f]{64})/.exec(asked)?.[1])
      .filter((hex) => hex !== undefined);
    const layers = new Set(built.images.flatMap((image) => image.layers.map(({ digest }) => digest.slice(7))));
    const read = blobs.filter((hex) => layers.has(hex));
    assert.ok(read.length > 20, String(read.length));
    assert.equal(read.length, new Set(read).size);
  });

  it('joins what is known of an image by the digest of its index and by its own, however they come', async () => {
    const parallel = await engineOnLab(lab, { settings: { concurrency: 8 } });
    try {
      await parallel.scan();
      const names = (await parallel.all())
        .filter((finding) => repositoryOf(finding) === 'services/gateway')
        .map(({ asset }) => asset.name);
      assert.ok(names.length > 10, String(names.length));
      assert.deepEqual([...new Set(names)], ['services/gateway:2.0.3']);
    } finally {
      await parallel.close();
    }
  });

  it('sends nothing but reads', () => {
    assert.deepEqual(
      requests
        .filter(({ violation }) => violation !== undefined)
        .map(({ role, method, path: asked, violation }) => [role, method, asked, violation]),
      [],
    );
    const reads = [
      /^POST entra \/[^/]+\/oauth2\/v2\.0\/token$/,
      /^POST arm \/providers\/Microsoft\.ResourceGraph\/resources$/i,
      /^POST arm \/subscriptions\/.+\/listClusterUserCredential$/i,
      /^POST registry\.\w+ \/oauth2\/(exchange|token)$/,
    ];
    const others = requests
      .map(({ method, role, path: asked }) => `${method} ${role} ${asked}`)
      .filter((line) => !/^(GET|HEAD) /.test(line) && !reads.some((pattern) => pattern.test(line)));
    assert.deepEqual(others, []);
    assert.deepEqual(
      requests.filter(({ role }) => role === 'elsewhere'),
      [],
    );
  });

  it('leaves the secret in no file and no line of the log', () => {
    assert.ok(host.lines.length > 100, String(host.lines.length));
    const logs = path.join(newFolder(), 'log.txt');
    fs.writeFileSync(logs, host.lines.join('\n'));
    assert.deepEqual(findSecret(lab.credentials.clientSecret, [host.dataDir, path.dirname(logs)]), []);
    assert.doesNotMatch(host.lines.join('\n'), /eyJ[\w-]{10,}\.eyJ/);
  });

  it('calls findings of the first scan new, and open once a second scan saw them again without one blob', async () => {
    const before = await host.engine.findings.counts({ states: ['new'] });
    assert.ok(before.visible > 100, String(before.visible));
    await lab.clearRequests();
    const again = await host.scan();
    assert.equal(again.state, 'partial');
    const now = await host.engine.findings.counts({ states: ['new'] });
    assert.equal(now.visible, 0);
    const blobs = (await lab.requests()).filter(
      ({ role, path: asked }) => role === 'blobs' || role === 'dataEndpoint' || /\/blobs\//.test(asked),
    );
    assert.deepEqual(
      blobs.map(({ path: asked }) => asked),
      [],
    );
    const ids = (await host.all()).map(({ id }) => id).sort();
    assert.deepEqual(ids, findings.map(({ id }) => id).sort());
  });
});
