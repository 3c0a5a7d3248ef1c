import assert from 'node:assert/strict';
import { historyOfLayers, normaliseEntry, type NormalisedEntry } from '../../../src/image/history.ts';
import type { HistoryEntry, ImageConfig } from '../../../src/image/types.ts';

type Expected = Pick<NormalisedEntry, 'builder' | 'instruction' | 'text' | 'destination'>;

function normal(entry: Partial<HistoryEntry>): Expected {
  const { emptyLayer, ...rest } = normaliseEntry({ emptyLayer: false, ...entry });
  assert.equal(emptyLayer, false);
  return rest;
}

describe('what builders write into the history', () => {
  const hash = 'a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90';
  const cases: [string, Partial<HistoryEntry>, Expected][] = [
    [
      'docker: RUN',
      { createdBy: '/bin/sh -c apt-get update &&     apt-get install -y curl' },
      { builder: 'docker', instruction: 'RUN', text: 'apt-get update && apt-get install -y curl' },
    ],
    [
      'docker: RUN with build arguments',
      { createdBy: '|2 A=1 B=two words /bin/sh -c make' },
      { builder: 'docker', instruction: 'RUN', text: 'make' },
    ],
    [
      'docker: RUN in another shell',
      { createdBy: '/bin/bash -o pipefail -c curl x | sh' },
      { builder: 'docker', instruction: 'RUN', text: 'curl x | sh' },
    ],
    [
      'docker: RUN in a shell with many options',
      { createdBy: '/bin/bash -euxo pipefail -c make' },
      { builder: 'docker', instruction: 'RUN', text: 'make' },
    ],
    [
      'docker: RUN in a login shell',
      { createdBy: '/bin/ash -eo pipefail -lc make' },
      { builder: 'docker', instruction: 'RUN', text: 'make' },
    ],
    [
      'docker: CMD with its two blanks',
      { createdBy: '/bin/sh -c #(nop)  CMD ["node" "server.js"]' },
      { builder: 'docker', instruction: 'CMD', text: '["node" "server.js"]' },
    ],
    [
      'docker: ENV',
      { createdBy: '/bin/sh -c #(nop) ENV NODE_VERSION=20.9.0' },
      { builder: 'docker', instruction: 'ENV', text: 'NODE_VERSION=20.9.0' },
    ],
    [
      'docker: COPY of one file',
      { createdBy: `/bin/sh -c #(nop) COPY file:${hash} in /app/package.json ` },
      {
        builder: 'docker',
        instruction: 'COPY',
        text: `file:${hash} in /app/package.json`,
        destination: '/app/package.json',
      },
    ],
    [
      'docker: COPY of several with an owner',
      { createdBy: `/bin/sh -c #(nop) COPY --chown=node:node multi:${hash} in ./ ` },
      { builder: 'docker', instruction: 'COPY', text: `multi:${hash} in ./`, destination: './' },
    ],
    [
      'docker: ADD of a root file system',
      { createdBy: `/bin/sh -c #(nop) ADD file:${hash} in / ` },
      { builder: 'docker', instruction: 'ADD', text: `file:${hash} in /`, destination: '/' },
    ],
    [
      'docker: EXPOSE as a map',
      { createdBy: '/bin/sh -c #(nop)  EXPOSE map[80/tcp:{} 443/tcp:{}]' },
      { builder: 'docker', instruction: 'EXPOSE', text: '80/tcp 443/tcp' },
    ],
    [
      'docker on Windows',
      { createdBy: 'cmd /S /C #(nop)  USER ContainerUser' },
      { builder: 'docker', instruction: 'USER', text: 'ContainerUser' },
    ],
    [
      'docker on Windows: RUN',
      { createdBy: "powershell -Command $ErrorActionPreference = 'Stop'; dir" },
      { builder: 'docker', instruction: 'RUN', text: "$ErrorActionPreference = 'Stop'; dir" },
    ],
    [
      'BuildKit: RUN',
      { createdBy: 'RUN /bin/sh -c npm ci --omit=dev # buildkit', comment: 'buildkit.dockerfile.v0' },
      { builder: 'buildkit', instruction: 'RUN', text: 'npm ci --omit=dev' },
    ],
    [
      'BuildKit: RUN with arguments',
      { createdBy: 'RUN |1 NODE_ENV=production /bin/sh -c npm ci # buildkit' },
      { builder: 'buildkit', instruction: 'RUN', text: 'npm ci' },
    ],
    [
      'BuildKit: RUN with arguments and no shell',
      { createdBy: 'RUN |2 A=1 B=2 npm ci # buildkit' },
      { builder: 'buildkit', instruction: 'RUN', text: 'npm ci' },
    ],
    [
      'BuildKit: RUN without a shell',
      { createdBy: 'RUN npm ci # buildkit' },
      { builder: 'buildkit', instruction: 'RUN', text: 'npm ci' },
    ],
    [
      'BuildKit: a script',
      { createdBy: 'RUN /bin/sh -c set -e\napt-get update\napt-get install -y curl\n # buildkit' },
      { builder: 'buildkit', instruction: 'RUN', text: 'set -e apt-get update apt-get install -y curl' },
    ],
    [
      'BuildKit: COPY with flags',
      { createdBy: 'COPY --chown=node:node --link package.json ./ # buildkit' },
      { builder: 'buildkit', instruction: 'COPY', text: 'package.json ./', destination: './' },
    ],
    [
      'BuildKit: COPY from a stage',
      { createdBy: 'COPY /src/dist /app/dist # buildkit' },
      { builder: 'buildkit', instruction: 'COPY', text: '/src/dist /app/dist', destination: '/app/dist' },
    ],
    [
      'BuildKit: WORKDIR',
      { createdBy: 'WORKDIR /app', comment: 'buildkit.dockerfile.v0' },
      { builder: 'buildkit', instruction: 'WORKDIR', text: '/app' },
    ],
    [
      'BuildKit: EXPOSE as a list',
      { createdBy: 'EXPOSE [80/tcp]', comment: 'buildkit.dockerfile.v0' },
      { builder: 'buildkit', instruction: 'EXPOSE', text: '80/tcp' },
    ],
    [
      'BuildKit: HEALTHCHECK',
      {
        createdBy: 'HEALTHCHECK &{["CMD-SHELL" "curl -f localhost"] "10s" "0s" "0s" "0s" \'\\x00\'}',
        comment: 'buildkit.dockerfile.v0',
      },
      {
        builder: 'buildkit',
        instruction: 'HEALTHCHECK',
        text: '&{["CMD-SHELL" "curl -f localhost"] "10s" "0s" "0s" "0s" \'\\x00\'}',
      },
    ],
    [
      'Buildah: RUN',
      { createdBy: '/bin/sh -c dnf -y install httpd|inheritLabels=false' },
      { builder: 'buildah', instruction: 'RUN', text: 'dnf -y install httpd' },
    ],
    [
      'Buildah: two marks',
      { createdBy: '/bin/sh -c #(nop) COPY dir:abc in /x |inheritLabels=false|force-mtime=10' },
      { builder: 'buildah', instruction: 'COPY', text: 'dir:abc in /x', destination: '/x' },
    ],
    [
      'Buildah: FROM in the comment',
      { createdBy: '/bin/sh -c #(nop) CMD ["sh"]', comment: 'FROM docker.io/library/debian:12' },
      { builder: 'buildah', instruction: 'CMD', text: '["sh"]' },
    ],
    [
      'a pipe of the command itself stays',
      { createdBy: '/bin/sh -c cat x|KEY=1 env' },
      { builder: 'docker', instruction: 'RUN', text: 'cat x|KEY=1 env' },
    ],
    [
      'kaniko',
      { createdBy: 'RUN apt-get update', author: 'kaniko' },
      { builder: 'kaniko', instruction: 'RUN', text: 'apt-get update' },
    ],
    [
      'buildpacks',
      { createdBy: "Layer: 'node', Created by buildpack: paketo-buildpacks/node-engine@3.2.1" },
      { builder: 'buildpacks', text: "Layer: 'node', Created by buildpack: paketo-buildpacks/node-engine@3.2.1" },
    ],
    [
      'buildpacks: slices',
      { createdBy: 'Application Slice: 1' },
      { builder: 'buildpacks', text: 'Application Slice: 1' },
    ],
    [
      '.NET SDK',
      { createdBy: '.NET SDK Container Tooling, version 8.0.400+36fe6dda56', author: '.NET SDK' },
      { builder: 'dotnet-sdk', text: '.NET SDK Container Tooling, version 8.0.400+36fe6dda56' },
    ],
    [
      'Jib',
      { createdBy: 'jib-maven-plugin:3.4.3', author: 'Jib', comment: 'dependencies' },
      { builder: 'jib', text: 'jib-maven-plugin:3.4.3' },
    ],
    [
      'ko',
      { createdBy: 'ko build ko://example.org/cmd/app' },
      { builder: 'other', text: 'ko build ko://example.org/cmd/app' },
    ],
    ['apko', { createdBy: 'apko' }, { builder: 'other', text: 'apko' }],
    [
      'debuerreotype',
      { createdBy: "# debian.sh --arch 'amd64' out/ 'bookworm' '@1718841600'" },
      { builder: 'other', text: "# debian.sh --arch 'amd64' out/ 'bookworm' '@1718841600'" },
    ],
    ['docker commit', { createdBy: 'bash' }, { builder: 'other', text: 'bash' }],
    ['nothing', {}, { builder: 'other', text: '' }],
    [
      'a word that only begins like an instruction',
      { createdBy: 'RUNNER start' },
      { builder: 'other', text: 'RUNNER start' },
    ],
  ];
  for (const [what, entry, expected] of cases) it(`is read: ${what}`, () => assert.deepEqual(normal(entry), expected));

  it('is read in no time when it is made to be slow', () => {
    const started = performance.now();
    for (const createdBy of [
      `/bin/sh ${'-o a '.repeat(10_000)}`,
      `/bin/sh${' '.repeat(60_000)}x`,
      `COPY ${'--a="b" '.repeat(8000)}`,
      `|999 ${'x '.repeat(30_000)}`,
      `RUN ${'|inherita='.repeat(6000)} `,
      `${'/a'.repeat(30_000)}/sh`,
    ]) {
      normal({ createdBy });
    }
    assert.ok(performance.now() - started < 2000);
  });
});

