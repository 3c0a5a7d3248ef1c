import assert from 'node:assert/strict';
import { parseDockerfile } from '../../../src/dockerfile/model.ts';
import { emptyConfig } from '../../../src/image/config.ts';
import type { ImageConfig, ImageReport } from '../../../src/image/types.ts';
import {
  type DockerfileText,
  basePart,
  linkDockerfiles,
  parseAll,
  placesIn,
  stepsOf,
  toBuiltImage,
} from '../../../src/scan/dockerfile-links.ts';

const digest = (n: number): string => `sha256:${String(n).padStart(64, '0')}`;
const source = 'org.opencontainers.image.source';
const entrypoint = 'com.docker.image.source.entrypoint';
const url = 'https://git.harbour.example/harbour/harbour';
const repository = { root: 'file:///harbour', remotes: ['git.harbour.example/harbour/harbour'] };

/** An image with this history; lines that end in `~` made no layer. */
function report(lines: readonly string[], more: Partial<ImageConfig> = {}): ImageReport {
  const history = lines.map((line) => ({ createdBy: line.replace(/ ~$/, ''), emptyLayer: line.endsWith(' ~') }));
  const diffIds = history.filter(({ emptyLayer }) => !emptyLayer).map((_, index) => digest(index));
  return {
    digest: digest(99),
    mediaType: 'x',
    platform: { os: 'linux', architecture: 'amd64' },
    config: {
      ...emptyConfig,
      architecture: 'amd64',
      diffIds,
      history,
      ...more,
    },
    layers: diffIds.map((diffId) => ({ digest: diffId, diffId, sizeBytes: 1 })),
    packages: [],
    problems: [],
    annotations: {},
  };
}

const baseLines = ['ADD rootfs.tar / ', `LABEL ${source}=${url} ~`, 'CMD ["bash"] ~'];
const base = report(baseLines, { labels: { [source]: url, [entrypoint]: 'images/base/Dockerfile' } });
const known = { layerCount: 1, evidence: 'layers', certain: true } as const;
const file = (path: string, text: string): DockerfileText => ({
  uri: `file:///harbour/${path}`,
  path,
  text,
  repository,
});
const labelsOf = (image: ImageReport, part = basePart(image, known, base)): string[] =>
  Object.keys(toBuiltImage('x/y', image, part).labels).sort();

describe('labels of an image', () => {
  const inherited = { [source]: url, [entrypoint]: 'images/base/Dockerfile' };

  it('are not its own when the base has the same', () => {
    assert.deepEqual(labelsOf(report([...baseLines, 'RUN make'], { labels: inherited })), []);
  });
  it('are its own when the base has another value, or none', () => {
    const labels = { ...inherited, [entrypoint]: 'tools/a/Dockerfile', version: '1' };
    assert.deepEqual(labelsOf(report([...baseLines, 'RUN make'], { labels })), [entrypoint, 'version']);
  });
  it('are its own when the history above the base sets them, to whatever value', () => {
    const lines = [...baseLines, `LABEL org.opencontainers.image.title=Harbour tools ${source}=${url} ~`, 'RUN make'];
    const labels = { ...inherited, 'org.opencontainers.image.title': 'Harbour tools' };
    assert.deepEqual(labelsOf(report(lines, { labels })), [source, 'org.opencontainers.image.title']);
  });
  it('are its own only by the history when the base was not read', () => {
    const lines = [...baseLines, 'RUN make', 'LABEL version="1" ~'];
    const image = report(lines, { labels: { ...inherited, version: '1' } });
    assert.deepEqual(labelsOf(image, basePart(image, known, undefined)), ['version']);
    const guess = basePart(image, { layerCount: 1, evidence: 'history', certain: false }, undefined);
    assert.deepEqual(labelsOf(image, guess), ['version']);
    const early = report([...baseLines, 'LABEL version="1" ~', 'RUN make'], { labels: { ...inherited, version: '1' } });
    const guessed = { layerCount: 1, evidence: 'history', certain: false } as const;
    assert.deepEqual(labelsOf(early, basePart(early, guessed, undefined)), ['version'], 'behind the CMD of the base');
    assert.deepEqual(labelsOf(early, basePart(early, known, undefined)), [], 'it may be of the base');
  });
  it('of an image from scratch are its own as far as its history sets them', () => {
    assert.deepEqual(labelsOf(base, basePart(base, undefined, undefined)), [source]);
  });
});

describe('the history of the base', () => {
  const lines = [...baseLines, `LABEL ${source}=${url} ~`, 'RUN make'];
  const bases = (part: ReturnType<typeof basePart>): boolean[] =>
    stepsOf(report(lines), part).map((step) => step.base === true);

  it('is cut off exactly when the base was read', () => {
    assert.deepEqual(bases(basePart(report(lines), known, base)), [true, true, true, false, false]);
  });
  it('ends with its last layer when it was not, or has another history', () => {
    assert.deepEqual(bases(basePart(report(lines), known, undefined)), [true, false, false, false, false]);
    const other = report(['ADD rootfs.tar / ', 'ENV A=1 ~']);
    assert.deepEqual(bases(basePart(report(lines), known, other)), [true, false, false, false, false]);
  });
});

