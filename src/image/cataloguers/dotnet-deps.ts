import { decodeText } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { dotnetLibraries } from './dotnet-libraries.ts';
import { isKernelPath } from './places.ts';

/** Packages of published .NET applications and of the shared frameworks they run on. */
export const dotnetDeps: Cataloguer = {
  id: 'dotnet-deps',
  maxFileBytes: 32 * 1024 * 1024,
  wants: (path) => path.endsWith('.deps.json') && !isKernelPath(path),
  async *read(file, _image, signal) {
    yield* dotnetLibraries(decodeText(await file.bytes(signal)), file.path, signal);
  },
};
