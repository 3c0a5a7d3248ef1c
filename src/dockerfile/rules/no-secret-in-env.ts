import { wholeLines } from '../edits.ts';
import { type Dockerfile, type Instruction, type Pair, pairsOf } from '../model.ts';
import type { Fix, TextEdit } from '../types.ts';
import { variablesIn } from '../variables.ts';
import { shortened } from '../wording.ts';
import type { DockerfileRule } from './rule.ts';

/** Longer values are keys or certificates, which have a name that tells. */
const longestSecret = 4096;
/** RUN instructions that one fix changes. */
const mostUsers = 100;

/** Names whose values are secrets; those that end in `_FILE` and the like point at one. */
const secretName =
  /((^|_)pwd|pass(word|wd|phrase)|(^|_)pass|(^|_)secret(_?key(_?base)?)?|(^|_|access|auth|bearer|refresh)token|api_?key|access_?key|account_?key|private_?key|client_?secret|connection_?string|(^|_)credentials?)(_\d+)?$/i;
/** Values that say nothing: switches, paths, and words that stand for a value. */
const harmlessValue =
  /^(|true|false|yes|no|on|off|none|null|disabled?|enabled?|dummy|placeholder|unused|<[^<>]*>|\*+|x{3,}|\/\S*|[a-z]:\\\S*)$/i;
/** Nothing but a variable, perhaps with another variable or nothing as its default. */
const bareVariable = /^\$(\w+|\{\w+(:?[-+](\$\w+)?)?\})$/;

/** Values that are credentials by their shape, whatever the name. Prefixes as their issuers document them. */
const secretShapes: readonly RegExp[] = [
  /^gh[pousr]_[A-Za-z0-9]{36,}$/,
  /^github_pat_\w{22,}$/,
  /^xox[abprs]-[\w-]{10,}$/,
  /^(AKIA|ASIA)[A-Z0-9]{16}$/,
  /^npm_[A-Za-z0-9]{36}$/,
  /^glpat-[\w-]{20,}$/,
  /(^|;)\s*(AccountKey|SharedAccessKey|SharedSecret)=[A-Za-z0-9+/=]{20,}/i,
  /(^|;)\s*(Password|Pwd)=[^;$]{3,}/i,
  /^ey[\w-]{10,}\.ey[\w-]{10,}\.[\w-]+$/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /^[a-z][a-z0-9+.-]*:\/\/[^/:@\s]*:[^/@\s$]{3,}@/i,
];

export const noSecretInEnv: DockerfileRule = {
  id: 'df-no-secret-in-env',
  aliases: ['SecretsUsedInArgOrEnv'],
  title: 'No secret stands in ENV',
  severity: 'error',
  why: 'ENV values are stored in the image in clear text; whoever can pull it can read them, also after a later unset.',
  docs: 'https://docs.docker.com/build/building/secrets/',
  *check(file) {
    let stage = -1;
    let buildArguments = new Set<string>();
    let users: ((name: string) => readonly Instruction[]) | undefined;
    for (const instruction of file.instructions) {
      if (instruction.stage !== stage) {
        stage = instruction.stage;
        buildArguments = new Set();
        users = undefined;
      }
      if (instruction.keyword === 'ARG') for (const { name } of pairsOf(file, instruction)) buildArguments.add(name);
      if (instruction.keyword !== 'ENV') continue;
      const pairs = pairsOf(file, instruction);
      const secrets = pairs.filter((pair) => isSecret(pair, buildArguments));
      const [first] = secrets;
      if (first?.valueRange === undefined) continue;
      users ??= usersOfVariables(file, stage);
      yield {
        range: first.valueRange,
        message: `"${shortened(first.name)}" looks like a secret and stays in the image. Use a build secret or pass it at run time.`,
        fixes: [removal(file, instruction, pairs, secrets, users)],
      };
    }
  },
};

function isSecret({ name, value = '' }: Pair, buildArguments: ReadonlySet<string>): boolean {
  if (value.length <= longestSecret && secretShapes.some((shape) => shape.test(value))) return true;
  if (!secretName.test(name) || harmlessValue.test(value)) return false;
  // The value of a build argument is stored with ENV; any other variable has its own instruction, or no value.
  return !bareVariable.test(value) || variablesIn(value).some((used) => buildArguments.has(used));
}

/** The RUN instructions of a stage by the variables that they name. */
function usersOfVariables(file: Dockerfile, stage: number): (name: string) => readonly Instruction[] {
  const byName = new Map<string, Instruction[]>();
  for (const instruction of file.stages[stage]?.instructions ?? []) {
    if (instruction.keyword !== 'RUN' || instruction.onbuild) continue;
    for (const name of new Set(variablesIn(instruction.body.text))) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [instruction]);
      else if (known.length < mostUsers) known.push(instruction);
    }
  }
  return (name) => byName.get(name) ?? [];
}

/** Takes the secrets out; a RUN of the stage that uses one gets it as a build secret. */
function removal(
  file: Dockerfile,
  instruction: Instruction,
  pairs: readonly Pair[],
  secrets: readonly Pair[],
  users: (name: string) => readonly Instruction[],
): Fix {
  const { end } = instruction.range;
  const mounts = instruction.onbuild
    ? []
    : secrets.flatMap(({ name }) =>
        users(name)
          .filter(({ range }) => range.start.line > end.line)
          .map((run) => mount(run, name)),
      );
  return {
    title:
      mounts.length > 0
        ? 'Remove the secret and use a build secret'
        : 'Remove the secret, to be passed when the container runs',
    safe: false,
    edits: [...removalEdits(file, instruction, pairs, secrets), ...mounts],
  };
}

function removalEdits(
  file: Dockerfile,
  instruction: Instruction,
  pairs: readonly Pair[],
  secrets: readonly Pair[],
): TextEdit[] {
  const gone = new Set(secrets);
  if (gone.size === pairs.length) return [{ range: wholeLines(file, instruction.range), newText: '' }];
  const { body } = instruction;
  const edits: TextEdit[] = [];
  let keptEnd: number | undefined;
  for (const [index, pair] of pairs.entries()) {
    const after = pairs[index + 1];
    if (!gone.has(pair)) keptEnd = body.span(0, pair.span.end)[1];
    else if (keptEnd === undefined && after !== undefined) {
      // In front of all that stays: with what parts it from the next pair.
      const range = file.lines.range(body.offset(pair.span.start), body.offset(after.span.start));
      edits.push({ range, newText: '' });
    } else {
      const end = body.span(0, pair.span.end)[1];
      edits.push({ range: file.lines.range(keptEnd ?? end, end), newText: '' });
      keptEnd = end;
    }
  }
  return edits;
}

/** BuildKit, "RUN --mount=type=secret": `env` needs version 1.10 of the Dockerfile syntax. */
function mount({ keywordRange: { end } }: Instruction, name: string): TextEdit {
  return {
    range: { start: end, end },
    newText: ` --mount=type=secret,id=${name.toLowerCase().replaceAll('_', '-')},env=${name}`,
  };
}
