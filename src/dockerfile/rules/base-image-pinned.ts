import { imageParts } from '../image-name.ts';
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
      if (stage.base.kind !== 'image' || stage.imageRange === undefined) continue;
      const { tag, digest, tagAt } = imageParts(stage.base.reference);
      if (digest !== undefined) continue;
      if (tag === undefined) {
        yield {
          range: stage.imageRange,
          message: 'The base image has no version. Name a tag such as ":1.2.3", or a digest.',
        };
      } else if (tag === 'latest') {
        // A tag that comes from a build argument stands elsewhere: mark the whole reference then.
        const { start, end } = stage.imageRange;
        const written = file.text.slice(file.lines.offset(start), file.lines.offset(end));
        const exact = written === stage.base.reference && start.line === end.line;
        const range = exact
          ? { start: { line: start.line, character: start.character + tagAt }, end }
          : stage.imageRange;
        yield { range, message: 'The tag "latest" moves with every release. Name the version that you tested.' };
      }
    }
  },
};
