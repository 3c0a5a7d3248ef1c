import assert from 'node:assert/strict';
import { checkDockerfile } from '../../../src/dockerfile/check.ts';
import { applyFixes } from '../../../src/dockerfile/edits.ts';
import { LineMap } from '../../../src/dockerfile/line-map.ts';
import type { DockerfileRule } from '../../../src/dockerfile/rules/rule.ts';
import type { Fix, ReportedViolation, TextRange } from '../../../src/dockerfile/types.ts';

export const today = '2026-11-21';

/** Takes the marks `«` and `»` out of a text and says which ranges stood between them. */
export function unmark(marked: string): { readonly text: string; readonly ranges: readonly TextRange[] } {
  let text = '';
  const spans: [number, number][] = [];
  for (const part of marked.split(/(?=[«»])/)) {
    if (part.startsWith('«')) spans.push([text.length, text.length]);
    else if (part.startsWith('»')) spans.at(-1)![1] = text.length;
    text += part.replace(/^[«»]/, '');
  }
  const lines = new LineMap(text);
  return { text, ranges: spans.map(([start, end]) => lines.range(start, end)) };
}

/** The text with marks around ranges: what a failed assertion shows is then readable. */
export function mark(text: string, ranges: readonly TextRange[]): string {
  const lines = new LineMap(text);
  const places = ranges
    .flatMap(({ start, end }): [number, string][] => [
      [lines.offset(start), '«'],
      [lines.offset(end), '»'],
    ])
    .sort((a, b) => b[0] - a[0] || (a[1] === '«' ? -1 : 1));
  return places.reduce((marked, [at, sign]) => marked.slice(0, at) + sign + marked.slice(at), text);
}

export function violationsOf(rule: string, text: string): readonly ReportedViolation[] {
  return checkDockerfile(text, { today }).violations.filter((violation) => violation.rule === rule);
}

/** Asserts that the rule marks exactly what is marked, and that each of its fixes leaves nothing to find. */
export function assertMarks(rule: string, marked: string): void {
  const { text } = unmark(marked);
  const found = violationsOf(rule, text);
  assert.equal(
    mark(
      text,
      found.map(({ range }) => range),
    ),
    marked,
  );
  for (const { message, fixes = [] } of found) {
    assert.ok(message.length <= 120, `${message.length} characters: ${message}`);
    assert.match(message, /\.$/);
    for (const fix of fixes) assertFixes(rule, text, fix);
  }
}

function assertFixes(rule: string, text: string, fix: Fix): void {
  const { file, violations } = checkDockerfile(text, { today });
  const before = violations.filter((violation) => violation.rule === rule).length;
  const fixed = applyFixes(file, [fix]);
  const after = checkDockerfile(fixed, { today });
  const left = after.violations.filter((violation) => violation.rule === rule);
  assert.equal(left.length, before - 1, `"${fix.title}" leaves ${left.length} of ${before}:\n${fixed}`);
  assert.equal(after.file.stages.length, file.stages.length, `"${fix.title}" changes the stages:\n${fixed}`);
}

/** What an example becomes in other surroundings; the marks go with it. */
interface Surroundings {
  readonly name: string;
  readonly apply: (instruction: string) => string | undefined;
}

const head = 'FROM debian:12.8\n';
const tail = '\nUSER 10001\n';

/** Keyword and rest of an instruction. */
function cut(instruction: string): readonly [keyword: string, rest: string] {
  const at = instruction.indexOf(' ');
  return [instruction.slice(0, at), instruction.slice(at + 1)];
}

const surroundings: readonly Surroundings[] = [
  { name: 'as written', apply: (instruction) => head + instruction + tail },
  { name: 'under ONBUILD', apply: (instruction) => `${head}ONBUILD ${instruction}${tail}` },
  {
    name: 'in a later stage',
    apply: (instruction) => `FROM golang:1.23 AS build\nRUN go build\n${head}${instruction}${tail}`,
  },
  {
    name: 'in an earlier stage',
    apply: (instruction) => `FROM golang:1.23 AS build\n${instruction}\n${head}USER 10001\n`,
  },
  {
    name: 'behind a continuation with a comment in it',
    apply: (instruction) => {
      const [keyword, rest] = cut(instruction);
      return `${head}${keyword} \\\n  # a comment\n\n    ${rest}${tail}`;
    },
  },
  {
    name: 'with the backtick as escape character',
    apply: (instruction) => {
      const [keyword, rest] = cut(instruction);
      // With another escape character these would be other instructions.
      if (/`|\\[^\n]/.test(rest)) return undefined;
      return `# escape=\`\n${head}${keyword} \`\n  ${rest.replaceAll('\\\n', '`\n')}${tail}`;
    },
  },
  {
    name: 'behind a here-document that holds instructions',
    apply: (instruction) => `${head}COPY <<EOF /etc/app.conf\nFROM x\nUSER root\nEOF\n${instruction}${tail}`,
  },
  {
    name: 'in a here-document',
    apply: (instruction) => {
      const [keyword, rest] = cut(instruction);
      if (keyword !== 'RUN' || /^\[|^--|<</.test(rest)) return undefined;
      return `${head}RUN <<EOF\nset -e\n${rest}\nEOF${tail}`;
    },
  },
  { name: 'with CRLF line ends', apply: (instruction) => (head + instruction + tail).replaceAll('\n', '\r\n') },
  {
    name: 'with a keyword in lower case, indented',
    apply: (instruction) => {
      const [keyword, rest] = cut(instruction);
      return `${head}   ${keyword.toLowerCase()} ${rest}${tail}`;
    },
  },
  { name: 'at the end of a file without a line break', apply: (instruction) => `${head}USER 10001\n${instruction}` },
];

export interface Examples {
  /** Single instructions; each is tried in all surroundings. What is to be marked stands between `«` and `»`. */
  readonly instructions?: readonly string[];
  /** Whole files. */
  readonly files?: readonly string[];
  readonly passingInstructions?: readonly string[];
  readonly passingFiles?: readonly string[];
}

/** The tests that every rule has: what it marks, where, that its fixes hold, what it leaves alone. */
export function describeRule(rule: DockerfileRule, examples: Examples): void {
  const { instructions = [], files = [], passingInstructions = [], passingFiles = [] } = examples;
  describe(rule.id, () => {
    for (const { name, apply } of surroundings) {
      const tried = instructions.map(apply).filter((text) => text !== undefined);
      if (tried.length > 0) {
        it(`marks each violating instruction ${name}`, () => {
          for (const marked of tried) assertMarks(rule.id, marked);
        });
      }
      const passing = passingInstructions.map(apply).filter((text) => text !== undefined);
      if (passing.length > 0) {
        it(`leaves passing instructions alone ${name}`, () => {
          for (const text of passing) assertMarks(rule.id, text);
        });
      }
    }
    for (const file of files) {
      it(`marks ${title(file)}`, () => {
        assertMarks(rule.id, file);
        assertMarks(rule.id, file.replaceAll('\n', '\r\n'));
        assertMarks(rule.id, file.trimEnd());
        if (!file.startsWith('ARG')) assertMarks(rule.id, `FROM scratch AS another\n${file}`);
      });
    }
    for (const file of passingFiles) it(`leaves alone ${title(file)}`, () => assertMarks(rule.id, file));
  });
}

function title(file: string): string {
  const line = file.trim().replace(/\s*\n\s*/g, ' ⏎ ');
  return line.length <= 110 ? line : `${line.slice(0, 109)}…`;
}
