import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { AdvisoryLibrary } from '../advisories/library.ts';
import { updateLibrary } from '../advisories/update.ts';
import { systemClock } from '../core/clock.ts';
import { BadInputError } from '../core/errors.ts';
import { createHttpClient } from '../core/http.ts';
import { oneOf, readArguments, usage } from './arguments.ts';
import { dataFolder } from './azure.ts';
import { type Command, exitCodes } from './command.ts';

/** What an update brings when neither the options nor the database name ecosystems. */
const usualEcosystems = ['Alpine', 'Debian', 'Go', 'Maven', 'NuGet', 'PyPI', 'Ubuntu', 'npm'];

export const advisories: Command = {
  name: 'advisories',
  summary: 'build, refresh and show the local vulnerability data',
  help: `Usage: plimsoll advisories update [--from <url or folder>] [--ecosystem <name>]...
       plimsoll advisories status

"update" imports OSV dumps, CISA's KEV catalogue and EPSS scores into the local database; "status" says what is there.
<url or folder> is laid out like the OSV mirror: <Ecosystem>/all.zip or <Ecosystem>/<ID>.json, beside them
known_exploited_vulnerabilities.json and epss_scores-current.csv.gz. Without --from the public sources are used.

Options:
  --ecosystem <name>   only this one; may be repeated (default: those in the folder or in the database)
  --data <folder>      where the database is kept (default: plimsoll in the user's cache folder)
  --format text|json   form of the result (default text)

Exit code 3 when some data could not be read.
`,
  async run(args, context) {
    const { values, positionals } = readArguments('advisories', args, {
      from: { type: 'string' },
      ecosystem: { type: 'string', multiple: true },
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
      let failed: readonly { readonly what: string; readonly reason: string; readonly nextStep: string }[] = [];
      if (action === 'update') {
        const from = values.from ?? '';
        const mirror = from === '' || from.startsWith('https://') ? from : path.resolve(from);
        if (
          mirror !== '' &&
          !mirror.startsWith('https://') &&
          !(existsSync(mirror) && statSync(mirror).isDirectory())
        ) {
          throw new BadInputError(
            `Cannot find "${from}"`,
            'Give an https address or a folder laid out like the OSV mirror.',
          );
        }
        const known = library.status().ecosystems.map(({ ecosystem }) => ecosystem);
        const ecosystems = values.ecosystem ?? (known.length > 0 ? known : ecosystemsIn(mirror));
        await mkdir(folder, { recursive: true });
        const http = createHttpClient({ log: context.log, userAgent: 'plimsoll-cli' });
        try {
          const result = await updateLibrary({
            ecosystems,
            mirror,
            workFolder: folder,
            http,
            log: context.log,
            signal: context.signal,
            importer: {
              etag: (ecosystem) => Promise.resolve(library.etag(ecosystem)),
              importEcosystem: (...each) => library.importEcosystem(...each),
              confirmEcosystem: (ecosystem) => library.confirmEcosystem(ecosystem),
              importSignals: (...each) => library.importSignals(...each),
            },
            onProgress: (text) => context.log.info('updating', { what: text }),
          });
          ({ failed } = result);
        } finally {
          http.close();
        }
      }
      const status = library.status();
      if (format === 'json')
        await context.out(`${JSON.stringify({ schema: 'plimsoll.advisories/1', ...status, failed }, undefined, 2)}\n`);
      else {
        for (const { ecosystem, records, updatedAt, stale } of status.ecosystems) {
          await context.out(
            `${ecosystem}\t${records} records\tupdated ${updatedAt}${stale ? '\tstale: the source has not changed for 14 days' : ''}\n`,
          );
        }
        if (status.kev !== undefined) await context.out(`KEV\t${status.kev.entries} entries\tof ${status.kev.date}\n`);
        if (status.epss !== undefined)
          await context.out(`EPSS\t${status.epss.entries} scores\tof ${status.epss.date}\n`);
        if (status.ecosystems.length === 0)
          await context.out('There is no vulnerability data. Run "plimsoll advisories update".\n');
      }
      for (const { what, reason, nextStep } of failed) context.log.warn(`${what}: ${reason}. ${nextStep}`);
      return failed.length > 0 ? exitCodes.partial : exitCodes.done;
    } finally {
      library.close();
    }
  },
};

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
