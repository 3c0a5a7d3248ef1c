import assert from 'node:assert/strict';
import { checkDockerfile } from '../../../../src/dockerfile/check.ts';
import { applyFixes } from '../../../../src/dockerfile/edits.ts';
import { runsAsNonRoot } from '../../../../src/dockerfile/rules/runs-as-non-root.ts';
import { describeRule, today, violationsOf } from '../support.ts';

describeRule(runsAsNonRoot, {
  files: [
    '«FROM» debian:12\n',
    '«from» debian:12\n',
    '«FROM» scratch\nCOPY app /app\nENTRYPOINT ["/app"]\n',
    'FROM golang:1.23 AS build\nUSER 10001\n«FROM» debian:12\nCMD ["sh"]\n',
    'FROM debian:12\nUSER «root»\n',
    'FROM debian:12\nUSER 10001\nRUN true\nUSER «0»\nCMD sh\n',
    'FROM debian:12\nUSER \\\n  # comment\n  "«root»"\nRUN apt-get update\nCMD ["sh"]\n',
    'FROM debian:12\nUSER «0:0»\nRUN <<EOF\nUSER 10001\nEOF\nENTRYPOINT ["sh"]\nCMD ["-c"]\n',
    'FROM debian:12\nONBUILD USER 10001\nUSER «root:app»\n',
    '«FROM» debian:12\nONBUILD USER 10001\n',
    'FROM debian:12\nARG APP_USER=root\nUSER «$APP_USER»\n',
    'ARG APP_UID=0\nFROM debian:12\nARG APP_UID\nUSER «${APP_UID}:1000»\n',
    'FROM debian:12\nENV APP_UID=10001\nENV APP_UID=0\nUSER «${APP_UID}»\n',
    'FROM debian:12\nUSER «${NOBODY:-root}»\n',
    'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nUSER «ContainerAdministrator»\n',
    'FROM debian:12 AS base\nUSER root\n«FROM» base AS last\nCMD ["sh"]\n',
    '«FROM» ${REGISTRY}/debian:12\n',
    'FROM debian:12 AS base\nUSER 10001\n«FROM» debian:12\nRUN a && \\\n  USER=10001 b\n',
  ],
  passingFiles: [
    'FROM debian:12\nUSER 10001\n',
    'FROM debian:12\nuser app:app\nCMD ["sh"]\n',
    'FROM debian:12\nUSER root\nRUN apt-get update\nUSER 10001\n',
    'FROM debian:12 AS base\nUSER app\nFROM base\nRUN true\n',
    'FROM debian:12\nUSER $APP_USER\n',
    'FROM debian:12\nARG APP_UID=10001\nUSER ${APP_UID}:0\n',
    'FROM gcr.io/distroless/static-debian12:nonroot\nCOPY app /app\n',
    'FROM nginxinc/nginx-unprivileged:1.27\n',
    'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n',
    'FROM ${BASE}\n',
    'FROM node:${VERSION}\n',
    'FROM debian:12 AS base\nUSER root\nFROM alpine:3.20\nUSER 1\n',
    'ARG X=1\n',
    '',
  ],
});

describe('df-runs-as-non-root: fix', () => {
  const fixed = (text: string): string => {
    const { file, violations } = checkDockerfile(text, { today });
    const [fix] = violations.find(({ rule }) => rule === 'df-runs-as-non-root')?.fixes ?? [];
    assert.ok(fix, 'a fix is offered');
    assert.equal(fix.safe, false);
    return `${fix.title}\n${applyFixes(file, [fix])}`;
  };

  it('adds the user before the entry point, above its comments, with its indent and line ends', () => {
    assert.equal(
      fixed('FROM debian:12\r\nRUN a\r\n# start\r\n# it\r\n  ENTRYPOINT ["a"]\r\n  CMD ["b"]\r\n'),
      'Add USER 10001 before ENTRYPOINT\nFROM debian:12\r\nRUN a\r\n  USER 10001\r\n# start\r\n# it\r\n  ENTRYPOINT ["a"]\r\n  CMD ["b"]\r\n',
    );
  });

  it('adds it behind what still builds the image', () => {
    assert.equal(
      fixed('FROM debian:12\nCMD ["a"]\nRUN apt-get update\nCOPY a /\n'),
      'Add USER 10001 at the end\nFROM debian:12\nCMD ["a"]\nRUN apt-get update\nCOPY a /\nUSER 10001\n',
    );
    assert.equal(
      fixed('FROM debian:12\nUSER root\nRUN apt-get update\nEXPOSE 80\nCMD ["a"]'),
      'Add USER 10001 before CMD\nFROM debian:12\nUSER root\nRUN apt-get update\nEXPOSE 80\nUSER 10001\nCMD ["a"]',
    );
  });

  it('replaces a root that nothing needs', () => {
    assert.equal(
      fixed('FROM debian:12\nRUN a\nUSER root:root\nEXPOSE 80\nCMD ["a"]\n'),
      'Replace with USER 10001\nFROM debian:12\nRUN a\nUSER 10001\nEXPOSE 80\nCMD ["a"]\n',
    );
  });

  it('adds it at the end of a file without a line break', () => {
    assert.equal(fixed('FROM debian:12'), 'Add USER 10001 at the end\nFROM debian:12\nUSER 10001');
  });

  it('offers nothing where a new line would become part of an instruction that never ends', () => {
    for (const text of ['FROM debian:12\nRUN a \\\n', 'FROM debian:12\nRUN <<EOF\na\n']) {
      assert.deepEqual(
        violationsOf('df-runs-as-non-root', text).map(({ fixes }) => fixes),
        [[]],
      );
    }
  });

  it('points at the USER of the stage below', () => {
    const [violation] = violationsOf('df-runs-as-non-root', 'FROM debian:12 AS base\nUSER root\nFROM base\n');
    assert.deepEqual(violation?.related, [
      {
        range: { start: { line: 1, character: 5 }, end: { line: 1, character: 9 } },
        message: 'This USER is in force.',
      },
    ]);
  });
});
