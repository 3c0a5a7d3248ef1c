import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ecosystemsNeeded } from '../advisories/ecosystems.ts';
import { AdvisoryLibrary, openAdvisories } from '../advisories/library.ts';
import { type AdvisorySource, matchPackages } from '../advisories/match.ts';
import type { MatchResult, Vulnerability } from '../advisories/types.ts';
import { createRegistryTokenSource, credentialsForRegistry } from '../azure/acr-tokens.ts';
import { isRegistryHost } from '../azure/clouds.ts';
import { createAzureSession } from '../azure/session.ts';
import { systemClock } from '../core/clock.ts';
import { BadInputError } from '../core/errors.ts';
import { createHttpClient } from '../core/http.ts';
import type { Severity } from '../core/severity.ts';
import { parseDockerfile } from '../dockerfile/model.ts';
import { chooseBaseSeverity } from '../findings/base-severity.ts';
import { toSeverityRating } from '../findings/from-image.ts';
import { findBaseImage } from '../image/base-image.ts';
import { parsePlatform } from '../image/manifest.ts';
import { createImageReader } from '../image/read-image.ts';
import { openImageSource } from '../image/sources/index.ts';
import type { ImageReport, LayerCache } from '../image/types.ts';
import { createAnonymousCredentials } from '../registry/anonymous.ts';
import { createRegistryClient } from '../registry/client.ts';
import { placesIn } from '../scan/dockerfile-links.ts';
import { StateStore } from '../store/state-store.ts';
import { oneOf, readArguments, readFailOn, reaches, usage } from './arguments.ts';
import { azureDeps, dataFolder, readCloud, readIdentity } from './azure.ts';
import { type Command, type CommandContext, exitCodes } from './command.ts';
import { toCycloneDx } from './cyclonedx.ts';
import { toSarif } from './sarif.ts';

export const image: Command = {
  name: 'image',
  summary: 'list the packages and vulnerabilities of an image',
  help: `Usage: plimsoll image <ref> [options]

<ref> is host/repository[:tag][@digest], oci:<folder>[:<tag>], docker-archive:<file>[:<tag>] or dir:<root file system>.
Registries of the Azure cloud are read with AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET when these are set,
every other registry without credentials.

Options:
  --advisories <path>   a database, or a folder laid out like the OSV mirror (<Ecosystem>/all.zip or <Ecosystem>/<ID>.json,
                        KEV and EPSS files beside them), for this run alone; default: the data of "advisories update"
  --platform <os/arch>  which image of an index (default linux/amd64)
  --file <Dockerfile>   attribute packages to the lines of this file
  --format table|json|cyclonedx|sarif
                        form of the result (default table)
  --fail-on <severity>  exit with 1 when a vulnerability has this severity or a higher one
  --cloud public|usGovernment|china|<file>
                        the Azure cloud (default public)
  --data <folder>       databases and caches (default: plimsoll in the user's cache folder)

Exit code 3 when parts of the image could not be read; the rest is printed.
`,
  async run(args, context) {
    const { values, positionals } = readArguments('image', args, {
      advisories: { type: 'string' },
      platform: { type: 'string' },
      file: { type: 'string' },
      format: { type: 'string' },
      'fail-on': { type: 'string' },
      cloud: { type: 'string' },
      data: { type: 'string' },
    });
    const [ref, ...more] = positionals;
    if (ref === undefined || more.length > 0) throw usage('image', 'Name one image');
    const format = oneOf('image', 'format', values.format, ['table', 'json', 'cyclonedx', 'sarif'] as const, 'table');
    const failOn = readFailOn('image', values['fail-on']);
    const platform = values.platform === undefined ? undefined : parsePlatform(values.platform);
    const lines = values.file === undefined ? undefined : await readDockerfile(values.file);
    const data = dataFolder(values.data, context.env);
    const report = await read(ref, platform, values.cloud, data, context);
    const match = await matchReport(report, values.advisories, data, context.signal);
    const result = describe(ref, report, match, lines);
    if (format === 'json') await context.out(`${JSON.stringify(result, undefined, 2)}\n`);
    else if (format === 'cyclonedx')
      await context.out(`${JSON.stringify(toCycloneDx(ref, report, match), undefined, 2)}\n`);
    else if (format === 'sarif') await context.out(`${JSON.stringify(asSarif(result, values.file), undefined, 2)}\n`);
    else await context.out(asTable(result));
    const levels = result.vulnerabilities.map(({ severity }): Severity =>
      severity === 'unknown' ? 'medium' : severity,
    );
    if (reaches(failOn, levels)) return exitCodes.findings;
    return report.problems.length > 0 ? exitCodes.partial : exitCodes.done;
  },
};

