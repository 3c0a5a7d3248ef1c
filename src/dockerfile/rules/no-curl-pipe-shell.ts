import {
  type ShellCommand,
  type ShellScript,
  baseName,
  effectiveWords,
  readsProgramFromInput,
  shellScripts,
} from '../shell.ts';
import type { TextRange } from '../types.ts';
import type { DockerfileRule } from './rule.ts';

const downloaders: ReadonlySet<string> = new Set(['curl', 'wget', 'http', 'https', 'aria2c', 'fetch']);
const interpreters = /^(sh|bash|dash|ash|zsh|ksh|python[\d.]*|perl|ruby|node|php|pwsh)$/;
/** Commands that run a text or a file that is given as a word. */
const runsText: ReadonlySet<string> = new Set(['eval', 'source', '.']);
const substitutedDownload = /^(<\(|`|\$\()\s*(sudo\s+)?(\/[\w/]*\/)?(curl|wget)\b/;
/** Programs that only pass their input on. */
const passing: ReadonlySet<string> = new Set([
  'tee',
  'cat',
  'sed',
  'tr',
  'gunzip',
  'gzip',
  'zcat',
  'base64',
  'head',
  'tail',
  'grep',
]);

export const noCurlPipeShell: DockerfileRule = {
  id: 'df-no-curl-pipe-shell',
  aliases: [],
  title: 'Downloads are not piped into a shell',
  severity: 'warning',
  why: 'What the server sends at build time runs at once, unseen and unverified; a cut connection runs half a script.',
  docs: 'https://docs.docker.com/build/building/best-practices/#using-pipes',
  *check(file) {
    for (const instruction of file.instructions) {
      if (instruction.keyword !== 'RUN') continue;
      for (const script of shellScripts(file, instruction)) {
        for (const [index, command] of script.entries()) {
          const piped = pipedDownload(script, index);
          if (piped !== undefined) {
            yield {
              range: { start: piped.start, end: command.range.end },
              message: 'A download is piped into a shell. Save it, check its checksum, then run it.',
            };
          } else if (runsSubstitutedDownload(command)) {
            yield {
              range: command.range,
              message: 'A download is run as a script. Save it, check its checksum, then run it.',
            };
          }
        }
      }
    }
  },
};

/** Place of the download at the head of a pipe that ends in this command, when the command runs what it reads. */
function pipedDownload(script: ShellScript, index: number): TextRange | undefined {
  const command = script[index];
  if (command === undefined || !command.before.startsWith('|') || command.before === '||') return undefined;
  const words = effectiveWords(command);
  if (!interpreters.test(baseName(words[0]?.text ?? '')) || !readsProgramFromInput(words)) return undefined;
  for (let at = index - 1; at >= 0; at--) {
    const earlier = script[at];
    if (earlier === undefined) return undefined;
    const name = baseName(effectiveWords(earlier)[0]?.text ?? '');
    if (downloaders.has(name)) return earlier.range;
    if (!passing.has(name) || !earlier.before.startsWith('|') || earlier.before === '||') return undefined;
  }
  return undefined;
}

function runsSubstitutedDownload(command: ShellCommand): boolean {
  const words = effectiveWords(command);
  const name = baseName(words[0]?.text ?? '');
  return (interpreters.test(name) || runsText.has(name)) && words.some(({ text }) => substitutedDownload.test(text));
}
