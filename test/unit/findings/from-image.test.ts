import assert from 'node:assert/strict';
import type { Vulnerability } from '../../../src/advisories/types.ts';
import { defaultBusinessRules } from '../../../src/findings/facts.ts';
import { findingsOfImage, type ImageFindingsInput } from '../../../src/findings/from-image.ts';
import type { FindingDraft, SourceLink } from '../../../src/findings/types.ts';
import { baseLayer, image, imageReport, now, openssl, ownLayer, placement, vulnerability } from './support.ts';

type Match = readonly [index: number, vulnerability: Vulnerability];

async function findings(
  matches: readonly Match[] = [[0, vulnerability()]],
  more: Partial<ImageFindingsInput> = {},
): Promise<FindingDraft[]> {
  const drafts = await findingsOfImage({
    asset: image,
    sourceTool: 'acr',
    application: 'orders',
    report: imageReport(),
    match: {
      matches: matches.map(([index, found]) => ({ package: index, vulnerability: found })),
      coverage: [],
      incomparable: [],
    },
    placements: [],
    clustersRead: 1,
    clustersFailed: 0,
    tags: [],
    business: defaultBusinessRules,
    sourceOf: () => undefined,
    now,
    ...more,
  });
  return drafts.filter(({ kind }) => kind === 'vulnerability');
}

async function one(found: Vulnerability, more: Partial<ImageFindingsInput> = {}): Promise<FindingDraft> {
  const [draft, ...others] = await findings([[0, found]], more);
  assert.ok(draft);
  assert.deepEqual(others, []);
  return draft;
}

const label = (draft: FindingDraft, name: string) =>
  draft.evidence.filter((entry) => entry.label === name).map(({ value }) => value);

describe('findings of an image', () => {
  it('name the vulnerability, the package, the layer and the instruction that brought it', async () => {
    const draft = await one(vulnerability({ fixed: '3.0.17-1~deb12u2' }));
    assert.deepEqual(
      [draft.kind, draft.check, draft.title, draft.result, draft.asset],
      ['vulnerability', 'CVE-2026-1111', 'CVE-2026-1111 openssl 3.0.15-1~deb12u1', 'open', image],
    );
    assert.deepEqual(draft.package, {
      type: 'deb',
      name: 'openssl',
      version: '3.0.15-1~deb12u1',
      layer: baseLayer,
      createdBy: 'ADD rootfs.tar /',
      fixed: '3.0.17-1~deb12u2',
    });
    assert.deepEqual(draft.evidence[0], {
      label: 'Package',
      value: 'openssl 3.0.15-1~deb12u1',
      expected: '3.0.17-1~deb12u2 or later',
    });
    assert.deepEqual(label(draft, 'Advisory'), ['DEBIAN-CVE-2026-1111 (Debian:12)']);
    assert.equal(draft.explanation.original.level, 'high');
    assert.equal(draft.explanation.original.source, 'Debian');
  });

  it('keep their id when severity, fix or advisory change, and have another for another version', async () => {
    const { id } = await one(vulnerability());
    const changed = await one(vulnerability({ fixed: '9', ratings: [], advisory: 'DLA-1' }));
    assert.equal(changed.id, id);
    const other = await one(vulnerability(), { report: imageReport([openssl({ version: '3.0.14-1' })]) });
    assert.notEqual(other.id, id);
  });

  it('of a package are for development only when all its places are', async () => {
    const mocha = (path: string, developmentOnly: boolean) =>
      openssl({ type: 'npm', name: 'mocha', version: '10.0.0', path, ...(developmentOnly ? { developmentOnly } : {}) });
    const factorsOf = async (...places: [string, boolean][]): Promise<string[]> => {
      const report = imageReport(places.map(([path, developmentOnly]) => mocha(path, developmentOnly)));
      const [draft] = await findings([[0, vulnerability()]], { report });
      return (draft?.explanation.factors ?? []).map(({ id }) => id);
    };
    assert.ok((await factorsOf(['a', true], ['b', true])).includes('image.dev-only'));
    assert.ok(!(await factorsOf(['a', true], ['b', false])).includes('image.dev-only'));
  });

  it('say when a lock file alone names the package, and when it did not come from an index', async () => {
    const report = imageReport([
      openssl({ type: 'npm', name: 'left', version: '1', declared: true, notFromIndex: true }),
    ]);
    const draft = await one(vulnerability(), { report });
    assert.equal(label(draft, 'Found').length, 1);
    assert.equal(label(draft, 'Origin').length, 1);
    assert.deepEqual(label(await one(vulnerability()), 'Found'), []);
  });

  it('are one for a package that stands at several places, with all places as evidence', async () => {
    const jquery = (path: string) => openssl({ type: 'npm', name: 'jquery', version: '3.4.1', path });
    const report = imageReport([jquery('app/a/package.json'), jquery('app/b/package.json')]);
    const drafts = await findings(
      [
        [0, vulnerability()],
        [1, vulnerability()],
      ],
      { report },
    );
    assert.equal(drafts.length, 1);
    assert.ok(drafts[0]);
    assert.deepEqual(label(drafts[0], 'Path'), ['app/a/package.json', 'app/b/package.json']);
  });

  it('leave out matches of packages that the report does not have', async () => {
    assert.deepEqual(await findings([[7, vulnerability()]]), []);
  });

  it('raise what is known to be exploited on a container that faces the internet', async () => {
    const route = {
      class: 'internet' as const,
      ref: 'k8s:c/shop/service/orders',
      field: 'status',
      value: '203.0.113.7',
    };
    const exposure = {
      class: 'internet' as const,
      routes: [{ ...route, factor: 'exposure.public-lb', values: { ip: '203.0.113.7', port: '443' } }],
      missing: [],
    };
    const medium = vulnerability({
      ratings: [{ origin: 'own', source: 'Debian', word: 'medium' }],
      kev: { dateAdded: '2026-10-01', ransomware: false },
    });
    const draft = await one(medium, { placements: [placement({ workload: { exposure } })] });
    assert.deepEqual(
      [draft.explanation.original.level, draft.explanation.effective, draft.running, draft.internetFacing],
      ['medium', 'critical', true, true],
    );
    assert.equal(draft.knownExploited, true);
    assert.equal(draft.explanation.placement, 'aks-1/shop/Deployment/orders/web');
    assert.deepEqual(
      draft.affected.map(({ path }) => path),
      [['aks-1', 'shop', 'Deployment/orders']],
    );
    assert.deepEqual(label(draft, 'CISA KEV'), ['listed since 2026-10-01']);
  });

  it('count a container that does not run as not running', async () => {
    const draft = await one(vulnerability(), { placements: [placement({ container: { running: false } })] });
    assert.deepEqual([draft.running, draft.affected], [false, []]);
  });

  it('say what is unknown rather than take it for good', async () => {
    const draft = await one(vulnerability(), { clustersRead: 0, clustersFailed: 1 });
    const unknown = new Map(draft.explanation.unknown.map(({ id, why }) => [id, why]));
    assert.equal(unknown.get('runtime.not-running'), 'no cluster could be read');
    assert.equal(unknown.get('cloud.registry-public'), 'the registry resource could not be read');
  });

  it('tell workloads of one name in two clusters of one name apart', async () => {
    const here = placement();
    const there = placement({ workload: { id: 'k8s:/subscriptions/t/aks-1/shop/deployment/orders' } });
    const draft = await one(vulnerability(), {
      placements: [here, { ...there, clusterId: '/subscriptions/t/aks-1' }],
    });
    assert.equal(draft.affected.length, 2);
  });

  it('lead to the line of the Dockerfile, when one is known', async () => {
    const source: SourceLink = { uri: 'file:///w/Dockerfile', line: 17, endLine: 17, confidence: 'exact' };
    const draft = await one(vulnerability(), { sourceOf: () => source });
    assert.deepEqual(draft.source, source);
    assert.equal((await one(vulnerability())).source, undefined);
  });
});

