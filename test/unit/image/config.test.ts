import assert from 'node:assert/strict';
import { parseConfig } from '../../../src/image/config.ts';

const diffId = `sha256:${'a'.repeat(64)}`;
const parse = (content: unknown): ReturnType<typeof parseConfig> =>
  parseConfig(Buffer.from(JSON.stringify(content)), '"x"');

describe('the config of an image', () => {
  it('is read', () => {
    assert.deepEqual(
      parse({
        created: '2026-01-01T00:00:00Z',
        author: 'me',
        architecture: 'amd64',
        os: 'linux',
        config: {
          User: 'node',
          Env: ['PATH=/bin', 'SECRET=x'],
          Entrypoint: ['docker-entrypoint.sh'],
          Cmd: ['node', '--token=abc'],
          WorkingDir: '/app',
          ExposedPorts: { '8080/tcp': {}, '443/tcp': {} },
          Labels: { version: '1', 'api-token': 'abc' },
        },
        rootfs: { type: 'layers', diff_ids: [diffId] },
        history: [
          { created: '2026-01-01T00:00:00Z', created_by: 'ADD x / ' },
          { created_by: 'ENV API_KEY=abc', empty_layer: true, comment: 'buildkit.dockerfile.v0' },
        ],
      }),
      {
        created: '2026-01-01T00:00:00Z',
        author: 'me',
        architecture: 'amd64',
        os: 'linux',
        user: 'node',
        env: ['PATH=/bin', 'SECRET='],
        entrypoint: ['docker-entrypoint.sh'],
        cmd: ['node', '--token=***'],
        workingDir: '/app',
        exposedPorts: ['443/tcp', '8080/tcp'],
        labels: { version: '1', 'api-token': '***' },
        diffIds: [diffId],
        history: [
          { created: '2026-01-01T00:00:00Z', createdBy: 'ADD x / ', emptyLayer: false },
          { createdBy: 'ENV API_KEY=***', comment: 'buildkit.dockerfile.v0', emptyLayer: true },
        ],
      },
    );
  });

  it('may be null almost everywhere', () => {
    const empty = {
      architecture: '',
      os: '',
      env: [],
      entrypoint: [],
      cmd: [],
      exposedPorts: [],
      labels: {},
      diffIds: [],
      history: [],
    };
    assert.deepEqual(
      parse({
        architecture: null,
        config: { Env: null, Labels: null, Cmd: null, ExposedPorts: null },
        rootfs: { diff_ids: null },
        history: null,
      }),
      empty,
    );
    assert.deepEqual(parse({ config: null, rootfs: {} }), empty);
  });

  it('takes a single text for a list', () => {
    assert.deepEqual(parse({ config: { Entrypoint: '/bin/app' }, rootfs: {} }).entrypoint, ['/bin/app']);
  });

  it('is damaged without layers, with a wrong digest, or as something else', () => {
    for (const content of [{}, [], 'x', { rootfs: { diff_ids: ['sha256:short'] } }, { rootfs: { diff_ids: 'x' } }]) {
      assert.throws(() => parse(content), { code: 'damaged' });
    }
  });

  it('keeps the whole label of buildpacks, which is JSON', () => {
    const metadata = JSON.stringify({ layers: Array.from({ length: 2000 }, (_, n) => ({ sha: `sha256:${n}` })) });
    assert.ok(metadata.length > 32 * 1024);
    const labels = { 'io.buildpacks.lifecycle.metadata': metadata, other: metadata };
    const read = parseConfig(
      Buffer.from(JSON.stringify({ config: { Labels: labels }, rootfs: { diff_ids: [] } })),
      'x',
    );
    assert.equal(read.labels['io.buildpacks.lifecycle.metadata'], metadata);
    assert.equal(read.labels['other']?.length, 32 * 1024 + 1);
  });

  it('cuts texts that nobody wrote', () => {
    const { history, labels } = parse({
      rootfs: {},
      config: { Labels: { a: 'x'.repeat(100_000) } },
      history: Array.from({ length: 60 }, () => ({ created_by: 'y'.repeat(50_000) })),
    });
    assert.equal(labels['a']?.length, 32 * 1024 + 1);
    const total = history.reduce((sum, { createdBy }) => sum + (createdBy?.length ?? 0), 0);
    assert.ok(total <= 1024 * 1024 + 100, String(total));
  });
});
