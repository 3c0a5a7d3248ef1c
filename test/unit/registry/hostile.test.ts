import assert from 'node:assert/strict';
import { parseDockerConfig } from '../../../src/registry/docker-config.ts';
import { nextPage } from '../../../src/registry/listing.ts';

describe('answers and files that were made to mislead', () => {
  it('lead to no next page but an address of the registry itself', () => {
    const page = 'https://registry.example.test/v2/_catalog?n=100';
    for (const target of [
      'blob:https://registry.example.test/x',
      'https://user:word@registry.example.test/x',
      'http://registry.example.test/x',
      '//elsewhere.example.test/x',
    ]) {
      assert.throws(() => nextPage(`<${target}>; rel="next"`, page), { code: 'refused' }, target);
    }
    assert.equal(nextPage('</v2/x>; rel="next"', page), 'https://registry.example.test/v2/x');
  });

  it('cost no time: an account with zeros in the middle of its password', () => {
    const word = `a${'\0'.repeat(300_000)}b`;
    const auth = Buffer.from(`user:${word}\0\0`).toString('base64');
    const before = process.cpuUsage();
    const config = parseDockerConfig(JSON.stringify({ auths: { 'r.example.test': { auth } } }), 'x');
    assert.deepEqual(config.accountFor('r.example.test'), { kind: 'password', username: 'user', password: word });
    const { user } = process.cpuUsage(before);
    assert.ok(user < 1_000_000, `${user} µs`);
  });
});