describe('what the findings of an image advise', () => {
  const baseLayers = new Set([baseLayer]);

  it('a newer base image for what the base brings, without a line for the Dockerfile', async () => {
    const draft = await one(vulnerability({ fixed: '3.0.17' }), { baseLayers, baseName: 'debian:12' });
    assert.deepEqual(draft.remediation, [
      {
        kind: 'text',
        text: 'Update openssl to 3.0.17 or later. It comes from the base image debian:12: rebuild on a newer one.',
      },
    ]);
  });

  for (const [type, line] of [
    ['deb', /^RUN apt-get update && apt-get install .* pkg=2 /],
    ['apk', /^RUN apk add --no-cache 'pkg>=2'$/],
    ['npm', /^RUN npm install pkg@2$/],
  ] as const) {
    it(`an instruction for ${type} in the own layers`, async () => {
      const report = imageReport([openssl({ type, name: 'pkg', version: '1', layer: ownLayer })]);
      const draft = await one(vulnerability({ fixed: '2' }), { baseLayers, report });
      assert.equal(draft.remediation[1]?.kind, 'dockerfile');
      assert.match(draft.remediation[1].text, line);
    });
  }

  it('no version where there is none', async () => {
    const draft = await one(vulnerability());
    assert.equal(draft.remediation.length, 1);
    assert.match(draft.remediation[0]?.text ?? '', /^There is no fixed version of openssl yet\./);
  });

  it('to remove what is malicious, and to change every secret', async () => {
    const draft = await one(vulnerability({ id: 'MAL-2026-1', malicious: true, fixed: '9' }));
    assert.equal(draft.remediation.length, 1);
    assert.match(draft.remediation[0]?.text ?? '', /^Remove openssl .* Rotate every secret/);
    assert.equal(draft.explanation.effective, 'critical');
  });
});
