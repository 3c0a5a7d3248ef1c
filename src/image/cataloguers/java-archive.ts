import { TurnTaker } from '../../core/concurrency.ts';
import {
  extractJavaArchive,
  isJavaArchive,
  readJavaArchiveExtract,
  type JavaArchive,
} from '../archives/java-archive.ts';
import { identify } from '../archives/java-identity.ts';
import type { Catalogued, Cataloguer } from '../types.ts';
import { isKernelPath, isWord } from './places.ts';

/**
 * Libraries in Java archives, at any depth: every `pom.properties` names one; an archive without one of its own is known by
 * its name and its manifest. Apache Maven Archiver; JAR File Specification.
 */
export const javaArchive: Cataloguer = {
  id: 'java-archive',
  maxFileBytes: 64 * 1024 * 1024 * 1024,
  wants: (path) => isJavaArchive(path) && !isKernelPath(path),
  extract: (file) => extractJavaArchive(file),
  async *read(file, _image, signal) {
    const turns = new TurnTaker();
    for (const item of packagesOf(readJavaArchiveExtract(await file.bytes(signal), file.path), file.path, file.path)) {
      await turns.pause();
      signal.throwIfAborted();
      if (item !== undefined) yield item;
    }
  },
};

/** `path` is that of the file with the ways inside behind `!/`, `name` the archive's own. */
function* packagesOf(
  archive: JavaArchive,
  name: string,
  path: string,
): Generator<Catalogued | undefined, void, undefined> {
  yield undefined; // a turn, also for archives without anything
  for (const reason of archive.problems) yield { kind: 'problem', problem: { path, reason } };
  const own = identify(archive, name);
  for (const [group, artifact, version] of own === undefined ? archive.coordinates : [...archive.coordinates, own]) {
    if (![group, artifact, version].every(isWord) || group.includes(':')) {
      yield { kind: 'problem', problem: { path, reason: 'it has coordinates that are none' } };
      continue;
    }
    yield { kind: 'package', package: { type: 'maven', name: `${group}:${artifact}`, version, path } };
  }
  for (const one of archive.archives) yield* packagesOf(one, one.name, `${path}!/${one.name}`);
}
