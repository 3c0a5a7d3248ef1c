import assert from 'node:assert/strict';
import { endOfLife } from '../../../src/findings/end-of-life.ts';

const on = (today: string, id: string, version?: string) =>
  endOfLife({ id, ...(version === undefined ? {} : { version }) }, today)?.since;

describe('the end of support of an operating system', () => {
  it('is the day after the last one with fixes', () => {
    // Debian 10 had long-term support until 30 June 2024.
    assert.equal(on('2024-06-29', 'debian', '10'), undefined);
    assert.equal(on('2024-06-30', 'debian', '10'), undefined);
    assert.equal(on('2024-07-01', 'debian', '10'), '2024-06-30');
  });

  it('goes by the release, whatever point release is installed', () => {
    assert.equal(on('2026-11-20', 'debian', '10.13'), '2024-06-30');
    assert.equal(on('2026-11-20', 'alpine', '3.18.12'), '2025-05-09');
    assert.equal(on('2026-11-20', 'ubuntu', '18.04'), '2023-05-31');
  });

  it('does not take one release for another whose number begins alike', () => {
    assert.equal(on('2026-11-20', 'debian', '1'), undefined);
    assert.equal(on('2026-11-20', 'debian', '13.2'), undefined);
    assert.equal(on('2026-11-20', 'alpine', '3.230.0'), undefined);
    assert.equal(on('2026-11-20', 'alpine', '31'), undefined);
  });

  it('names a release to go to', () => {
    const found = endOfLife({ id: 'debian', version: '9' }, '2026-11-20');
    assert.match(found?.supported ?? '', /^Debian 1\d$/);
  });

  it('is not known of systems and releases that nobody wrote down', () => {
    assert.equal(endOfLife(undefined, '2026-11-20'), undefined);
    assert.equal(on('2026-11-20', 'debian'), undefined);
    assert.equal(on('2026-11-20', 'debian', 'trixie/sid'), undefined);
    assert.equal(on('2026-11-20', 'harbour-os', '1'), undefined);
  });

  it('cannot be asked for names of the language instead of systems', () => {
    for (const id of ['constructor', '__proto__', 'toString']) {
      assert.equal(on('2026-11-20', id, '1'), undefined, id);
      assert.equal(on('2026-11-20', 'debian', id), undefined, id);
    }
  });
});
