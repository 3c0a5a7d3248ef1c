import { decodeText, textLines } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { linesPerTurn, listedPackages, type ListedPackage } from './listed-packages.ts';
import { isProjectPath, isWord } from './places.ts';

const fileName = /(?:^|\/)requirements\.txt$/;
/** `name[extras] == version`, with what the environment must be behind ";". PEP 508; PEP 440, "Version matching". */
const pinned =
  /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?) ?(?:\[[^\]]*\])? ?\(? ?={2,3} ?([A-Za-z0-9.!+_-]+) ?\)? ?(?:;.*)?$/;
const maxLine = 10_000;

/**
 * Requirements that name one version each; ranges, addresses, options and other files are passed over, since they do not
 * say what would be installed. pip, "Requirements File Format".
 */
export const requirements: Cataloguer = {
  id: 'python-requirements',
  maxFileBytes: 16 * 1024 * 1024,
  database: true,
  wants: (path) => path.endsWith('requirements.txt') && fileName.test(path) && isProjectPath(path),
  async *read(file, _image, signal) {
    yield* listedPackages('pypi', file.path, pinnedIn(decodeText(await file.bytes(signal))), signal);
  },
};

function* pinnedIn(text: string): Generator<ListedPackage | undefined, void, undefined> {
  let joined = '';
  for (const { text: line, number } of textLines(`${text}\n`)) {
    if (number % linesPerTurn === 0) yield undefined;
    const goesOn = line.endsWith('\\');
    joined = `${joined}${goesOn ? line.slice(0, -1) : line}${goesOn ? ' ' : ''}`.slice(0, maxLine);
    if (goesOn) continue;
    const [, name = '', version = ''] = pinned.exec(requirementOf(joined)) ?? [];
    joined = '';
    if (isWord(name) && isWord(version)) yield { name, version };
  }
}

/** A line without comment, which begins at its start or behind a blank, and without options such as `--hash`. */
function requirementOf(line: string): string {
  const text = line.replace(/\s+/g, ' ');
  const comment = text.startsWith('#') ? 0 : text.indexOf(' #');
  const kept = comment < 0 ? text : text.slice(0, comment);
  const option = kept.indexOf(' --');
  return (option < 0 ? kept : kept.slice(0, option)).trim();
}
