import assert from 'node:assert/strict';
import { checkDockerfile } from '../../../../src/dockerfile/check.ts';
import { applyFixes } from '../../../../src/dockerfile/edits.ts';
import { asCasedLikeFrom } from '../../../../src/dockerfile/rules/as-cased-like-from.ts';
import { describeRule, today } from '../support.ts';

describeRule(asCasedLikeFrom, {
  files: [
    'FROM debian:12 «as» base\nUSER 10001\n',
    'from debian:12 «AS» base\nUSER 10001\n',
    'FROM debian:12 «As» base\n',
    'FROM --platform=$BUILDPLATFORM golang:1.23 «as» build\nRUN go build\nFROM debian:12 AS base\nFROM base «as» last\n',
    'FROM debian:12 \\\n  «as» \\\n  base\n',
  ],
  passingFiles: [
    'FROM debian:12 AS base\n',
    'from debian:12 as base\n',
    'From debian:12 as base\n',
    'FROM debian:12\n',
    'FROM as\n',
    'FROM debian:12 as\n',
    'FROM debian:12\nRUN select x as y\nONBUILD RUN select x as y\n',
  ],
});

describe('df-as-cased-like-from: fix', () => {
  it('is safe and changes nothing but the word', () => {
    const text = 'FROM debian:12 as base\nRUN true\n';
    const { file, violations } = checkDockerfile(text, { today });
    const fixes = violations.flatMap(({ fixes: offered = [] }) => offered.filter(({ safe }) => safe));
    assert.equal(applyFixes(file, fixes), 'FROM debian:12 AS base\nRUN true\n');
  });
});
