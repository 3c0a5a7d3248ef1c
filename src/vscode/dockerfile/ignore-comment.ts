/**
 * The line on which the instruction begins that covers `line`: walks the logical lines of a Dockerfile from the top,
 * with the escape directive, comments inside continued instructions, and here-documents.
 * Dockerfile reference, "Format", "Parser directives", "Here-Documents".
 */
export function instructionStart(lines: readonly string[], line: number): number {
  const escape = escapeCharacter(lines);
  const continued = new RegExp(`${escape === '`' ? '`' : '\\\\'}[ \\t]*$`);
  let at = 0;
  while (at < lines.length && at <= line) {
    const start = at;
    const first = lines[at] ?? '';
    if (isCommentOrBlank(first)) {
      if (at === line) return at;
      at++;
      continue;
    }
    let text = first;
    while (continued.test(lines[at] ?? '') || (at > start && isCommentOrBlank(lines[at] ?? ''))) {
      if (at + 1 >= lines.length) break;
      at++;
      text += `\n${lines[at] ?? ''}`;
    }
    for (const { word, stripsTabs } of hereDocuments(text)) {
      do at++;
      while (at < lines.length && (stripsTabs ? (lines[at] ?? '').replace(/^\t+/, '') : lines[at]) !== word);
    }
    if (line <= at) return start;
    at++;
  }
  return line;
}

function isCommentOrBlank(text: string): boolean {
  return /^\s*(#|$)/.test(text);
}

/** Directives stand at the very top, one a line; the first line that is none ends them. */
function escapeCharacter(lines: readonly string[]): '\\' | '`' {
  for (const line of lines) {
    const directive = /^\s*#\s*([a-z]+)\s*=\s*(\S+)\s*$/i.exec(line);
    if (directive === null) break;
    if (directive[1]?.toLowerCase() === 'escape' && directive[2] === '`') return '`';
  }
  return '\\';
}

/** Only RUN, COPY and ADD (also under ONBUILD) take here-documents. */
function hereDocuments(text: string): { readonly word: string; readonly stripsTabs: boolean }[] {
  if (!/^\s*(onbuild\s+)?(run|copy|add)\b/i.test(text)) return [];
  return [...text.matchAll(/(?<![<\d])\d*<<(-?)\s*(?:"([^"\s]+)"|'([^'\s]+)'|([A-Za-z_][\w.]*))/g)].map((match) => ({
    word: match[2] ?? match[3] ?? match[4] ?? '',
    stripsTabs: match[1] === '-',
  }));
}

/** The comment to insert above an instruction, with that instruction's indent. */
export function ignoreComment(instruction: string, rule: string, until: string, reason: string): string {
  const indent = /^[ \t]*/.exec(instruction)?.[0] ?? '';
  const clean = reason.replaceAll('"', "'").replace(/\s+/g, ' ').trim();
  return `${indent}# plimsoll:ignore ${rule} until=${until} reason="${clean}"\n`;
}

/** The text with its ignores made ordinary comments of the same length, for folders that are not trusted. */
export function withoutIgnores(text: string): string {
  return text.replaceAll('plimsoll:ignore', 'plimsoll-ignore');
}
