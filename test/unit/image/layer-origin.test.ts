import assert from 'node:assert/strict';
import { originsOfLayers } from '../../../src/image/layer-origin.ts';
import type { HistoryEntry, ImageConfig } from '../../../src/image/types.ts';

const diff = (n: number): string => `sha256:${String(n).padStart(64, '0')}`;

function config(history: readonly Partial<HistoryEntry>[], labels: Record<string, string> = {}): ImageConfig {
  const entries = history.map((entry) => ({ emptyLayer: false, ...entry }));
  return {
    architecture: 'amd64',
    os: 'linux',
    env: [],
    entrypoint: [],
    cmd: [],
    exposedPorts: [],
    labels,
    diffIds: entries.filter(({ emptyLayer }) => !emptyLayer).map((_, index) => diff(index)),
    history: entries,
  };
}

const shown = (history: readonly Partial<HistoryEntry>[], labels?: Record<string, string>): unknown[] =>
  originsOfLayers(config(history, labels)).map((origin) =>
    origin === undefined ? undefined : [origin.madeBy, origin.change.split(/[:.,]/)[0]],
  );

describe('layers that no Dockerfile made', () => {
  it('are told by the history of buildpacks', () => {
    const created = '1980-01-01T00:00:01Z';
    assert.deepEqual(
      shown([
        { created, createdBy: '/bin/sh -c #(nop) ADD file:ab12 in / ' },
        { created, createdBy: 'Software Bill-of-Materials' },
        { created, createdBy: 'Buildpacks Launcher Config' },
        { created, createdBy: "Layer: 'node', Created by buildpack: paketo-buildpacks/node-engine@3.2.1" },
        { created, createdBy: "Layer: 'curl', Created by extension: samples/curl@0.0.1" },
        { created, createdBy: 'Application Slice: 1' },
        { created, createdBy: 'Buildpacks Process Types' },
      ]),
      [
        undefined,
        ['the lifecycle of the buildpacks', 'Update the builder image'],
        ['the lifecycle of the buildpacks', 'Update the builder image'],
        ['buildpack paketo-buildpacks/node-engine 3.2.1, layer "node"', 'Update the buildpack or the builder'],
        ['extension samples/curl 0.0.1, layer "curl"', 'Update the buildpack or the builder'],
        ['the application', 'Change the source of the application'],
        ['the lifecycle of the buildpacks', 'Update the builder image'],
      ],
    );
  });

  it('are told by the metadata of buildpacks where the history is empty', () => {
    const metadata = {
      app: [{ sha: diff(3) }],
      config: { sha: diff(1) },
      launcher: { sha: diff(2) },
      buildpacks: [
        { key: 'paketo-buildpacks/go-build', version: '2.1.0', layers: { targets: { sha: diff(4), launch: true } } },
        { key: 'odd', layers: { broken: 7 } },
      ],
      runImage: { topLayer: diff(0), reference: 'x' },
    };
    const labels = { 'io.buildpacks.lifecycle.metadata': JSON.stringify(metadata) };
    assert.deepEqual(
      shown([{}, {}, {}, {}, {}], labels).map((origin) => (origin as string[] | undefined)?.[0]),
      [
        undefined,
        'the lifecycle of the buildpacks',
        'the lifecycle of the buildpacks',
        'the application',
        'buildpack paketo-buildpacks/go-build 2.1.0, layer "targets"',
      ],
    );
    assert.deepEqual(shown([{}], { 'io.buildpacks.lifecycle.metadata': '{' }), [undefined]);
    assert.deepEqual(shown([{}], { 'io.buildpacks.lifecycle.metadata': '{"buildpacks": "none"}' }), [undefined]);
  });

  it('are told of the .NET SDK, above the history of its base', () => {
    assert.deepEqual(
      shown([
        { createdBy: '/bin/sh -c #(nop) ADD file:ab12 in / ' },
        { createdBy: '/bin/sh -c #(nop)  ENV APP_UID=1654', emptyLayer: true },
        { createdBy: 'COPY /dotnet /usr/share/dotnet # buildkit', comment: 'buildkit.dockerfile.v0' },
        { author: '.NET SDK', createdBy: '.NET SDK Container Tooling, version 8.0.400+36fe6dda56' },
        { author: '.NET SDK', createdBy: '.NET SDK Container Tooling, version 8.0.400+36fe6dda56' },
      ]),
      [
        undefined,
        undefined,
        ['dotnet publish, .NET SDK 8.0.400', 'Change the project file'],
        ['dotnet publish, .NET SDK 8.0.400', 'Change the project file'],
      ],
    );
  });

  it('are told of Jib, by its plugin and part', () => {
    assert.deepEqual(
      shown([
        { author: 'Jib', createdBy: 'jib-maven-plugin:3.4.3', comment: 'dependencies' },
        { author: 'Jib', createdBy: 'jib-gradle-plugin:3.4.3', comment: 'classes' },
        { author: 'Jib', createdBy: 'jib-core:0.27.0' },
      ]),
      [
        ['Jib maven plugin 3.4.3, dependencies', 'Change pom'],
        ['Jib gradle plugin 3.4.3, classes', 'Change build'],
        ['Jib', "Change the project's build file"],
      ],
    );
  });

  it('are told of ko, apko, Bazel and Nix', () => {
    assert.deepEqual(
      shown([
        { author: 'ko', createdBy: 'ko build ko://example.org/cmd/app', comment: 'go build output, at /ko-app/app' },
        { author: 'apko', createdBy: 'apko', comment: 'This is an apko single-layer image' },
        { createdBy: 'bazel build //common:rootfs' },
        { comment: "store paths: ['/nix/store/abc-hello-2.12']" },
      ]),
      [
        ['ko build ko://example.org/cmd/app', 'Change go'],
        ['apko', 'Change the apko configuration'],
        ['bazel build //common:rootfs', 'Change the BUILD file of the target'],
        ['Nix', 'Change the Nix expression'],
      ],
    );
  });

  it('are not those of instructions, of commits and of nothing', () => {
    assert.deepEqual(
      shown([
        { createdBy: 'RUN /bin/sh -c make # buildkit', comment: 'buildkit.dockerfile.v0' },
        { createdBy: 'RUN make', author: 'kaniko' },
        { createdBy: '/bin/sh -c make|inheritLabels=false' },
        { createdBy: 'bash' },
        {},
      ]),
      [undefined, undefined, undefined, undefined, undefined],
    );
  });
});
