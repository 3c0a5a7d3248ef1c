import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { AdvisoryLibrary } from '../advisories/library.ts';
import type { AdvisoryStatus } from '../advisories/types.ts';
import { type UpdateResult, isFolderMirror, updateLibrary } from '../advisories/update.ts';
import { systemClock } from '../core/clock.ts';
import { BadInputError } from '../core/errors.ts';
import { createHttpClient } from '../core/http.ts';
import { oneOf, readArguments, usage } from './arguments.ts';
import { dataFolder } from './azure.ts';
import { type Command, type CommandContext, exitCodes } from './command.ts';

/** What an update brings when neither the options nor the database name ecosystems. */
const usualEcosystems = ['Alpine', 'Debian', 'Go', 'Maven', 'NuGet', 'PyPI', 'Ubuntu', 'npm'];

export const advisories: Command = {
  name: 'advisories',
  summary: 'build, refresh and show the local vulnerability data',
  help: `Usage: plimsoll advisories update [--from <url or folder>] [--ecosystem <name>]... [--whole] [--offline]
       plimsoll advisories status

"update" brings the local database up to date with OSV dumps, CISA's KEV catalogue and EPSS scores; "status" says what is
there, how old it is, and whether its source stands still. The first update of an ecosystem fetches its whole dump; later
ones fetch the records that have changed, and the whole dump once a week or when there are more than 2,000 of them. What
has not changed is not fetched. When an update fails or is stopped, what was there stays.

<url or folder> is laid out like the OSV mirror: <Ecosystem>/all.zip (an address may have <Ecosystem>/modified_id.csv and
<Ecosystem>/<ID>.json beside it) or, in a folder, <Ecosystem>/<ID>.json; known_exploited_vulnerabilities.json and
epss_scores-current.csv.gz beside the ecosystems. Without --from the public sources are used.

Options:
  --from <url|folder>  an https address or a folder instead of the public sources
  --ecosystem <name>   only this one; may be repeated (default: those in the database, else those in the folder)
  --whole              import whole dumps, changed or not
  --offline            use no network: only a folder can be imported
  --data <folder>      where the database is kept (default: plimsoll in the user's cache folder)
  --format text|json   form of the result (default text)

Exit code 3 when some data could not be read.
`,
  async run(args, context) {
    const { values, positionals } = readArguments('advisories', args, {
      from: { type: 'string' },
      ecosystem: { type: 'string', multiple: true },
      whole: { type: 'boolean' },
      offline: { type: 'boolean' },
      data: { type: 'string' },
      format: { type: 'string' },
    });
    const [action, ...more] = positionals;
    if (more.length > 0 || (action !== 'update' && action !== 'status'))
      throw usage('advisories', 'Say "update" or "status"');
    const format = oneOf('advisories', 'format', values.format, ['text', 'json'] as const, 'text');
    const folder = path.join(dataFolder(values.data, context.env), 'advisories');
    const library = new AdvisoryLibrary(folder, systemClock);
    try {
      const mirror = mirrorOf(values.from);
      if (action === 'update' && values.offline === true && !isFolderMirror(mirror))
        throw new BadInputError('Cannot update without network from an address', 'Name a folder with --from.');
      const result =
        action === 'update'
          ? await update(library, folder, mirror, values.ecosystem, values.whole === true, context)
          : undefined;
      const status = library.status();
      if (format === 'json') await context.out(`${JSON.stringify(asJson(status, result), undefined, 2)}\n`);
      else await context.out(asText(status, result));
      for (const { what, reason, nextStep } of result?.failed ?? [])
        context.log.warn(`${what}: ${reason}. ${nextStep}`);
      return (result?.failed.length ?? 0) > 0 ? exitCodes.partial : exitCodes.done;
    } finally {
      library.close();
    }
  },
};

