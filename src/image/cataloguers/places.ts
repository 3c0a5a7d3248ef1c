/** Views of the kernel that images should not hold, and runtimes cover. */
const kernel = /^(?:proc|sys|dev)\//;
/** What package managers once downloaded: Yarn 1 and uv keep it unpacked, conda beside its environments. Nothing runs there. */
const cache =
  /(?:^|\/)\.cache\/(?:yarn|uv|pip|pypoetry)\/|(?:^|\/)pkgs\/[^/]+-[^/]+-[^/]+\/(?:[Ll]ib\/(?:python[^/]*\/)?)?site-packages\//;
/** Where package managers put what they install: a lock file in there is that of a package's own development. */
const installed = /(?:^|\/)(?:node_modules|bower_components|site-packages|dist-packages|vendor|gems)\//;

export function isKernelPath(path: string): boolean {
  return kernel.test(path);
}

export function isCachePath(path: string): boolean {
  return cache.test(path);
}

/** True where a lock file may speak of the application: outside of installed packages and of the kernel's views. */
export function isProjectPath(path: string): boolean {
  return !kernel.test(path) && !installed.test(path);
}

/** Directory of a file with a slash behind; empty for the root. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const maxLength = 300;
const refused = /[\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff\ufffd]/;

/** True for a text that can be the name or the version of a package: not empty, not endless, no blanks, no control characters. */
export function isWord(text: string): boolean {
  return text !== '' && text.length <= maxLength && !refused.test(text);
}
