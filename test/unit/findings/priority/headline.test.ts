import assert from 'node:assert/strict';
import { facts, posture, vulnerability } from './support.ts';

describe('headline', () => {
  it('names the two largest factors in the direction moved', () => {
    const result = vulnerability('Critical', [
      ...facts('runtime.running', 'image.dev-only', 'business.low'),
      { id: 'exposure.isolated', value: true, values: { name: 'deny-all' } },
    ]);
    assert.equal(
      result.headline,
      'Critical → Medium: Build/test-time only. No inbound route; network policy deny-all denies.',
    );
  });

  it('prefers the order of the table among equals, and takes one when there is one', () => {
    assert.equal(
      vulnerability('High', facts('exposure.cluster-only')).headline,
      'High → Medium: Not reachable from the internet: only inside the cluster.',
    );
    assert.equal(
      vulnerability('Low', facts('runtime.privileged', 'data.keyvault', 'exposure.isolated', 'runtime.hostpath-write'))
        .headline,
      'Low, unchanged: 4 facts checked, none moves it.',
    );
  });

  it('says how many facts were checked when nothing moved', () => {
    assert.equal(vulnerability('High', []).headline, 'High, unchanged: 0 facts checked, none moves it.');
    assert.equal(
      vulnerability('Info', [{ id: 'exploit.kev', value: false }]).headline,
      'Info, unchanged: 1 fact checked, none moves it.',
    );
    assert.equal(
      vulnerability('Unknown', []).headline,
      'Unknown (handled as Medium), unchanged: 0 facts checked, none moves it.',
    );
  });

  it('says what held a level at High', () => {
    assert.equal(
      vulnerability('High', facts('exposure.public-lb', 'data.control-plane', 'exploit.quiet')).headline,
      'Held at High: no sign of exploitation (G5).',
    );
    assert.equal(
      posture('High', facts('data.control-plane')).headline,
      'Held at High: Critical needs two of exploit evidence, internet exposure and reach into node or data (G5).',
    );
    assert.equal(
      vulnerability('Medium', facts('exploit.kev', 'fix.eol-os')).headline,
      'Medium → High: Known exploited. OS out of support. Held at High: Critical needs two of exploit evidence, internet exposure and reach into node or data (G5).',
    );
  });

  it('names the rule that moved it', () => {
    assert.equal(
      vulnerability('High', facts('vendor.unimportant')).headline,
      'High → Low: The vendor sees no security problem here: at most Low (C1).',
    );
    assert.equal(
      vulnerability('High', facts('vendor.unimportant', 'exploit.weaponised')).headline,
      'High → Medium: Vendor and exploit data disagree: at most Medium (C1).',
    );
    assert.equal(
      vulnerability('Low', [], { malicious: true }).headline,
      'Low → Critical: Malicious package in a running image (F4).',
    );
    assert.equal(
      vulnerability('Info', facts('exploit.kev', 'exposure.isolated'), {}, { limits: { maxUp: 0 } }).headline,
      'Info → Medium: Known exploited. Known exploited and running (F2).',
    );
    assert.equal(
      vulnerability('Info', facts('exploit.epss-high', 'exposure.public-lb'), {}, { limits: { maxUp: 0 } }).headline,
      'Info → Medium: Exploitation very likely. Public load balancer. Exploitation is likely and the internet can reach it (F3).',
    );
  });

  it('fills sentences from values, literally, and falls back to the label when one is missing', () => {
    const text = (values: Record<string, string>): string | undefined =>
      vulnerability('High', [{ id: 'exposure.ingress-host', value: true, values }]).factors[0]?.text;
    assert.equal(text({ host: 'shop.contoso.com', path: '/api' }), 'Published as https://shop.contoso.com/api.');
    assert.equal(text({ host: '$&', path: '' }), 'Published as https://$&.');
    assert.equal(text({ host: '{path}', path: '/x' }), 'Published as https://{path}/x.');
    assert.equal(text({ host: 'shop.contoso.com' }), 'Public host name');
    assert.equal(text({ toString: 'x' }), 'Public host name');
  });
});
