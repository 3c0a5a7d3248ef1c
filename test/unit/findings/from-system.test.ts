import assert from 'node:assert/strict';
import { endOfLife } from '../../../src/findings/end-of-life.ts';
import { defaultBusinessRules } from '../../../src/findings/facts.ts';
import { findingOfSystem } from '../../../src/findings/from-system.ts';
import type { FindingDraft } from '../../../src/findings/types.ts';
import { image, imageReport, now, placement } from './support.ts';

function finding(more: Partial<Parameters<typeof findingOfSystem>[0]> = {}): FindingDraft {
  const buster = { id: 'debian', version: '10', name: 'Debian GNU/Linux 10 (buster)', ecosystem: 'Debian:10' };
  const ended = endOfLife(buster, '2026-11-20');
  assert.ok(ended);
  return findingOfSystem({
    asset: image,
    sourceTool: 'acr',
    application: 'orders',
    report: { ...imageReport(), os: buster },
    placements: [],
    clustersRead: 1,
    clustersFailed: 0,
    tags: [],
    business: defaultBusinessRules,
    now,
    endOfLife: ended,
    ...more,
  });
}

describe('the finding of an operating system past its end of life', () => {
  it('names the system, the date and what is maintained', () => {
    const found = finding();
    assert.equal(found.id, `os-end-of-life|${image.id}`);
    assert.equal(found.check, 'os-end-of-life');
    assert.equal(found.title, 'Debian GNU/Linux 10 (buster) is past its end of life');
    assert.match(found.summary, /no security updates since 2024-06-30/);
    assert.equal(found.explanation.original.level, 'high');
    assert.equal(found.result, 'open');
    assert.deepEqual(found.evidence, [
      { label: 'Operating system', value: 'Debian GNU/Linux 10 (buster)' },
      { label: 'Last day with security updates', value: '2024-06-30' },
    ]);
    assert.match(found.remediation[0]?.text ?? '', /Debian 13/);
    assert.deepEqual(found.references, ['https://wiki.debian.org/LTS']);
  });

  it('names the base image when it is known', () => {
    const found = finding({ baseName: 'debian:buster' });
    assert.match(found.remediation[0]?.text ?? '', /Replace the base image debian:buster/);
    assert.deepEqual(found.evidence.at(-1), { label: 'Base image', value: 'debian:buster' });
  });

  it('says whether the image runs', () => {
    assert.equal(finding().running, false);
    assert.equal(finding({ placements: [placement()] }).running, true);
  });
});
