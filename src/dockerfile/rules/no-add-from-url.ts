import type { DockerfileRule } from './rule.ts';

export const noAddFromUrl: DockerfileRule = {
  id: 'df-no-add-from-url',
  aliases: [],
  title: 'Files are not added from a URL without a checksum',
  severity: 'warning',
  why: 'ADD takes whatever the address serves on the day of the build; with --checksum BuildKit refuses anything else.',
  docs: 'https://docs.docker.com/reference/dockerfile/#add---checksum',
  *check(file) {
    for (const instruction of file.instructions) {
      if (instruction.keyword !== 'ADD') continue;
      const raw = file.text.slice(instruction.argumentStart, instruction.end);
      if (/^(\s|\\\r?\n)*(--[\w-]+(=\S*)?(\s|\\\r?\n)+)*--checksum=/.test(raw)) continue;
      for (const word of instruction.words.slice(0, -1)) {
        const url = /^[["',\s]*(https?:\/\/[^"',\s\]]+)/i.exec(word.text)?.[1];
        if (url === undefined || /\.git(#.*)?$/.test(url)) continue;
        const skip = word.text.indexOf(url);
        const { start, end } = word.range;
        const range =
          start.line === end.line
            ? {
                start: { line: start.line, character: start.character + skip },
                end: { line: start.line, character: start.character + skip + url.length },
              }
            : word.range;
        yield {
          range,
          message: 'ADD fetches this address without a check. Give --checksum=sha256:…, or copy a file you keep.',
        };
      }
    }
  },
};
