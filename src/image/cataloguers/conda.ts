import * as z from 'zod';
import { parseJson } from '../../core/json.ts';
import { decodeText } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { isKernelPath, isWord } from './places.ts';

const record = /(?:^|\/)conda-meta\/[^/]+\.json$/;
/** Metadata that Python's own tools read. */
const pythonMetadata = /(?:^|\/)[^/]+\.(?:dist-info\/METADATA|egg-info(?:\/PKG-INFO)?)$/;

const shape = z.object({
  name: z.string(),
  version: z.string(),
  noarch: z.string().nullish().catch(undefined),
  files: z.array(z.unknown()).optional().catch(undefined),
});

/**
 * Packages of conda that are pure Python and bring no metadata of their own: they go by their name in conda, which is
 * nearly always that of PyPI. Where there is metadata, it is read instead; all others are no packages of PyPI. conda,
 * "Package specification", "info/index.json".
 */
export const condaMeta: Cataloguer = {
  id: 'conda-meta',
  maxFileBytes: 64 * 1024 * 1024,
  wants: (path) => path.endsWith('.json') && record.test(path) && !isKernelPath(path),
  /** The list of files goes but for those that matter. */
  reduce(path, bytes) {
    try {
      const { files = [], ...rest } = shape.parse(parseJson(decodeText(bytes), path));
      const kept = files.filter((file) => typeof file === 'string' && pythonMetadata.test(file));
      return Buffer.from(JSON.stringify({ ...rest, files: kept }), 'utf8');
    } catch {
      return bytes; // read() says what is wrong with it
    }
  },
  async *read(file, _image, signal) {
    const parsed = shape.safeParse(parseJson(decodeText(await file.bytes(signal)), `"${file.path}"`));
    if (!parsed.success) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it is no record of a conda package' } };
      return;
    }
    const { name, version, noarch, files = [] } = parsed.data;
    const hasMetadata = files.some((one) => typeof one === 'string' && pythonMetadata.test(one));
    if (noarch !== 'python' || hasMetadata || !isWord(name) || !isWord(version)) return;
    yield { kind: 'package', package: { type: 'pypi', name, version, path: file.path } };
  },
};
