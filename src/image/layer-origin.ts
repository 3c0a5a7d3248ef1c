import * as z from 'zod';
import { isEngineError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { historyOfLayers, normaliseEntry } from './history.ts';
import type { HistoryEntry, ImageConfig } from './types.ts';

/** Where a layer comes from that no instruction of a Dockerfile made. */
export interface LayerOrigin {
  /** `buildpack paketo-buildpacks/node-engine 3.2.1, layer "node"`. */
  readonly madeBy: string;
  /** What to change instead of a Dockerfile, as a sentence. */
  readonly change: string;
}

const change = {
  buildpack: 'Update the buildpack or the builder, or what project.toml asks of it.',
  builder: 'Update the builder image.',
  application: 'Change the source of the application: the buildpacks build it.',
  dotnet: 'Change the project file: its package references, or ContainerBaseImage.',
  maven: 'Change pom.xml.',
  gradle: 'Change build.gradle.',
  jib: "Change the project's build file.",
  ko: 'Change go.mod, or the base image in .ko.yaml.',
  apko: 'Change the apko configuration.',
  bazel: 'Change the BUILD file of the target.',
  nix: 'Change the Nix expression.',
} as const;

/**
 * Origin of each layer, lowest first; undefined for those that an instruction made and for those that nothing tells of.
 * Buildpacks say it in a label, whatever their history says.
 */
export function originsOfLayers(config: ImageConfig): readonly (LayerOrigin | undefined)[] {
  const byMetadata = buildpackLayers(config);
  return historyOfLayers(config).map((entry, index) => {
    const told = byMetadata.get(config.diffIds[index] ?? '');
    return told ?? (entry === undefined ? undefined : originOf(entry));
  });
}

function originOf(entry: HistoryEntry): LayerOrigin | undefined {
  const { builder } = normaliseEntry(entry);
  const text = (entry.createdBy ?? '').trim();
  switch (builder) {
    case 'buildpacks':
      return ofBuildpacks(text);
    case 'dotnet-sdk': {
      const version = /version (\d[\w.-]{0,60})/.exec(text)?.[1];
      return { madeBy: `dotnet publish, .NET SDK${version === undefined ? '' : ` ${version}`}`, change: change.dotnet };
    }
    case 'jib': {
      const [, tool, version] = /^jib-(maven|gradle)-plugin:(\S{1,60})/.exec(text) ?? [];
      const plugin = tool === undefined ? '' : ` ${tool} plugin ${version ?? ''}`;
      const part = entry.comment === undefined || entry.comment === '' ? '' : `, ${entry.comment.slice(0, 60)}`;
      return {
        madeBy: `Jib${plugin}${part}`,
        change: tool === 'maven' ? change.maven : tool === 'gradle' ? change.gradle : change.jib,
      };
    }
    case 'other':
      return ofOthers(text, entry.comment ?? '');
    case 'docker':
    case 'buildkit':
    case 'buildah':
    case 'kaniko':
      return undefined;
  }
}

/** Cloud Native Buildpacks, "Platform Interface Specification" 0.12, history of the layers. */
function ofBuildpacks(text: string): LayerOrigin {
  const [, name, extension, id] =
    /^Layer: '(.{0,200})', Created by (buildpack|extension): (\S{1,200})/.exec(text) ?? [];
  if (id !== undefined) {
    const at = id.lastIndexOf('@');
    const said = at < 0 ? id : `${id.slice(0, at)} ${id.slice(at + 1)}`;
    return { madeBy: `${extension ?? 'buildpack'} ${said}, layer "${name ?? ''}"`, change: change.buildpack };
  }
  if (/^Application (?:Layer|Slice)/.test(text)) return { madeBy: 'the application', change: change.application };
  return { madeBy: 'the lifecycle of the buildpacks', change: change.builder };
}

function ofOthers(text: string, comment: string): LayerOrigin | undefined {
  // ko, "pkg/build/gobuild.go"; apko; rules_docker and rules_oci; nixpkgs, "dockerTools".
  if (/^ko build\b|^ko publish\b/.test(text)) return { madeBy: text.slice(0, 200), change: change.ko };
  if (/^apko\b/.test(text)) return { madeBy: 'apko', change: change.apko };
  if (/^bazel build\b/.test(text)) return { madeBy: text.slice(0, 200), change: change.bazel };
  if (comment.startsWith('store paths:')) return { madeBy: 'Nix', change: change.nix };
  return undefined;
}

const metadataKey = 'io.buildpacks.lifecycle.metadata';
const layer = z.object({ sha: z.string() }).optional().catch(undefined);
/** Cloud Native Buildpacks, "Platform Interface Specification", "io.buildpacks.lifecycle.metadata". */
const lifecycleMetadata = z.object({
  app: z
    .array(z.object({ sha: z.string() }))
    .nullish()
    .catch(undefined),
  config: layer,
  launcher: layer,
  'process-types': layer,
  buildpacks: z
    .array(
      z.object({
        key: z.string(),
        version: z.string().nullish().catch(undefined),
        layers: z
          .record(z.string(), z.object({ sha: z.string().optional().catch(undefined) }).catch({}))
          .nullish()
          .catch(undefined),
      }),
    )
    .nullish()
    .catch(undefined),
});

function buildpackLayers(config: ImageConfig): ReadonlyMap<string, LayerOrigin> {
  const out = new Map<string, LayerOrigin>();
  const label = config.labels[metadataKey];
  if (label === undefined) return out;
  let value: unknown;
  try {
    value = parseJson(label, metadataKey, { maxDepth: 50 });
  } catch (error) {
    if (isEngineError(error)) return out; // the history may still tell
    throw error;
  }
  const parsed = lifecycleMetadata.safeParse(value);
  if (!parsed.success) return out;
  const { app, config: own, launcher, 'process-types': processes, buildpacks } = parsed.data;
  for (const each of [own, launcher, processes]) {
    if (each !== undefined) out.set(each.sha, { madeBy: 'the lifecycle of the buildpacks', change: change.builder });
  }
  for (const { sha } of app ?? []) out.set(sha, { madeBy: 'the application', change: change.application });
  for (const { key, version, layers } of buildpacks ?? []) {
    const said = version === undefined || version === null || version === '' ? key : `${key} ${version}`;
    for (const [name, { sha }] of Object.entries(layers ?? {})) {
      if (sha !== undefined) out.set(sha, { madeBy: `buildpack ${said}, layer "${name}"`, change: change.buildpack });
    }
  }
  return out;
}
