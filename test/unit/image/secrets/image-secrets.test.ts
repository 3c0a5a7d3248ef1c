import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { silentLog } from '../../../../src/core/log.ts';
import { readImage } from '../../../../src/image/read-image.ts';
import type { ImageSecret } from '../../../../src/image/secrets/kinds.ts';
import { rootfsSource } from '../../../../src/image/sources/rootfs.ts';
import type { ImageReport } from '../../../../src/image/types.ts';
import { decodeLayer, encodeLayer } from '../../../../src/store/layer-codec.ts';
import { tar, type TarInput } from '../../../support/tar.ts';
import { MemoryCache, MemoryRegistry, type MemoryImage } from '../memory-image.ts';

const signal = new AbortController().signal;
const key = Buffer.alloc(32, 7);

async function read(
  image: MemoryImage,
  cache = new MemoryCache(),
  fingerprintKey: Uint8Array = key,
): Promise<ImageReport> {
  const registry = new MemoryRegistry();
  return readImage({ source: registry.source(registry.image(image)), cache, log: silentLog, signal, fingerprintKey });
}

const file = (name: string, content: string): TarInput => ({ name, content });
const env = (name: string, password = 'Tide-and-time'): TarInput => file(name, `A=1\nDB_PASSWORD=${password}\n`);

/** `kind place @layer -layer`, by index. */
function shown({ secrets = [], layers }: ImageReport): string[] {
  const index = (digest: string): number => layers.findIndex((layer) => layer.digest === digest);
  return secrets.map(({ kind, path: at, line, env: name, label, history, layer, removedBy }: ImageSecret) =>
    [
      kind,
      at === undefined ? '' : ` ${at}${line === undefined ? '' : `:${line}`}`,
      name === undefined ? '' : ` $${name}`,
      label === undefined ? '' : ` label ${label}`,
      history === undefined ? '' : ` #${history}`,
      layer === undefined ? '' : ` @${index(layer)}`,
      removedBy === undefined ? '' : ` -${index(removedBy)}`,
    ].join(''),
  );
}

