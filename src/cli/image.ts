import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ecosystemsNeeded } from '../advisories/ecosystems.ts';
import { AdvisoryLibrary, openAdvisories } from '../advisories/library.ts';
import { type AdvisorySource, matchPackages } from '../advisories/match.ts';
import type { MatchResult } from '../advisories/types.ts';
import { systemClock } from '../core/clock.ts';
import { BadInputError } from '../core/errors.ts';
import type { Severity } from '../core/severity.ts';
import { toCycloneDx } from '../findings/sbom/cyclonedx.ts';
import type { SbomInput } from '../findings/sbom/document.ts';
import { toSpdx } from '../findings/sbom/spdx.ts';
import { parsePlatform } from '../image/manifest.ts';
import { isLocalImage } from '../image/sources/index.ts';
import type { ImageReport } from '../image/types.ts';
import { parseReference } from '../registry/reference.ts';
import { matchRequestOf } from '../scan/match-request.ts';
import { oneOf, readArguments, readFailOn, reaches, usage } from './arguments.ts';
import { dataFolder } from './azure.ts';
import { type Command, exitCodes } from './command.ts';
import { repositoryAbove } from './git-folder.ts';
import { readOneImage } from './image-read.ts';
import { asSarif, asTable, describeImage, type LineSource } from './image-result.ts';
import { toolVersion } from './tool-version.ts';

const formats = ['table', 'json', 'cyclonedx', 'spdx', 'sarif'] as const;

