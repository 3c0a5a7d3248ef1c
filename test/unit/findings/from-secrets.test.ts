import assert from 'node:assert/strict';
import { defaultBusinessRules } from '../../../src/findings/facts.ts';
import { findingsOfSecrets, secretFindingId, type SecretFindingsInput } from '../../../src/findings/from-secrets.ts';
import type { FindingDraft, SourceLink } from '../../../src/findings/types.ts';
import type { ImageSecret } from '../../../src/image/secrets/kinds.ts';
import { baseLayer, image, imageReport, now, ownLayer, placement } from './support.ts';

const key: ImageSecret = {
  kind: 'private-key',
  path: 'app/server.key',
  line: 1,
  layer: ownLayer,
  fingerprint: '0123456789abcdef',
};

function findings(secrets: readonly ImageSecret[], more: Partial<SecretFindingsInput> = {}): Promise<FindingDraft[]> {
  return findingsOfSecrets({
    asset: image,
    sourceTool: 'acr',
    application: 'orders',
    report: { ...imageReport(), secrets },
    placements: [],
    clustersRead: 1,
    clustersFailed: 0,
    tags: [],
    business: defaultBusinessRules,
    sourceOf: () => undefined,
    now,
    ...more,
  });
}

async function one(secret: ImageSecret, more: Partial<SecretFindingsInput> = {}): Promise<FindingDraft> {
  const [draft, ...others] = await findings([secret], more);
  assert.ok(draft);
  assert.deepEqual(others, []);
  return draft;
}

const label = (draft: FindingDraft, name: string): string[] =>
  draft.evidence.filter((entry) => entry.label === name).map(({ value }) => value);
const advice = (draft: FindingDraft): string => draft.remediation.map(({ text }) => text).join('\n');

describe('findings of secrets', () => {
  it('name kind, place, layer and instruction, and no value', async () => {
    const draft = await one(key);
    assert.deepEqual(
      [draft.kind, draft.check, draft.title, draft.result, draft.explanation.effective],
      ['secret', 'secret-private-key', 'Private key in /app/server.key', 'open', 'high'],
    );
    assert.deepEqual(label(draft, 'Path'), ['/app/server.key:1']);
    assert.deepEqual(label(draft, 'Layer'), [ownLayer]);
    assert.deepEqual(label(draft, 'Instruction'), ['COPY app /app']);
    assert.equal(draft.id, secretFindingId(key, image.id));
  });

  it('keep their id when the line moves, and have another for another value', async () => {
    const { id } = await one(key);
    assert.equal((await one({ ...key, line: 9 })).id, id);
    assert.notEqual((await one({ ...key, fingerprint: 'fedcba9876543210' })).id, id);
    assert.equal((await findings([key, { ...key, layer: baseLayer }])).length, 1);
  });

  it('say first to rotate, then which line to change', async () => {
    const source: SourceLink = { uri: 'file:///Dockerfile', line: 6, endLine: 6, confidence: 'exact' };
    const draft = await one(key, { sourceOf: () => source });
    assert.deepEqual(draft.source, source);
    assert.match(draft.remediation[0]?.text ?? '', /^1\. Rotate\./);
    assert.match(draft.remediation[1]?.text ?? '', /^2\. Remove the layer: change line 7 of the Dockerfile/);
  });

  it('say that deleting the file did not help', async () => {
    const draft = await one({ ...key, layer: baseLayer, removedBy: ownLayer });
    assert.match(draft.summary, /A higher layer removes it from sight, not from the image\./);
    assert.deepEqual(label(draft, 'Removed by layer'), [ownLayer]);
    assert.equal(draft.result, 'open', 'no verdict of a file that is gone');
  });

  it('say whether base or image brought them', async () => {
    const base = { baseLayers: new Set([baseLayer]), baseName: 'harbour/base:12' };
    assert.deepEqual(label(await one(key, base), 'Comes from'), ['a layer of this image, layer 2 of 2']);
    const inherited = await one({ ...key, layer: baseLayer }, base);
    assert.deepEqual(label(inherited, 'Comes from'), ['the base image harbour/base:12, layer 1 of 2']);
    assert.match(advice(inherited), /2\. It comes from the base image harbour\/base:12: tell its owner/);
    assert.deepEqual(label(await one(key, { ...base, baseIsGuess: true }), 'Comes from'), [
      'probably a layer of this image, layer 2 of 2: a guess from the history',
    ]);
    assert.deepEqual(label(await one(key), 'Comes from'), ['layer 2 of 2; the base image is not known']);
  });

  it('name every Dockerfile that could be meant, and lead to none', async () => {
    const candidates = [
      { path: 'a/Dockerfile', line: 4, score: 82, signals: ['its history shows these instructions'] },
      { path: 'b/Dockerfile', score: 78, signals: ['x', 'y'] },
    ];
    const draft = await one(key, { candidatesOf: () => candidates });
    assert.equal(draft.source, undefined);
    assert.deepEqual(label(draft, 'Possible Dockerfile'), [
      'a/Dockerfile:4 (82 of 100: its history shows these instructions)',
      'b/Dockerfile (78 of 100: x; y)',
    ]);
  });

  it('lie in variables, labels and history too', async () => {
    const found = await findings([
      { kind: 'database-password', env: 'DB_PASSWORD', history: 0, fingerprint: 'a' },
      { kind: 'url-password', label: 'feed', fingerprint: 'b' },
      { kind: 'github-token', history: 3, fingerprint: 'c' },
    ]);
    const titles = found.map(({ title, explanation }) => `${title} ${explanation.effective}`);
    assert.deepEqual(titles, [
      'Database password in ENV DB_PASSWORD high',
      'Password in an address in label feed high',
      'GitHub token in the history of the image high',
    ]);
  });

  it('know whether the image runs', async () => {
    const draft = await one(key, { placements: [placement({})] });
    assert.equal(draft.running, true);
  });
});
