import assert from 'node:assert/strict';
import { addressMap } from '../../../../src/image/executables/segments.ts';
import { program, programFormats } from '../../../support/executables.ts';

describe('addresses of executables', () => {
  // What the writer of programs lays out: two segments of one page each, at these places of memory and file.
  for (const format of programFormats) {
    it(`lead to their places in the file: ${format}`, () => {
      const map = addressMap(program({ format }));
      assert.equal(map(0x401000), 0x1000);
      assert.equal(map(0x401fff), 0x1fff);
      assert.equal(map(0x403010), 0x2010);
      assert.equal(map(0x402000), undefined);
      assert.equal(map(0x404000), undefined);
      assert.equal(map(0), undefined);
    });

    it(`lead nowhere in damaged headers: ${format}`, () => {
      const whole = program({ format });
      for (let end = 4; end < 400; end += 3) assert.doesNotThrow(() => addressMap(whole.subarray(0, end))(0x401000));
      for (let at = 4; at < 400; at++) {
        const spoilt = Buffer.from(whole);
        spoilt.fill(0xff, at, at + 4);
        assert.doesNotThrow(() => addressMap(spoilt)(0x401000));
      }
    });
  }

  it('of no executable lead nowhere', () => {
    assert.equal(addressMap(Buffer.from('#!/bin/sh'))(0), undefined);
    assert.equal(addressMap(Buffer.alloc(0))(0), undefined);
  });
});
