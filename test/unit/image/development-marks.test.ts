import assert from 'node:assert/strict';
import { DevelopmentMarks } from '../../../src/image/development-marks.ts';

describe('marks of packages for development', () => {
  const marks = new DevelopmentMarks();
  marks.add({ type: 'npm', name: 'left', version: '1.0.0', within: 'app/node_modules/left/package.json' });
  marks.add({ type: 'npm', name: 'right', version: '2.0.0', within: 'app/node_modules' });
  marks.add({ type: 'npm', name: 'top', version: '3.0.0', within: '' });
  const has = (name: string, version: string, path: string): boolean => marks.has({ type: 'npm', name, version, path });

  it('hold for the file they name', () => {
    assert.ok(has('left', '1.0.0', 'app/node_modules/left/package.json'));
    assert.ok(!has('left', '1.0.0', 'app/node_modules/x/node_modules/left/package.json'));
    assert.ok(!has('left', '1.0.1', 'app/node_modules/left/package.json'));
  });

  it('hold below the directory they name', () => {
    assert.ok(has('right', '2.0.0', 'app/node_modules/.pnpm/right@2.0.0/node_modules/right/package.json'));
    assert.ok(!has('right', '2.0.0', 'other/node_modules/right/package.json'));
    assert.ok(!has('right', '2.0.0', 'app/node_modules2/right/package.json'));
    assert.ok(has('top', '3.0.0', 'node_modules/top/package.json'));
  });

  it('are of one ecosystem', () => {
    assert.ok(!marks.has({ type: 'pypi', name: 'right', version: '2.0.0', path: 'app/node_modules/right' }));
    assert.ok(!marks.has({ type: 'npm', name: 'right', version: '2.0.0' }));
  });
});