describe('secrets of an image', () => {
  it('lie in the lowest layer that holds them', async () => {
    const report = await read({ layers: [tar(file('etc/motd', 'x')), tar(env('app/.env')), tar(env('app/.env'))] });
    assert.deepEqual(shown(report), ['database-password app/.env:2 @1']);
  });

  it('stay in the image when a higher layer deletes them', async () => {
    const layers = [
      tar(env('app/.env', 'Tide-one'), env('opt/x/.env', 'Tide-two'), env('srv/d/.env', 'Tide-three'), env('a/.env')),
      tar(file('etc/motd', 'x')),
      tar(
        file('app/.wh..env', ''),
        file('opt/.wh.x', ''),
        file('srv/d/.wh..wh..opq', ''),
        file('a/.env', 'DB_PASSWORD=${FROM_OUTSIDE}\n'),
      ),
    ];
    assert.deepEqual(shown(await read({ layers })).sort(), [
      'database-password a/.env:2 @0 -2',
      'database-password app/.env:2 @0 -2',
      'database-password opt/x/.env:2 @0 -2',
      'database-password srv/d/.env:2 @0 -2',
    ]);
  });

  it('that are deleted and come back are there', async () => {
    const layers = [tar(env('app/.env')), tar(file('app/.wh..env', '')), tar(env('app/.env'))];
    assert.deepEqual(shown(await read({ layers })), ['database-password app/.env:2 @0']);
  });

  it('that changed are two: the old one still travels', async () => {
    const layers = [tar(env('app/.env', 'Tide-one')), tar(env('app/.env', 'Tide-two'))];
    assert.deepEqual(shown(await read({ layers })), [
      'database-password app/.env:2 @0 -1',
      'database-password app/.env:2 @1',
    ]);
  });

  it('in variables are told once, with the history entry that set them', async () => {
    const report = await read({
      layers: [tar(file('etc/motd', 'x'))],
      config: {
        Env: ['PATH=/bin', 'DB_PASSWORD=Tide-and-time'],
        Labels: { feed: 'https://ship:tide-and-time@feed.test/' },
      },
      history: [
        { created_by: 'ADD rootfs.tar / ' },
        { created_by: 'ENV DB_PASSWORD=Tide-and-time', empty_layer: true },
        { created_by: 'ENV API_TOKEN=Flood-and-ebb', empty_layer: true },
        { created_by: 'ENV API_TOKEN=', empty_layer: true },
      ],
    });
    assert.deepEqual(shown(report), ['database-password $DB_PASSWORD #1', 'url-password label feed', 'password #2']);
  });

  it('in commands are told with the layer of the command', async () => {
    const report = await read({
      layers: [tar(file('etc/motd', 'x')), tar(file('etc/motd', 'y'))],
      history: [
        { created_by: 'ADD rootfs.tar / ' },
        { created_by: 'RUN /bin/sh -c curl https://ship:tide-and-time@files.test/x # buildkit' },
      ],
    });
    assert.deepEqual(shown(report), ['url-password #1 @1']);
  });

  it('in the command are told once, by the history where it shows them', async () => {
    const config = { Entrypoint: ['run'], Cmd: ['--db-password=Tide-and-time'] };
    const layers = [tar(file('etc/motd', 'x'))];
    assert.deepEqual(shown(await read({ layers, config })), ['database-password']);
    const history = [
      { created_by: 'ADD rootfs.tar / ' },
      { created_by: 'CMD ["--db-password=Tide-and-time"]', empty_layer: true },
    ];
    assert.deepEqual(shown(await read({ layers, config, history })), ['database-password #1']);
  });

  it('have no value anywhere in what is kept or reported', async () => {
    const marker = 'Tide-and-time-marker';
    const cache = new MemoryCache();
    const report = await read(
      {
        layers: [tar(env('app/.env', marker), file('root/.netrc', `machine x login y password ${marker}\n`))],
        config: { Env: [`DB_PASSWORD=${marker}`], Labels: { password: marker }, Cmd: ['run', `--password=${marker}`] },
        history: [{ created_by: `RUN export DB_PASSWORD=${marker}` }],
      },
      cache,
    );
    assert.equal(report.secrets?.length, 3);
    assert.ok(!JSON.stringify(report).includes('marker'));
    assert.ok(!JSON.stringify([...cache.images.values()]).includes('marker'));
    for (const layer of cache.layers.values()) {
      assert.ok(!JSON.stringify(layer).includes('marker'));
      for (const { content } of layer.entries) assert.equal(content, undefined);
    }
  });

  it('have fingerprints that hold on one machine and mean nothing on another', async () => {
    const image = { layers: [tar(env('app/.env'), env('b/.env'), env('c/.env', 'Ebb-and-flood'))] };
    const prints = async (own: Uint8Array): Promise<string[]> =>
      ((await read(image, new MemoryCache(), own)).secrets ?? []).map(({ fingerprint }) => fingerprint);
    const [a, b, c] = await prints(key);
    assert.match(a ?? '', /^[0-9a-f]{16}$/);
    assert.equal(a, b, 'the same value');
    assert.notEqual(a, c);
    assert.deepEqual(await prints(key), [a, b, c]);
    assert.notEqual((await prints(Buffer.alloc(32, 8)))[0], a);
  });

  it('are found in a layer that is kept, and survive being stored', async () => {
    const cache = new MemoryCache();
    const image = { layers: [tar(env('app/.env'))] };
    const first = await read(image, cache);
    cache.images.clear();
    for (const [diffId, layer] of cache.layers) cache.layers.set(diffId, await decodeLayer(await encodeLayer(layer)));
    assert.deepEqual((await read(image, cache)).secrets, first.secrets);
  });

  it('are not looked for in files that are too large, without a word', async () => {
    const report = await read({ layers: [tar(file('app/big.json', `{"a": "${'x'.repeat(300_000)}"}`))] });
    assert.deepEqual(report.problems, []);
    assert.equal(report.secrets, undefined);
  });

  it('are found in files that a cataloguer reads too', async () => {
    const url = 'https://ship:tide-and-time@feed.test/simple';
    const report = await read({ layers: [tar(file('app/requirements.txt', `--index-url ${url}\nflask==3.0.0\n`))] });
    assert.deepEqual(shown(report), ['url-password app/requirements.txt:1 @0']);
  });

  it('are found in a folder', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'plimsoll-secrets-'));
    try {
      await mkdir(path.join(folder, 'app'));
      await writeFile(path.join(folder, 'app', '.env'), 'DB_PASSWORD=Tide-and-time\n');
      const source = rootfsSource(`dir:${folder}`, folder);
      const report = await readImage({ source, cache: new MemoryCache(), log: silentLog, signal, fingerprintKey: key });
      assert.deepEqual(shown(report), ['database-password app/.env:1']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
