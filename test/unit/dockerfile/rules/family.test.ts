import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { reportedRules } from '../../../../src/dockerfile/check.ts';
import { rules } from '../../../../src/dockerfile/rules/index.ts';

const folder = path.resolve(import.meta.dirname, '../../../../src/dockerfile/rules');

/** `noAddFromUrl` → `no-add-from-url` */
function fileNames(): string[] {
  return readdirSync(folder)
    .filter((name) => !['index.ts', 'rule.ts'].includes(name))
    .map((name) => name.replace(/\.ts$/, ''))
    .sort();
}

describe('the family of Dockerfile rules', () => {
  it('lists every file, sorted by id', () => {
    assert.deepEqual(
      rules.map(({ id }) => id.replace(/^df-/, '')),
      fileNames(),
    );
  });

  it('has well-formed ids and aliases that nobody shares', () => {
    const names = reportedRules.flatMap(({ id, aliases }) => [id, ...aliases]);
    assert.deepEqual([...new Set(names)], names);
    for (const { id } of reportedRules) assert.match(id, /^df-[a-z]+(-[a-z]+)*$/);
  });

  it('has a test for each rule', () => {
    for (const name of fileNames()) {
      assert.ok(existsSync(path.join(import.meta.dirname, `${name}.test.ts`)), name);
    }
  });

  it('says of each rule what it wants, why, and where to read more', () => {
    for (const { id, title, why, docs } of reportedRules) {
      assert.match(title, /^[A-Z].*[^.]$/, id);
      assert.match(why, /^[A-Z].{30,}\.$/, id);
      assert.equal(new URL(docs).protocol, 'https:', id);
    }
  });
});
