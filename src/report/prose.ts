/** Text of advisories, reduced to what the page shows; every `text` is plain and is inserted as text. */
export type ProseBlock =
  | { readonly type: 'paragraph' | 'code'; readonly parts: readonly ProsePart[] }
  | { readonly type: 'list'; readonly items: readonly (readonly ProsePart[])[] };

export type ProsePart =
  | { readonly type: 'text' | 'code'; readonly text: string }
  /** An https address. */
  | { readonly type: 'link'; readonly text: string; readonly url: string };

const maxLength = 20_000;
const maxBlocks = 200;

/** Reads the paragraphs, lists, code and https links of Markdown; everything else in it becomes plain text. */
export function parseProse(markdown: string): readonly ProseBlock[] {
  const blocks: ProseBlock[] = [];
  let paragraph: string[] = [];
  let items: (readonly ProsePart[])[] = [];
  let code: string[] | undefined;
  const endParagraph = () => {
    if (paragraph.length > 0) blocks.push({ type: 'paragraph', parts: parseInline(paragraph.join(' ')) });
    paragraph = [];
  };
  const endList = () => {
    if (items.length > 0) blocks.push({ type: 'list', items });
    items = [];
  };
  const endCode = () => {
    if (code !== undefined) blocks.push({ type: 'code', parts: [{ type: 'text', text: code.join('\n') }] });
    code = undefined;
  };
  for (const line of markdown.slice(0, maxLength).split(/\r\n?|\n/)) {
    if (blocks.length >= maxBlocks) break;
    if (/^\s{0,3}(```|~~~)/.test(line)) {
      if (code === undefined) {
        endParagraph();
        endList();
        code = [];
      } else endCode();
      continue;
    }
    if (code !== undefined) {
      code.push(line);
      continue;
    }
    const item = /^\s{0,8}(?:[-*+]|\d{1,3}[.)])\s+(.*)$/.exec(line)?.[1];
    if (item !== undefined) {
      endParagraph();
      items.push(parseInline(item));
      continue;
    }
    const text = line.replace(/^\s{0,3}(?:#{1,6}\s+|>\s?)/, '').trim();
    if (text === '') {
      endParagraph();
      endList();
    } else if (/^#{1,6}\s/.test(line.trimStart())) {
      endParagraph();
      endList();
      paragraph.push(text);
      endParagraph();
    } else {
      endList();
      paragraph.push(text);
    }
  }
  endParagraph();
  endList();
  endCode();
  return blocks;
}

function parseInline(source: string): readonly ProsePart[] {
  const parts: ProsePart[] = [];
  let rest = 0;
  const plain = (until: number) => {
    const text = source.slice(rest, until).replace(/(\*\*|__)(?=\S)(.{1,400}?)(?<=\S)\1/g, '$2');
    if (text !== '') parts.push({ type: 'text', text });
  };
  for (const match of source.matchAll(
    /`([^`]{1,400})`|!?\[([^\][]{0,300})\]\(([^()\s]{1,2000})[^()]{0,300}\)|https:\/\/[^\s<>"'`)\]]{1,2000}/g,
  )) {
    const [whole, code, label, target] = match;
    plain(match.index);
    rest = match.index + whole.length;
    if (code !== undefined) {
      parts.push({ type: 'code', text: code });
      continue;
    }
    const url = httpsUrl(target ?? whole.replace(/[.,;:!?]+$/, ''));
    if (url === undefined) {
      parts.push({ type: 'text', text: label ?? whole });
    } else {
      parts.push({ type: 'link', text: label === undefined || label === '' ? url : label, url });
      // Marks of the sentence that stood behind a bare address.
      if (target === undefined) rest -= /[.,;:!?]*$/.exec(whole)?.[0].length ?? 0;
    }
  }
  plain(source.length);
  return parts;
}

/** The address when it is https, without credentials in it; else undefined. */
export function httpsUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'https:' && url.username === '' && url.password === '' ? url.href : undefined;
}
