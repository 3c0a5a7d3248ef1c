import assert from 'node:assert/strict';
import { bottlerocketInventory } from '../../../../src/image/cataloguers/bottlerocket.ts';
import { run } from './support.ts';

const path = 'usr/share/bottlerocket/application-inventory.json';

describe('the application inventory of Bottlerocket', () => {
  it('gives what the system was built of', async () => {
    const text = JSON.stringify({
      Content: [
        {
          Name: 'glibc',
          Publisher: 'Bottlerocket',
          Version: '2.38',
          Release: '1.1702000000.abc.br1',
          Epoch: '1',
          InstalledTime: '2024-01-01T00:00:00Z',
          ApplicationType: 'Unspecified',
          Architecture: 'x86_64',
        },
        { Name: 'extra', Publisher: 'Somebody', Version: '1', Release: '2' },
      ],
    });
    const { packages, problems } = await run(bottlerocketInventory, path, text);
    assert.deepEqual(problems, []);
    assert.deepEqual(packages, [
      { type: 'rpm', name: 'glibc', version: '1:2.38-1.1702000000.abc.br1', architecture: 'x86_64', path },
      { type: 'rpm', name: 'extra', version: '1-2', thirdParty: true, path },
    ]);
  });

  it('is wanted in the system root too', () => {
    assert.ok(bottlerocketInventory.wants(path));
    assert.ok(bottlerocketInventory.wants(`x86_64-bottlerocket-linux-gnu/sys-root/${path}`));
    assert.ok(!bottlerocketInventory.wants(`opt/${path}`));
  });

  it('says which entries it cannot use, and that it is something else', async () => {
    const { packages, problems } = await run(
      bottlerocketInventory,
      path,
      JSON.stringify({ Content: [{ Name: 'x' }, 7, { Name: 'a', Version: '1', Release: '2' }] }),
    );
    assert.deepEqual(
      packages.map(({ name }) => name),
      ['a'],
    );
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['entry 1 has no name, version or release: passed over', 'entry 2 has no name, version or release: passed over'],
    );
    assert.deepEqual((await run(bottlerocketInventory, path, '{}')).problems, [
      { path, reason: 'it is no application inventory' },
    ]);
  });
});
