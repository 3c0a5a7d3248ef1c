import assert from 'node:assert/strict';
import { parseChallenge } from '../../../src/registry/challenge.ts';
import type { AuthChallenge } from '../../../src/registry/types.ts';

describe('the challenge of a registry', () => {
  const cases: [string, AuthChallenge | undefined][] = [
    [
      'Bearer realm="https://contosoacr.azurecr.io/oauth2/token",service="contosoacr.azurecr.io"',
      { scheme: 'bearer', realm: 'https://contosoacr.azurecr.io/oauth2/token', service: 'contosoacr.azurecr.io' },
    ],
    [
      'Bearer realm="https://r/t",service="r",scope="repository:a/b:pull,push"',
      { scheme: 'bearer', realm: 'https://r/t', service: 'r', scope: 'repository:a/b:pull,push' },
    ],
    ['bearer REALM=https://r/t , Service = r', { scheme: 'bearer', realm: 'https://r/t', service: 'r' }],
    ['Basic realm="a \\"quoted\\" name"', { scheme: 'basic', realm: 'a "quoted" name' }],
    ['Basic realm="x", Bearer realm="https://r/t"', { scheme: 'bearer', realm: 'https://r/t' }],
    ['Negotiate, Basic realm=x', { scheme: 'basic', realm: 'x' }],
    ['Bearer realm="first",realm="second"', { scheme: 'bearer', realm: 'first' }],
    ['Bearer', { scheme: 'bearer' }],
    ['Negotiate', undefined],
    ['', undefined],
    ['"', undefined],
    ['Bearer realm="unterminated', { scheme: 'bearer', realm: '' }],
  ];
  for (const [header, expected] of cases) {
    it(`is read: ${header}`, () => assert.deepEqual(parseChallenge(header), expected));
  }

  it('is nothing when it is missing or endless', () => {
    assert.equal(parseChallenge(undefined), undefined);
    assert.equal(parseChallenge(`Bearer realm="${'x'.repeat(10_000)}"`), undefined);
  });
});
