import assert from 'node:assert/strict';
import { NotSignedInError, UnreachableError } from '../../../../src/core/errors.ts';
import { refusalOf } from '../../../../src/vscode/wizard/refusal.ts';
import { english } from '../support/english.ts';

const refused = (aadsts: number) => new NotSignedInError(`Say ${aadsts}.`, 'Do this.', { aadsts });

describe('27.4: a refused sign-in', () => {
  for (const [aadsts, step] of [
    [90002, 'tenant'],
    [900023, 'tenant'],
    [700016, 'client'],
    [7000215, 'secret'],
    [7000222, 'secret'],
    [7000112, undefined],
    [53003, undefined],
    [4711, undefined],
  ] as const) {
    it(`with AADSTS${aadsts} leads to ${step ?? 'the same box'}`, () => {
      const refusal = refusalOf(refused(aadsts), english, 'this computer');
      assert.equal(refusal.step, step);
      assert.deepEqual(refusal.remark, { level: 'error', message: `Say ${aadsts}. Do this.` });
    });
  }

  it('for want of a network stays, names the machine and offers another try', () => {
    const error = new UnreachableError('Cannot reach login.contoso.test: the name does not resolve', 'Check the DNS.', {
      host: 'login.contoso.test',
      reason: 'name',
    });
    const { step, remark } = refusalOf(error, english, 'WSL: Ubuntu');
    assert.equal(step, undefined);
    assert.equal(
      remark.message,
      'Cannot reach login.contoso.test: the name does not resolve, tried from WSL: Ubuntu. Check the DNS. Press Enter to try again.',
    );
  });
});