interface LineSource {
  readonly path: string;
  readonly text: string;
}

async function readDockerfile(file: string): Promise<LineSource> {
  try {
    return { path: file, text: await readFile(file, 'utf8') };
  } catch (cause) {
    throw new BadInputError(`Cannot read "${file}"`, 'Check the path of the Dockerfile.', { cause });
  }
}

async function read(
  ref: string,
  platform: ReturnType<typeof parsePlatform> | undefined,
  cloudOption: string | undefined,
  data: string,
  context: CommandContext,
): Promise<ImageReport> {
  const { log, signal, redactor } = context;
  const http = createHttpClient({ log, userAgent: 'plimsoll-cli' });
  // Layers of registries are kept between runs; local images are read anew each time.
  const local = /^(oci|docker-archive|dir):/.test(ref);
  const folder = local ? await mkdtemp(path.join(os.tmpdir(), 'plimsoll-image-')) : data;
  const store = new StateStore(folder, systemClock, log);
  try {
    const cloud = await readCloud(cloudOption);
    const source = await openImageSource(ref, {
      registry(host) {
        const own = isRegistryHost(cloud, host);
        const signedIn = own && (context.env['AZURE_CLIENT_SECRET'] ?? '') !== '';
        if (!signedIn) {
          return createRegistryClient({
            http,
            log,
            host,
            credentials: createAnonymousCredentials({ http, clock: systemClock }),
            allowedBlobHosts: own ? cloud.blobHosts : [],
          });
        }
        const deps = { ...azureDeps(context), http };
        const session = createAzureSession(cloud, readIdentity(context), deps);
        const credentials = credentialsForRegistry(session, createRegistryTokenSource(session), host, {
          http,
          clock: systemClock,
          redactor,
        });
        return createRegistryClient({ http, log, host, credentials, allowedBlobHosts: cloud.blobHosts, acr: true });
      },
    });
    const reader = createImageReader({ cache: local ? forgetful : store, log });
    return await reader.read({ source, signal, ...(platform === undefined ? {} : { platform }) });
  } finally {
    http.close();
    store.close();
    if (local) await rm(folder, { recursive: true, force: true });
  }
}

/** Keeps nothing. */
const forgetful: LayerCache = {
  getLayer: () => Promise.resolve(undefined),
  putLayer: () => Promise.resolve(),
  getImage: () => Promise.resolve(undefined),
  putImage: () => Promise.resolve(),
};

async function matchReport(
  report: ImageReport,
  advisories: string | undefined,
  data: string,
  signal: AbortSignal,
): Promise<MatchResult> {
  const request = {
    ...(report.os?.ecosystem === undefined ? {} : { osEcosystem: report.os.ecosystem }),
    osName: report.os?.name ?? report.os?.id ?? 'unknown operating system',
    packages: report.packages,
  };
  if (advisories === undefined) {
    const library = new AdvisoryLibrary(path.join(data, 'advisories'), systemClock);
    try {
      return matchPackages(request, library);
    } finally {
      library.close();
    }
  }
  const wanted = ecosystemsNeeded(report.os?.ecosystem, new Set(report.packages.map(({ type }) => type)));
  const opened: { readonly library: AdvisorySource; dispose(): void } = await openAdvisories(
    path.resolve(advisories),
    systemClock,
    wanted,
    signal,
  );
  try {
    return matchPackages(request, opened.library);
  } finally {
    opened.dispose();
  }
}

