import { imageParts } from '../image-name.ts';
import type { Dockerfile, Stage } from '../model.ts';
import type { TextRange, Violation } from '../types.ts';
import { shortened } from '../wording.ts';
import type { DockerfileRule } from './rule.ts';

export const baseImagePinned: DockerfileRule = {
  id: 'df-base-image-pinned',
  aliases: ['DL3006', 'DL3007'],
  title: 'Base images carry a version',
  severity: 'information',
  why: 'Without a version, or with "latest", the next build may stand on another image than the one that was tested.',
  docs: 'https://docs.docker.com/build/building/best-practices/#pin-base-image-versions',
  *check(file) {
    for (const stage of file.stages) {
      const violation = judge(file, stage);
      if (violation !== undefined) yield violation;
    }
  },
};

function judge(file: Dockerfile, { base, imageRange }: Stage): Violation | undefined {
  if (imageRange === undefined || base.kind === 'stage' || base.kind === 'scratch') return undefined;
  const { reference } = base;
  const { tag, digest, tagAt } = imageParts(reference);
  if (digest !== undefined) return undefined;
  // NUL stands for what a build argument without a default will say.
  const tail = reference.slice(reference.lastIndexOf('/') + 1);
  if (base.kind === 'unresolved' && (tag ?? tail).includes('\0')) {
    return {
      range: imageRange,
      severity: 'hint',
      message: `The base image depends on ARG ${shortened(base.variable)}, which has no default. Give it one to have it checked.`,
    };
  }
  if (tag === undefined) {
    return {
      range: imageRange,
      message: 'The base image has no version. Name a tag such as ":1.2.3", or a digest.',
    };
  }
  if (tag !== 'latest') return undefined;
  return {
    range: tagRange(file, imageRange, reference.length - tagAt) ?? imageRange,
    message: 'The tag "latest" moves with every release. Name the version that you tested.',
  };
}

/** The last characters of the reference, when they are written there; a tag from a build argument stands elsewhere. */
function tagRange(file: Dockerfile, { start, end }: TextRange, length: number): TextRange | undefined {
  const written = file.lines.line(end.line).slice(start.character, end.character);
  if (start.line !== end.line || !written.endsWith(':latest')) return undefined;
  return { start: { line: end.line, character: end.character - length }, end };
}
