import { realpath, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

const manifest = z.object({ name: z.literal('plimsoll'), version: z.string() });

/** Version of this program, from the `package.json` beside its folder; undefined when it was taken elsewhere alone. */
export async function toolVersion(): Promise<string | undefined> {
  try {
    const program = await realpath(process.argv[1] ?? '');
    const text = await readFile(path.join(path.dirname(program), '..', 'package.json'), 'utf8');
    return manifest.safeParse(JSON.parse(text)).data?.version;
  } catch {
    return undefined; // it only names the program in what is written
  }
}