/** The result in the form of `--format json`. */
function describe(ref: string, report: ImageReport, match: MatchResult, lines: LineSource | undefined) {
  const base = findBaseImage(report, { byChainId: () => undefined, diffIds: () => undefined });
  const baseLayers = new Set(report.layers.slice(0, base?.layerCount ?? 0).map(({ digest }) => digest));
  const places =
    lines === undefined
      ? undefined
      : placesIn(lines.path, parseDockerfile(lines.text), report, base?.layerCount ?? 0, 'certain');
  const lineOf = (layer: string | undefined): { dockerfileLine?: number } => {
    const place = layer === undefined ? undefined : places?.of({ layer }, baseLayers);
    return place === undefined ? {} : { dockerfileLine: place.line + 1 };
  };
  return {
    schema: 'plimsoll.image/1',
    image: {
      ref,
      digest: report.digest,
      os: { id: report.os?.id ?? '', version: report.os?.version ?? '', ecosystem: report.os?.ecosystem ?? '' },
      ...(base === undefined
        ? {}
        : {
            base: {
              layers: base.layerCount,
              certain: base.certain,
              ...(base.name === undefined ? {} : { name: base.name }),
              ...(base.digest === undefined ? {} : { digest: base.digest }),
            },
          }),
      layers: report.layers.map(({ digest, diffId, createdBy }) => ({
        digest,
        diffId,
        createdBy: createdBy ?? '',
        ...lineOf(digest),
      })),
    },
    packages: report.packages.map(({ type, name, version, purl, source, path: file, layer, ownedBy, declared }) => ({
      type,
      name,
      version,
      ...(purl === undefined ? {} : { purl }),
      ...(source === undefined ? {} : { source }),
      ...(file === undefined ? {} : { path: file }),
      ...(layer === undefined ? {} : { layer }),
      ...(ownedBy === undefined ? {} : { ownedBy }),
      ...(declared === undefined ? {} : { declared }),
    })),
    vulnerabilities: match.matches.flatMap(({ package: index, vulnerability }) => {
      const item = report.packages[index];
      return item === undefined
        ? []
        : [
            {
              ...rate(vulnerability),
              package: item.name,
              installed: item.version,
              ...layerOf(item.layer),
              ...lineOf(item.layer),
            },
          ];
    }),
    coverage: match.coverage,
    problems: report.problems.map(({ path: file, reason }) => ({ path: file, reason })),
  };
}

type ImageResult = ReturnType<typeof describe>;

function layerOf(layer: string | undefined): { layer?: string } {
  return layer === undefined ? {} : { layer };
}

function rate(vulnerability: Vulnerability) {
  const base = chooseBaseSeverity(vulnerability.ratings.map(toSeverityRating));
  const level = base.level.toLowerCase();
  return {
    id: vulnerability.id,
    aliases: vulnerability.aliases,
    ...(vulnerability.fixed === undefined ? {} : { fixed: vulnerability.fixed }),
    severity: (level === 'unknown' ? 'unknown' : level) as Severity | 'unknown',
    severitySource: base.source,
    ...(base.vector === undefined ? {} : { cvss: base.vector }),
    ...(vulnerability.kev === undefined ? {} : { kev: vulnerability.kev }),
    ...(vulnerability.epss === undefined ? {} : { epss: vulnerability.epss }),
    references: vulnerability.references,
  };
}

function asTable({ image: about, packages, vulnerabilities, coverage, problems }: ImageResult): string {
  const order = ['critical', 'high', 'unknown', 'medium', 'low', 'info'];
  const sorted = [...vulnerabilities].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  const rows = sorted.map((each) => [
    each.severity,
    each.id,
    `${each.package} ${each.installed}`,
    each.fixed ?? '-',
    each.severitySource,
  ]);
  const head = ['SEVERITY', 'ID', 'PACKAGE', 'FIXED', 'SOURCE'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    `${about.ref}  ${about.digest}  ${about.os.id} ${about.os.version}`,
    `${packages.length} packages, ${vulnerabilities.length} vulnerabilities`,
    '',
    ...(rows.length === 0 ? [] : [line(head), ...rows.map(line), '']),
    ...coverage
      .filter(({ state }) => state !== 'full')
      .map(({ ecosystem, state, reason }) => `Not covered: ${ecosystem} (${state}): ${reason ?? ''}`),
    ...problems.map(({ path: file, reason }) => `Problem: ${file}: ${reason}`),
  ]
    .join('\n')
    .concat('\n');
}

const sarifLevels = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
  unknown: 'warning',
} as const;

function asSarif(result: ImageResult, file: string | undefined): object {
  const ids = [...new Set(result.vulnerabilities.map(({ id }) => id))];
  return toSarif(
    ids.map((id) => ({ id, name: id, help: `See https://osv.dev/vulnerability/${id}` })),
    result.vulnerabilities.map((each) => {
      const line = 'dockerfileLine' in each ? each.dockerfileLine : undefined;
      const position = line === undefined ? undefined : { line: line - 1, character: 0 };
      return {
        rule: each.id,
        level: sarifLevels[each.severity],
        message: `${each.package} ${each.installed} has ${each.id}${each.fixed === undefined ? '; there is no fix yet' : `; fixed in ${each.fixed}`}`,
        uri: file !== undefined && position !== undefined ? file.replaceAll('\\', '/') : result.image.ref,
        ...(position === undefined ? {} : { range: { start: position, end: position } }),
        fingerprint: `${each.id}/${each.package}/${each.installed}`,
      };
    }),
  );
}
