import assert from 'node:assert/strict';
import { toExplanation } from '../../../../src/findings/priority/explanation.ts';
import { facts, vulnerability } from './support.ts';

describe('severity explanation', () => {
  it('shows an open finding with levels in lower case and labels', () => {
    const result = vulnerability(
      'Critical',
      [
        { id: 'runtime.running', value: true, ageHours: 30, evidenceId: 'ev-1' },
        { id: 'exposure.cluster-only', value: true },
        { id: 'data.keyvault', value: 'unknown', why: '403 on sub-prod' },
      ],
      { base: { level: 'Critical', source: 'Debian', other: 'NVD Critical 9.8' }, placements: [{ id: 'aks1/shop' }] },
    );
    assert.deepEqual(toExplanation(result), {
      original: { level: 'critical', source: 'Debian', other: 'NVD Critical 9.8' },
      factors: [
        {
          id: 'runtime.running',
          label: 'Running now',
          points: 2,
          text: 'Running now',
          stale: true,
          evidenceId: 'ev-1',
        },
        {
          id: 'exposure.cluster-only',
          label: 'Cluster only',
          points: -10,
          text: 'Not reachable from the internet: only inside the cluster.',
        },
      ],
      unknown: [
        { id: 'data.keyvault', label: 'Reads Key Vault', why: '403 on sub-prod', counterfactual: 'High → Critical' },
      ],
      up: 2,
      down: 10,
      pressure: -8,
      rules: [],
      window: 'next upgrade',
      effective: 'high',
      placement: 'aks1/shop',
      headline: 'Critical → High: Not reachable from the internet: only inside the cluster.',
    });
  });

  it('names the verdict', () => {
    const explanation = toExplanation(vulnerability('Unknown', facts('image.not-in-final-fs')));
    assert.equal(explanation.verdict, 'not_present');
    assert.equal(explanation.effective, 'none');
    assert.equal(explanation.original.level, 'unknown');
    assert.deepEqual([explanation.up, explanation.down, explanation.pressure], [null, null, null]);
  });
});