export const image: Command = {
  name: 'image',
  summary: 'list the packages, vulnerabilities and secrets of an image',
  help: `Usage: plimsoll image <ref> [options]

<ref> is one of
  host/repository[:tag][@digest]  an image in a registry; "latest" without tag and digest, docker.io without host
  oci:<path>[:<tag>]              an OCI layout, as a folder or as a tar archive (oci-archive: is the same)
  docker-archive:<file>[:<tag>]   a file of "docker save"
  dir:<folder>                    a root file system
Archives may be compressed as a whole with gzip or zstd: they are unpacked to a temporary file first. Layers may be plain,
gzip or zstd. Every digest and size is verified before anything of it is used; cut downloads go on where they ended.
Nothing of an image is run, and its files never become files on this machine.

Accounts for registries:
  Registries of the Azure cloud are read with AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET when these are set.
  All others, and those without these variables, with what "docker login" or "az acr login" left in config.json of
  DOCKER_CONFIG or ~/.docker: accounts in the file, and credential helpers ("credHelpers", "credsStore"), which are asked
  for the one registry only. Without an account there, anonymously. An account is sent to its own registry alone.

Options:
  --platform <os/arch[/variant]>
                        which image of an index (default linux/amd64, else the first one for Linux). The choice and the
                        other platforms are shown; an image for another platform is refused
  --advisories <path>   a database, or a folder laid out like the OSV mirror (<Ecosystem>/all.zip or <Ecosystem>/<ID>.json,
                        KEV and EPSS files beside them), for this run alone; default: the data of "advisories update"
  --file <Dockerfile>   attribute packages, vulnerabilities and secrets to the lines of this file, and say how well it fits
                        the image: by its history, settings, labels, and the remotes in .git/config above the file
  --format table|json|cyclonedx|spdx|sarif
                        form of the result (default table). cyclonedx: SBOM and vulnerabilities, CycloneDX 1.6 JSON;
                        spdx: SBOM, SPDX 2.3 JSON; sarif: vulnerabilities, SARIF 2.1.0. json and table also list
                        signatures, attestations and SBOMs that the registry keeps about the image
  --fail-on <severity>  exit with 1 when a vulnerability or a secret has this severity or a higher one
  --cloud public|usGovernment|china|<file>
                        the Azure cloud (default public)
  --offline             use no network: local images alone
  --data <folder>       databases and caches (default: plimsoll in the user's cache folder)

What is read:
  Packages of dpkg, apk and rpm with their source packages, and those of Node (npm, Yarn, pnpm, Bun), Python, Ruby, PHP,
  .NET, Java, Go and Rust where they are installed; where nothing is installed, lock files count, marked "declared". Each
  is placed in the layer that brought its present version, and that layer at the command that made it (--file: at its
  line).
  Secrets: private keys, tokens and passwords in files of every layer, deleted ones too, in variables, labels and history.
  Only kind, place and a fingerprint are kept and shown, never a value; the fingerprint is keyed with random bytes of this
  machine (fingerprint.key in the --data folder), so that nothing can be compared with it elsewhere.
  A part that cannot be read, or is too large, becomes a problem in the result; the rest goes on.

Offline: advisories are local files, and the list of packages never leaves this machine. oci:, docker-archive: and dir:
need no network at all. What an ecosystem's data does not cover is said in "coverage", never shown as clean.

Exit codes: 0 done · 1 findings at or above --fail-on · 2 bad usage or input, such as a tag, path or platform that is not
there · 3 something could not be read or verified; what could is printed · 130 interrupted.
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
      offline: { type: 'boolean' },
    });
    const [ref, ...more] = positionals;
    if (ref === undefined || more.length > 0) throw usage('image', 'Name one image');
    const format = oneOf('image', 'format', values.format, formats, 'table');
    const failOn = readFailOn('image', values['fail-on']);
    const platform = values.platform === undefined ? undefined : parsePlatform(values.platform);
    const lines = values.file === undefined ? undefined : await readDockerfile(values.file);
    if (values.offline === true && !isLocalImage(ref))
      throw new BadInputError(
        `Cannot read "${ref}" without network`,
        'Name a local image: oci:, docker-archive: or dir:.',
      );
    const data = dataFolder(values.data, context.env);
    const read = await readOneImage(
      {
        ref,
        data,
        withReferrers: format === 'json' || format === 'table',
        ...(platform === undefined ? {} : { platform }),
        ...(values.cloud === undefined ? {} : { cloud: values.cloud }),
      },
      context,
    );
    const { report } = read;
    const match = await matchReport(report, values.advisories, data, context.signal);
    const result = await describeImage(ref, read, match, lines, systemClock.now().toISOString().slice(0, 10));
    switch (format) {
      case 'json':
        await context.out(asJson(result));
        break;
      case 'cyclonedx':
        await context.out(asJson(toCycloneDx({ ...(await sbomOf(ref, report)), match })));
        break;
      case 'spdx':
        await context.out(asJson(toSpdx(await sbomOf(ref, report))));
        break;
      case 'sarif':
        await context.out(asJson(asSarif(result, values.file)));
        break;
      case 'table':
        await context.out(asTable(result));
    }
    const levels = [...result.vulnerabilities, ...result.secrets].map(({ severity }): Severity =>
      severity === 'unknown' ? 'medium' : severity,
    );
    if (reaches(failOn, levels)) return exitCodes.findings;
    return result.problems.length > 0 ? exitCodes.partial : exitCodes.done;
  },
};

function asJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

async function sbomOf(ref: string, report: ImageReport): Promise<SbomInput> {
  const version = await toolVersion();
  return {
    ref,
    report,
    createdAt: systemClock.now(),
    ...(isLocalImage(ref) ? {} : { reference: parseReference(ref) }),
    ...(version === undefined ? {} : { toolVersion: version }),
  };
}

async function readDockerfile(file: string): Promise<LineSource> {
  try {
    const text = await readFile(file, 'utf8');
    const repository = await repositoryAbove(file);
    return { path: file, text, ...(repository === undefined ? {} : { repository }) };
  } catch (cause) {
    throw new BadInputError(`Cannot read "${file}"`, 'Check the path of the Dockerfile.', { cause });
  }
}

async function matchReport(
  report: ImageReport,
  advisories: string | undefined,
  data: string,
  signal: AbortSignal,
): Promise<MatchResult> {
  const request = matchRequestOf(report);
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
