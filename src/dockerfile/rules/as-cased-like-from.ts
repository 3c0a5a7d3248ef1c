import type { DockerfileRule } from './rule.ts';

export const asCasedLikeFrom: DockerfileRule = {
  id: 'df-as-cased-like-from',
  aliases: ['FromAsCasing'],
  title: 'AS is written in the case of FROM',
  severity: 'hint',
  why: 'A keyword in another case reads like a name, and BuildKit warns about it in every build.',
  docs: 'https://docs.docker.com/reference/build-checks/from-as-casing/',
  *check(file) {
    for (const { from } of file.stages) {
      const [, as, name] = from.words;
      if (as === undefined || name === undefined || as.text.toLowerCase() !== 'as') continue;
      const { start, end } = from.keywordRange;
      const keyword = file.lines.line(start.line).slice(start.character, end.character);
      const wanted = keyword === keyword.toUpperCase() ? 'AS' : keyword === keyword.toLowerCase() ? 'as' : undefined;
      if (wanted === undefined || as.text === wanted) continue;
      yield {
        range: as.range,
        message: `"${as.text}" is written in another case than ${keyword}. Write ${wanted}.`,
        fixes: [{ title: `Write ${wanted}`, safe: true, edits: [{ range: as.range, newText: wanted }] }],
      };
    }
  },
};
