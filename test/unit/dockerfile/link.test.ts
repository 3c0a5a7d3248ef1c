import assert from 'node:assert/strict';
import { type BuiltImage, type LinkCandidate, linkImage, tiedLinks } from '../../../src/dockerfile/link.ts';
import { parseDockerfile } from '../../../src/dockerfile/model.ts';

const remote = 'git.example/contoso/shop';
const source = { 'org.opencontainers.image.source': 'git@git.example:contoso/shop.git' };

function image(more: Partial<BuiltImage> = {}): BuiltImage {
  return {
    repository: 'contoso.azurecr.io/team/orders',
    labels: {},
    annotations: {},
    steps: [],
    env: [],
    entrypoint: [],
    cmd: [],
    exposedPorts: [],
    ...more,
  };
}

function candidate(path: string, text: string): LinkCandidate {
  return { path, file: parseDockerfile(text) };
}

const plain = (path: string): LinkCandidate => candidate(path, 'FROM debian:12\nRUN make\nRUN install\n');
const made = {
  steps: [
    { instruction: 'RUN', text: 'make' },
    { instruction: 'RUN', text: 'install' },
  ],
};
const halfMade = { steps: [{ instruction: 'RUN', text: 'make' }] };

/** Links the image with files that all lie in one repository with these remotes. */
function linkIn(
  built: BuiltImage,
  files: readonly LinkCandidate[],
  remotes: readonly string[],
  hasRevision?: boolean,
): ReturnType<typeof linkImage> {
  const more = hasRevision === undefined ? {} : { hasRevision };
  return linkImage(
    built,
    files.map((file) => ({ ...file, repository: { root: 'file:///shop', remotes, path: file.path, ...more } })),
  );
}

const result = (links: ReturnType<typeof linkImage>): unknown[] =>
  links.map(({ path, score, band, signals }) => [path, score, band, signals.map(({ id }) => id).join(' ')]);