/** The empty text stands for the public sources. Throws BadInputError. */
function mirrorOf(from: string | undefined): string {
  if (from === undefined || from === '' || from.startsWith('https://')) return from ?? '';
  const folder = path.resolve(from);
  if (existsSync(folder) && statSync(folder).isDirectory()) return folder;
  throw new BadInputError(`Cannot find "${from}"`, 'Give an https address or a folder laid out like the OSV mirror.');
}

async function update(
  library: AdvisoryLibrary,
  folder: string,
  mirror: string,
  named: readonly string[] | undefined,
  whole: boolean,
  { log, signal }: CommandContext,
): Promise<UpdateResult> {
  const known = library.status().ecosystems.map(({ ecosystem }) => ecosystem);
  const ecosystems = named ?? (known.length > 0 ? known : ecosystemsIn(mirror));
  await mkdir(folder, { recursive: true });
  const http = createHttpClient({ log, userAgent: 'plimsoll-cli' });
  try {
    return await updateLibrary({
      ecosystems,
      mirror,
      workFolder: folder,
      http,
      clock: systemClock,
      log,
      signal,
      whole,
      importer: {
        state: (ecosystem) => Promise.resolve(library.state(ecosystem)),
        importEcosystem: (...each) => library.importEcosystem(...each),
        extendEcosystem: (...each) => library.extendEcosystem(...each),
        confirmEcosystem: (...each) => library.confirmEcosystem(...each),
        signalEtag: (which) => Promise.resolve(library.signalEtags()[which]),
        importSignals: (...each) => library.importSignals(...each),
      },
      onProgress: (text) => log.info('updating', { what: text }),
    });
  } finally {
    http.close();
  }
}

function asJson(status: AdvisoryStatus, result: UpdateResult | undefined): object {
  const { updated = [], unchanged = [], failed = [] } = result ?? {};
  return {
    schema: 'plimsoll.advisories/1',
    ...status,
    ...(result === undefined ? {} : { updated, unchanged }),
    failed,
  };
}

function asText({ ecosystems, kev, epss, signalsUpdatedAt }: AdvisoryStatus, result: UpdateResult | undefined): string {
  const done = new Map([
    ...(result?.updated ?? []).map((what) => [what, 'updated now'] as const),
    ...(result?.unchanged ?? []).map((what) => [what, 'unchanged'] as const),
    ...(result?.failed ?? []).map(({ what }) => [what, 'FAILED'] as const),
  ]);
  const rows = [
    ...ecosystems.map(({ ecosystem, records, updatedAt, newestModified, reason, problems }) => [
      ecosystem,
      `${records} records`,
      `checked ${updatedAt}`,
      `newest of ${newestModified?.slice(0, 10) ?? 'an unknown day'}`,
      ...(problems > 0 ? [`${problems} not read`] : []),
      ...(reason === undefined ? [] : [`stale: ${reason}`]),
      ...(done.has(ecosystem) ? [done.get(ecosystem) ?? ''] : []),
    ]),
    ...(kev === undefined ? [] : [['KEV', `${kev.entries} entries`, `of ${kev.date}`]]),
    ...(epss === undefined
      ? []
      : [
          [
            'EPSS',
            `${epss.entries} scores`,
            `of ${epss.date}`,
            ...(epss.model === undefined ? [] : [`model ${epss.model}`]),
          ],
        ]),
    ...(signalsUpdatedAt === undefined ? [] : [['KEV and EPSS', `downloaded ${signalsUpdatedAt}`]]),
    ...(ecosystems.length === 0 ? [['There is no vulnerability data. Run "plimsoll advisories update".']] : []),
  ];
  return rows.map((row) => `${row.join('\t')}\n`).join('');
}

/** Ecosystems that a mirror folder has; the usual ones for an address. */
function ecosystemsIn(mirror: string): readonly string[] {
  if (mirror === '' || mirror.startsWith('https://')) return usualEcosystems;
  return listFolders(mirror);
}

/** Folders that hold a dump. */
export function listFolders(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter(
      (name) =>
        existsSync(path.join(folder, name, 'all.zip')) ||
        readdirSync(path.join(folder, name)).some((file) => file.endsWith('.json')),
    )
    .sort();
}
