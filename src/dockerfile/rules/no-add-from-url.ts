import type { DockerfileRule } from './rule.ts';

export const noAddFromUrl: DockerfileRule = {
  id: 'df-no-add-from-url',
  aliases: [],
  title: 'Files are not added from a URL without a checksum',
  severity: 'warning',
  why: 'ADD takes whatever the address serves on the day of the build; with --checksum BuildKit refuses anything else.',
  docs: 'https://docs.docker.com/reference/dockerfile/#add---checksum',
  *check(file) {
    for (const { keyword, flags, words } of file.instructions) {
      if (keyword !== 'ADD' || flags.some(({ name, value }) => name === 'checksum' && value !== '')) continue;
      const address = words.slice(0, -1).find(({ text }) => isFile(text));
      if (address === undefined) continue;
      yield {
        range: address.range,
        message: 'ADD fetches this address without a check. Give --checksum=sha256:…, or copy a file you keep.',
      };
    }
  },
};

/** Git repositories are cloned at a commit or branch, not downloaded. */
function isFile(source: string): boolean {
  return /^https?:\/\//i.test(source) && !/\.git(#.*)?$/i.test(source);
}