describe('links between an image and Dockerfiles', () => {
  it('the source label alone, three Dockerfiles in the repository: a tie of three at 50', () => {
    const links = linkIn(
      image({ labels: source }),
      [plain('c/Dockerfile'), plain('a/Dockerfile'), plain('b/Dockerfile')],
      [remote],
    );
    assert.deepEqual(result(links), [
      ['a/Dockerfile', 50, 'possible', 'source-label'],
      ['b/Dockerfile', 50, 'possible', 'source-label'],
      ['c/Dockerfile', 50, 'possible', 'source-label'],
    ]);
    assert.equal(tiedLinks(links).length, 3);
  });

  it('half of the history and the folder name: 32, none', () => {
    assert.deepEqual(linkIn(image(halfMade), [plain('orders/Dockerfile'), plain('x/Dockerfile')], []), []);
  });

  it('the history and the folder name: 53, possible', () => {
    assert.deepEqual(result(linkIn(image(made), [plain('orders/Dockerfile')], [])), [
      ['orders/Dockerfile', 53, 'possible', 'history folder-name'],
    ]);
  });

  it('source label, the only Dockerfile of the repository, history: 81, likely', () => {
    assert.deepEqual(
      result(linkIn(image({ ...made, labels: source }), [plain('x/Dockerfile')], ['other.example/x', remote])),
      [['x/Dockerfile', 81, 'likely', 'source-label history only-dockerfile']],
    );
  });

  it('a known revision makes the source label weigh more: 70', () => {
    const labels = { ...source, 'org.opencontainers.image.revision': '0123abc' };
    const both = [plain('x/Dockerfile'), plain('y/Dockerfile')];
    assert.deepEqual(result(linkIn(image({ labels }), both, [remote], true)).slice(0, 1), [
      ['x/Dockerfile', 70, 'likely', 'source-revision'],
    ]);
    for (const known of [undefined, false]) {
      assert.equal(linkIn(image({ labels }), both, [remote], known)[0]?.score, 50);
    }
    assert.equal(linkIn(image({ labels: source }), both, [remote], true)[0]?.score, 50, 'no revision');
  });

  it('labels that name repository and file weigh most: 85, and the others of the repository keep 50', () => {
    const labels = { ...source, 'com.docker.image.source.entrypoint': 'x/Dockerfile' };
    assert.deepEqual(result(linkIn(image({ labels }), [plain('x/Dockerfile'), plain('y/Dockerfile')], [remote])), [
      ['x/Dockerfile', 85, 'likely', 'source-path'],
      ['y/Dockerfile', 50, 'possible', 'source-label'],
    ]);
    const alone = { 'com.docker.image.source.entrypoint': 'x/Dockerfile' };
    assert.deepEqual(linkIn(image({ labels: alone }), [plain('x/Dockerfile')], [remote]), [], 'any repository has one');
  });

  it('a source label excludes the files of other repositories alone', () => {
    const here = { root: 'file:///shop', remotes: [remote], path: 'Dockerfile' };
    const there = { root: 'file:///other', remotes: ['git.example/contoso/other'], path: 'Dockerfile' };
    const links = linkImage(image({ ...made, labels: source }), [
      { ...plain('shop/Dockerfile'), repository: here },
      { ...plain('orders/Dockerfile'), repository: there },
      plain('orders/nowhere/Dockerfile'),
    ]);
    assert.deepEqual(result(links), [
      ['shop/Dockerfile', 81, 'likely', 'source-label history only-dockerfile'],
      ['orders/nowhere/Dockerfile', 45, 'possible', 'history'],
    ]);
  });

  it('a source label that names another repository excludes all', () => {
    assert.deepEqual(
      linkIn(image({ ...made, labels: source }), [plain('orders/Dockerfile')], ['git.example/contoso/other']),
      [],
    );
  });

  it('a source label says nothing where no remote is known', () => {
    assert.deepEqual(result(linkIn(image({ ...made, labels: source }), [plain('orders/Dockerfile')], [])), [
      ['orders/Dockerfile', 53, 'possible', 'history folder-name'],
    ]);
  });

  it('annotations go before labels', () => {
    const wrong = { 'org.opencontainers.image.source': 'https://git.example/contoso/base' };
    assert.equal(
      linkIn(image({ labels: wrong, annotations: source }), [plain('x/Dockerfile')], [remote])[0]?.score,
      65,
    );
  });

  it('four equal settings count, three do not', () => {
    const file = candidate(
      'x/Dockerfile',
      'FROM a:1\nARG P=8000\nENV HOME=/srv\nWORKDIR $HOME\nWORKDIR app\nEXPOSE ${P} 53/udp 9000-9001\nUSER app\nENTRYPOINT ["run"]\nCMD serve --now\n',
    );
    const config = {
      env: ['PATH', 'HOME'],
      entrypoint: ['run'],
      cmd: ['/bin/sh', '-c', 'serve --now'],
      workingDir: '/srv/app',
      user: 'app',
      exposedPorts: ['8000/tcp', '53/udp', '9000/tcp', '9001/tcp'],
    };
    const ids = (more: Partial<BuiltImage>): string =>
      linkIn(image({ labels: source, ...more }), [file, plain('y')], [remote])
        .filter(({ path }) => path === 'x/Dockerfile')
        .flatMap(({ signals }) => signals.map(({ id }) => id))
        .join(' ');
    assert.equal(ids(config), 'source-label config');
    assert.equal(ids({ ...config, user: 'x', workingDir: '/' }), 'source-label config');
    assert.equal(ids({ ...config, user: 'x', workingDir: '/', exposedPorts: [] }), 'source-label');
  });

  it('a base label that names the final FROM counts; one that names another image takes from the score', () => {
    const named = (name: string) => ({ labels: { ...source, 'org.opencontainers.image.base.name': name } });
    const files = [candidate('x/Dockerfile', 'FROM node:22\n'), candidate('y/Dockerfile', 'FROM debian:12\n')];
    const scores = (name: string): unknown[] =>
      linkIn(image(named(name)), files, [remote]).map(({ path, score }) => [path, score]);
    assert.deepEqual(scores('docker.io/library/node:22'), [
      ['x/Dockerfile', 60],
      ['y/Dockerfile', 50],
    ]);
    assert.deepEqual(scores('alpine:3.20'), [], '50 × 0.6 is below the lowest band');
    const withHistory = linkIn(image({ ...named('alpine:3.20'), ...made }), [plain('orders/Dockerfile')], [remote]);
    assert.equal(withHistory[0]?.score, 50, '(1 − 0.5 × 0.55 × 0.7 × 0.85) × 0.6');
  });

  it('compares base names in the form of the registry', () => {
    const fits = (from: string, name: string): boolean =>
      linkIn(
        image({ labels: { ...source, 'org.opencontainers.image.base.name': name } }),
        [candidate('x', from)],
        [remote],
      ).some(({ signals }) => signals.some(({ id }) => id === 'base'));
    assert.equal(fits('FROM node\n', 'docker.io/library/node:latest'), true);
    assert.equal(fits('FROM bitnami/node:22\n', 'index.docker.io/bitnami/node:22'), true);
    assert.equal(fits('ARG R=contoso.azurecr.io\nFROM $R/base:1 AS a\nFROM a\n', 'contoso.azurecr.io/base:1'), true);
    assert.equal(fits('FROM ${R}/base:1\n', 'contoso.azurecr.io/base:1'), true);
    assert.equal(fits('FROM ${R}/base:2\n', 'contoso.azurecr.io/base:1'), false);
    assert.equal(fits('FROM ${R}\n', 'contoso.azurecr.io/base:1'), false, 'nothing to compare');
    assert.equal(fits('FROM scratch\n', 'scratch'), true);
  });

  it('never reaches a hundred: that is for a person to say', () => {
    const file = candidate(
      'orders/Dockerfile',
      'FROM node:22\nRUN make\nRUN install\nUSER a\nWORKDIR /a\nCMD ["a"]\nENTRYPOINT ["b"]\n',
    );
    const all = image({
      ...made,
      steps: [
        ...made.steps,
        ...['USER a', 'WORKDIR /a', 'CMD ["a"]', 'ENTRYPOINT ["b"]'].map((line) => ({
          instruction: line.split(' ')[0]!,
          text: line.split(' ')[1]!,
        })),
      ],
      labels: { ...source, 'org.opencontainers.image.revision': 'x', 'org.opencontainers.image.base.name': 'node:22' },
      user: 'a',
      workingDir: '/a',
      cmd: ['a'],
      entrypoint: ['b'],
    });
    const [link] = linkIn(all, [file], [remote], true);
    assert.equal(link?.score, 94);
    assert.equal(link.band, 'certain');
  });

  it('are tied with the best one within ten points', () => {
    const links = linkIn(
      image({ ...made, labels: source, repository: 'x/orders' }),
      [plain('a/Dockerfile'), plain('orders/Dockerfile'), candidate('b/Dockerfile', 'FROM a:1\nRUN other\n')],
      [remote],
    );
    assert.deepEqual(
      links.map(({ path, score }) => [path, score]),
      [
        ['orders/Dockerfile', 77],
        ['a/Dockerfile', 73],
        ['b/Dockerfile', 50],
      ],
    );
    assert.deepEqual(
      tiedLinks(links).map(({ path }) => path),
      ['orders/Dockerfile', 'a/Dockerfile'],
    );
    assert.deepEqual(tiedLinks([]), []);
  });

  it('take file names with the repository in them as its folder', () => {
    for (const path of ['orders/Dockerfile', 'build/Dockerfile.Orders', 'build/orders.Dockerfile']) {
      assert.equal(linkIn(image(made), [plain(path)], [])[0]?.score, 53, path);
    }
    assert.equal(linkIn(image(made), [plain('orders/build/Dockerfile')], [])[0]?.score, 45);
  });
});
