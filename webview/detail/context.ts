import type { FindingDetail, ReportCommand } from '../../src/report/contract.ts';
import { httpsUrl } from '../../src/report/prose.ts';
import type { ProseBlock, ProsePart } from '../../src/report/prose.ts';
import type { StringKey } from '../../src/report/strings.ts';
import type { Texts } from '../../src/report/texts.ts';
import { data, el } from '../dom.ts';
import { button, link } from '../toolkit.ts';

/** What the tabs of a finding need beside the finding itself. */
export interface DetailContext {
  readonly texts: Texts;
  readonly now: number;
  readonly can: (command: ReportCommand) => boolean;
  readonly command: (command: ReportCommand, argument?: string) => void;
  readonly copy: (text: string, announced: string) => void;
  readonly typeInTerminal: (text: string) => void;
  readonly openLink: (url: string) => void;
  readonly goToSource: (id: string) => void;
  /** Shows another finding. */
  readonly openFinding: (id: string) => void;
  readonly problem: (detail: string) => void;
}

/** Draws one tab. */
export type DetailView = (detail: FindingDetail, context: DetailContext) => readonly Node[];

export function heading(text: string): HTMLElement {
  return el('h3', {}, text);
}

export function quiet(text: string): HTMLElement {
  return el('p', { class: 'quiet' }, text);
}

/** Names and values side by side; what has no value is left out. */
export function facts(...rows: readonly (readonly [string, Node | string | undefined])[]): HTMLElement {
  const list = el('dl', { class: 'facts' });
  for (const [name, value] of rows) {
    if (value === undefined || value === '') continue;
    list.append(el('dt', {}, name), el('dd', {}, typeof value === 'string' ? data(value) : value));
  }
  return list;
}

export function code(text: string): HTMLElement {
  return el('code', { class: 'data' }, text);
}

/** A block of code with a button that copies it. */
export function codeBlock(
  context: Pick<DetailContext, 'texts' | 'copy'>,
  text: string,
  ...actions: readonly HTMLElement[]
): HTMLElement {
  const { texts } = context;
  return el(
    'div',
    { class: 'code-block' },
    el('pre', {}, el('code', { class: 'data' }, text)),
    el(
      'div',
      { class: 'code-actions' },
      button({
        label: texts.t('copy'),
        icon: 'copy',
        onClick: () => context.copy(text, texts.t('copied')),
      }),
      ...actions,
    ),
  );
}

/** A link that shows its host, or plain text when the address is not https. */
export function outwardLink(context: DetailContext, text: string, url: string): HTMLElement {
  const safe = httpsUrl(url);
  if (safe === undefined) return data(text);
  const { host } = new URL(safe);
  if (text.includes(host)) return link(text, safe, context.openLink);
  return el('span', {}, link(text, safe, context.openLink), el('span', { class: 'quiet data' }, ` (${host})`));
}

/** Advisory text as elements; everything in it is inserted as text. */
export function prose(context: DetailContext, blocks: readonly ProseBlock[]): readonly HTMLElement[] {
  const inline = (parts: readonly ProsePart[]) =>
    parts.map((part) => {
      if (part.type === 'link') return outwardLink(context, part.text, part.url);
      return part.type === 'code' ? code(part.text) : data(part.text);
    });
  return blocks.map((block) => {
    if (block.type === 'list') {
      return el('ul', { class: 'prose' }, ...block.items.map((item) => el('li', {}, ...inline(item))));
    }
    if (block.type === 'code') return el('pre', { class: 'prose' }, el('code', {}, ...inline(block.parts)));
    return el('p', { class: 'prose' }, ...inline(block.parts));
  });
}

/** A key of the dictionary when it knows the word, else undefined: words that a newer host may send. */
export function knownText(texts: Texts, key: string): string | undefined {
  const text = texts.t(key as StringKey); // an unknown key comes back as it is
  return text === key ? undefined : text;
}