describe('Dockerfiles of an image', () => {
  const tool = 'FROM harbour/base\nRUN make\nRUN install tool\n';
  const image = report([...baseLines, 'RUN /bin/sh -c make', 'RUN /bin/sh -c install tool'], {
    labels: { [source]: url, [entrypoint]: 'images/base/Dockerfile' },
  });
  const link = async (built: ImageReport, files: readonly DockerfileText[], part = basePart(built, known, base)) =>
    (await linkDockerfiles(toBuiltImage('r/tools/legacy', built, part), parseAll(files))).map(({ link: each }) => [
      each.path,
      each.score,
      each.band,
      each.signals.map(({ id }) => id).join(' '),
    ]);

  it('are not found by labels that come from the base', async () => {
    const files = [
      file('images/base/Dockerfile', 'FROM scratch\nADD rootfs.tar /\n'),
      file('tools/legacy/Dockerfile', tool),
    ];
    assert.deepEqual(await link(image, files), [['tools/legacy/Dockerfile', 53, 'possible', 'history folder-name']]);
  });

  it('are found by the labels that name repository and file', async () => {
    const own = report([...baseLines, 'RUN /bin/sh -c make', 'RUN /bin/sh -c install tool'], {
      labels: { [source]: `${url}.git`, [entrypoint]: 'tools/legacy/Dockerfile' },
    });
    assert.deepEqual(
      await link(own, [file('tools/legacy/Dockerfile', tool), file('tools/status/Dockerfile', 'FROM a\n')]),
      [['tools/legacy/Dockerfile', 93, 'certain', 'source-path history folder-name']],
    );
  });

  it('are asked for the revision that the labels name, once a repository', async () => {
    const asked: string[] = [];
    const revision = '0123456789abcdef0123456789abcdef01234567';
    const hasCommit = (commit: string): Promise<boolean> => Promise.resolve(asked.push(commit) > 0);
    const files = ['a/Dockerfile', 'b/Dockerfile'].map((path) => ({
      ...file(path, 'FROM a\n'),
      repository: { ...repository, hasCommit },
    }));
    const own = report([...baseLines, 'RUN x'], {
      labels: { [source]: `${url}/`, 'org.opencontainers.image.revision': revision },
    });
    assert.deepEqual(await link(own, files), [
      ['a/Dockerfile', 70, 'possible', 'source-revision'],
      ['b/Dockerfile', 70, 'possible', 'source-revision'],
    ]);
    assert.deepEqual(asked, [revision]);
  });

  it('that could as well be meant are all possible; the others are left out', async () => {
    const files = [
      file('a/Dockerfile', tool),
      file('b/Dockerfile', tool),
      file('tools/legacy/Dockerfile', 'FROM a\nRUN make\nRUN x\n'),
    ];
    assert.deepEqual(await link(image, files), [
      ['a/Dockerfile', 45, 'possible', 'history'],
      ['b/Dockerfile', 45, 'possible', 'history'],
    ]);
  });
});

describe('lines of a Dockerfile by the image', () => {
  const text = [
    'FROM harbour/base',
    'ENV DB_PASSWORD=Tide-and-time MODE=x',
    'RUN curl -u "ship:$PW" https://ship:tide@files.test/x',
    'COPY app /app',
    '',
  ].join('\n');
  const image = report([
    ...baseLines,
    'ENV DB_PASSWORD=*** MODE=x ~',
    'RUN /bin/sh -c curl -u "ship:$PW" https://***@files.test/x',
    'COPY app /app # buildkit',
  ]);
  const places = placesIn('file:///x', parseDockerfile(text), image, basePart(image, known, base), 'certain');
  const line = (place: ReturnType<typeof places.of>): unknown =>
    place === undefined ? undefined : `${place.line + 1} ${place.confidence}`;

  it('are found by the layer, with credentials hidden on both sides', () => {
    const baseLayers = new Set([digest(0)]);
    assert.equal(line(places.of({ layer: digest(0) }, baseLayers)), '1 likely');
    assert.equal(line(places.of({ layer: digest(1) }, baseLayers)), '3 exact');
    assert.equal(line(places.of({ layer: digest(2) }, baseLayers)), '4 exact');
    assert.equal(places.of({}, baseLayers), undefined);
    assert.equal(places.of({ layer: digest(7) }, baseLayers), undefined);
  });
  it('are found by the history entry, those of the base at FROM', () => {
    assert.equal(line(places.ofEntry(3)), '2 exact');
    assert.equal(line(places.ofEntry(1)), '1 likely');
    assert.equal(places.ofEntry(17), undefined);
  });
  it('are shown without what looks like a secret', () => {
    assert.deepEqual(places.ofEntry(3)?.excerpt, [
      'FROM harbour/base',
      'ENV DB_PASSWORD=*** MODE=x',
      'RUN curl -u "ship:$PW" https://***@files.test/x',
    ]);
    const old = placesIn(
      'u',
      parseDockerfile('FROM a\nENV DB_PASSWORD tide and time\n'),
      report(['ENV DB_PASSWORD=*** ~']),
      { layers: 0 },
      'certain',
    );
    assert.equal(old.ofEntry(0)?.excerpt?.[1], 'ENV DB_PASSWORD ***');
  });
});
