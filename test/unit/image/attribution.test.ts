import assert from 'node:assert/strict';
import { placePackages, type PackageState } from '../../../src/image/attribution.ts';
import type { Package } from '../../../src/image/types.ts';

const deb = (text: string): Package => {
  const [name = '', version = '', architecture] = text.split(' ');
  return { type: 'deb', name, version, ...(architecture === undefined ? {} : { architecture }) };
};
const state = (layer: number, ...packages: string[]): PackageState => ({ layer, packages: packages.map(deb) });

describe('finding the layer of a package', () => {
  it('takes the first layer that lists the version, when it stayed', () => {
    const place = placePackages([state(0, 'a 1'), state(2, 'a 1', 'b 1'), state(5, 'a 1', 'b 1', 'c 1')]);
    assert.deepEqual(place(deb('a 1')), { introducedBy: 0, lastChangedBy: 0, firstLayer: 0 });
    assert.deepEqual(place(deb('b 1')), { introducedBy: 2, lastChangedBy: 2, firstLayer: 2 });
    assert.deepEqual(place(deb('c 1')), { introducedBy: 5, lastChangedBy: 5, firstLayer: 5 });
  });

  it('takes the layer of an upgrade, and remembers where the name came from', () => {
    const place = placePackages([state(0, 'a 1'), state(3, 'a 2')]);
    assert.deepEqual(place(deb('a 2')), { introducedBy: 3, lastChangedBy: 3, firstLayer: 0 });
  });

  it('takes the last layer of a package that was removed and installed again', () => {
    const place = placePackages([state(0, 'a 1'), state(1), state(4, 'a 1')]);
    assert.deepEqual(place(deb('a 1')), { introducedBy: 4, lastChangedBy: 0, firstLayer: 0 });
  });

  it('takes the layer of a downgrade back to an old version', () => {
    const place = placePackages([state(0, 'a 1'), state(1, 'a 2'), state(2, 'a 1')]);
    assert.deepEqual(place(deb('a 1')), { introducedBy: 2, lastChangedBy: 0, firstLayer: 0 });
  });

  it('tells architectures apart', () => {
    const place = placePackages([state(0, 'a 1 amd64'), state(1, 'a 1 amd64', 'a 1 i386')]);
    assert.deepEqual(place(deb('a 1 i386')), { introducedBy: 1, lastChangedBy: 1, firstLayer: 1 });
  });

  it('knows nothing of a package that no state lists', () => {
    assert.equal(placePackages([state(0, 'a 1')])(deb('b 1')), undefined);
    assert.equal(placePackages([])(deb('b 1')), undefined);
  });
});
