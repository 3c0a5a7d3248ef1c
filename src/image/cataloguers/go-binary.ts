import { extractExecutable, mayBeExecutablePath, readExecutableExtract } from '../executables/executable.ts';
import { readModules, type GoModule } from '../executables/go-build-info.ts';
import type { Catalogued, Cataloguer } from '../types.ts';
import { isWord } from './places.ts';

/**
 * Modules that were linked into programs written in Go, and the standard library by the version of the toolchain. The
 * program's own module counts when its version is known. Go, "debug/buildinfo".
 */
export const goBinary: Cataloguer = {
  id: 'go-binary',
  maxFileBytes: 64 * 1024 * 1024 * 1024,
  byContent: true,
  wants: mayBeExecutablePath,
  extract: extractExecutable,
  async *read(file) {
    const { go, packed } = readExecutableExtract(await file.bytes(new AbortController().signal), file.path);
    const problem = (reason: string): Catalogued => ({ kind: 'problem', problem: { path: file.path, reason } });
    if (packed === true) yield problem('it is packed with UPX: what it was made of cannot be seen');
    if (go === undefined) return;
    const { main, dependencies, damagedLines } = readModules(go.modules);
    if (damagedLines > 0) yield problem(`${damagedLines} lines of its list of Go modules are damaged`);
    const toolchain = standardLibraryVersion(go.version);
    if (toolchain === undefined) {
      const said = go.version === undefined ? 'a version of Go that cannot be read' : `"${go.version.slice(0, 80)}"`;
      yield problem(`it was built with ${said}: its standard library cannot be compared`);
    } else yield packageOf('stdlib', toolchain, file.path);
    const seen = new Set<string>();
    for (const found of main === undefined ? dependencies : [main, ...dependencies]) {
      if (!isListed(found) || seen.has(`${found.path}@${found.version}`)) continue;
      seen.add(`${found.path}@${found.version}`);
      yield packageOf(found.path, found.version, file.path);
    }
  },
};

/** `go1.22.3`, also with ` X:boringcrypto`, `-X:…` or ` (Red Hat …)` behind: `1.22.3`. None for development versions. */
function standardLibraryVersion(version: string | undefined): string | undefined {
  return /^go(\d[\w.+-]*?)(?:-X:.*| .*)?$/.exec(version ?? '')?.[1];
}

/** The program's own source and local replacements have no version that says anything. */
function isListed({ path, version }: GoModule): boolean {
  return version !== '(devel)' && isWord(path) && isWord(version);
}

function packageOf(name: string, version: string, path: string): Catalogued {
  return { kind: 'package', package: { type: 'golang', name, version, path } };
}
