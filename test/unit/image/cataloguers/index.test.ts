import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cataloguers } from '../../../../src/image/cataloguers/index.ts';

const folder = path.resolve(import.meta.dirname, '../../../../src/image/cataloguers');

describe('the family of cataloguers', () => {
  it('is sorted by unique ids of the usual form', () => {
    const ids = cataloguers.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)].sort());
    for (const id of ids) assert.match(id, /^[a-z]+(?:-[a-z]+)*$/);
  });

  it('names every file that defines one, and each has a test', () => {
    const defining = readdirSync(folder).filter((name) =>
      /^export const \w+: Cataloguer\b/m.test(readFileSync(path.join(folder, name), 'utf8')),
    );
    assert.ok(defining.length > 0);
    const listed = readFileSync(path.join(folder, 'index.ts'), 'utf8');
    for (const name of defining) {
      assert.ok(listed.includes(`'./${name}'`), name);
      assert.ok(existsSync(path.join(import.meta.dirname, name.replace(/\.ts$/, '.test.ts'))), name);
    }
  });

  it('bounds every file', () => {
    for (const cataloguer of cataloguers) {
      const { id, maxFileBytes } = cataloguer;
      // What passes by is not kept: its size costs time alone.
      const most = cataloguer.extract === undefined ? 256 * 1024 * 1024 : 64 * 1024 * 1024 * 1024;
      assert.ok(maxFileBytes > 0 && maxFileBytes <= most, id);
    }
  });
});
