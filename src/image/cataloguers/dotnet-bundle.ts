import { extractExecutable, mayBeExecutablePath, readExecutableExtract } from '../executables/executable.ts';
import type { Cataloguer } from '../types.ts';
import { dotnetLibraries } from './dotnet-libraries.ts';

/** Packages of .NET applications that were published as a single file. */
export const dotnetBundle: Cataloguer = {
  id: 'dotnet-bundle',
  maxFileBytes: 64 * 1024 * 1024 * 1024,
  byContent: true,
  wants: mayBeExecutablePath,
  extract: extractExecutable,
  async *read(file, _image, signal) {
    const { dotnet } = readExecutableExtract(await file.bytes(signal), file.path);
    if (dotnet === '') {
      const reason =
        'it is a .NET application in a single file, and the list of its packages is missing or cannot be read';
      yield { kind: 'problem', problem: { path: file.path, reason } };
    } else if (dotnet !== undefined) yield* dotnetLibraries(dotnet, file.path, signal);
  },
};