describe('history and layers', () => {
  const entry = (createdBy: string | undefined, emptyLayer = false): HistoryEntry => ({
    emptyLayer,
    ...(createdBy === undefined ? {} : { createdBy }),
  });
  const commands = (layers: number, ...history: HistoryEntry[]): (string | undefined)[] => {
    const diffIds = Array.from({ length: layers }, (_, i) => `sha256:${String(i).padStart(64, '0')}`);
    const config: ImageConfig = {
      architecture: 'amd64',
      os: 'linux',
      env: [],
      entrypoint: [],
      cmd: [],
      exposedPorts: [],
      labels: {},
      diffIds,
      history,
    };
    return historyOfLayers(config).map((found) => found?.createdBy);
  };

  it('go in pairs, empty entries left out', () => {
    assert.deepEqual(commands(2, entry('ADD x / '), entry('CMD', true), entry('RUN y'), entry('ENV', true)), [
      'ADD x / ',
      'RUN y',
    ]);
  });

  it('of a squashed image go in pairs too', () => {
    assert.deepEqual(commands(1, entry('ADD', true), entry('RUN', true), entry('')), ['']);
  });

  it('tell nothing when there is more history than layers', () => {
    assert.deepEqual(commands(1, entry('ADD x / '), entry('RUN y')), [undefined]);
  });

  it('tell nothing when history is short and may have begun above the base', () => {
    assert.deepEqual(commands(3, entry('RUN y'), entry('COPY a b')), [undefined, undefined, undefined]);
  });

  it('leave the layers on top alone when history is short and begins with the root file system', () => {
    assert.deepEqual(commands(3, entry('/bin/sh -c #(nop) ADD file:ab12 in / '), entry('RUN y')), [
      '/bin/sh -c #(nop) ADD file:ab12 in / ',
      'RUN y',
      undefined,
    ]);
  });

  it('tell nothing without any history', () => {
    assert.deepEqual(commands(2), [undefined, undefined]);
  });

  it('may lack the command', () => {
    assert.deepEqual(commands(2, entry(undefined), entry('RUN y')), [undefined, 'RUN y']);
  });
});
