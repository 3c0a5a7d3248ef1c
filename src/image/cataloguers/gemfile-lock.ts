import { decodeText, textLines } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { linesPerTurn, listedPackages, type ListedPackage } from './listed-packages.ts';
import { isProjectPath, isWord } from './places.ts';

const fileName = /(?:^|\/)(?:Gemfile\.lock|gems\.locked)$/;

/** What Bundler resolved: sections at the margin, their gems below `specs:` set in by four. Bundler, "Gemfile.lock". */
export const gemfileLock: Cataloguer = {
  id: 'gem-lock',
  maxFileBytes: 32 * 1024 * 1024,
  database: true,
  wants: (path) =>
    (path.endsWith('Gemfile.lock') || path.endsWith('gems.locked')) && fileName.test(path) && isProjectPath(path),
  async *read(file, _image, signal) {
    yield* listedPackages('gem', file.path, lockedIn(decodeText(await file.bytes(signal))), signal);
  },
};

function* lockedIn(text: string): Generator<ListedPackage | string | undefined, void, undefined> {
  let section = '';
  let isSpecs = false;
  for (const { text: line, number } of textLines(text)) {
    if (number % linesPerTurn === 0) yield undefined;
    if (line === '') continue;
    if (/^[<>=]{7}/.test(line)) {
      yield `line ${number} is that of a merge that was not finished`;
      continue;
    }
    if (!line.startsWith(' ')) {
      section = line.trim();
      isSpecs = false;
    } else if (line === '  specs:') isSpecs = true;
    // A folder of the project itself is no gem of an index.
    if (!isSpecs || section === 'PATH' || !/^ {4}\S/.test(line.slice(0, 5))) continue;
    const [, name = '', version = ''] = /^ {4}(\S+) \(([^\s()-]+)(?:-[^)]*)?\)!?$/.exec(line.slice(0, 1000)) ?? [];
    if (!isWord(name) || !isWord(version)) yield `line ${number} is no gem with a version`;
    else yield { name, version, ...(section === 'GIT' ? { notFromIndex: true } : {}) };
  }
}
