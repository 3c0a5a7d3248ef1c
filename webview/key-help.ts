import type { StringKey } from '../src/report/strings.ts';
import type { Texts } from '../src/report/texts.ts';
import { el, put } from './dom.ts';
import { button, checkbox } from './toolkit.ts';

const isMac = (): boolean => /mac/i.test(navigator.userAgent);

/** Keys of the list and what they do. `mod` is Ctrl, on a Mac Cmd. */
const keys: readonly (readonly [keys: readonly (readonly string[])[], what: StringKey])[] = [
  [[['mod', 'F'], ['/']], 'help.search'],
  [[['↑'], ['↓'], ['PageUp'], ['PageDown'], ['Home'], ['End']], 'help.move'],
  [[['→'], ['←']], 'help.fold'],
  [[['Enter']], 'help.open'],
  [[['Space'], ['Shift', 'Space']], 'help.select'],
  [[['Esc']], 'help.back'],
  [[['mod', 'Enter']], 'help.source'],
  [[['E']], 'help.except'],
  [[['C']], 'help.copy'],
  [[['Shift', 'F10']], 'help.menu'],
  [[['?']], 'help.help'],
];

const regions: readonly StringKey[] = [
  'help.region.tabs',
  'help.region.search',
  'help.region.filters',
  'help.region.list',
  'help.region.splitter',
  'help.region.actions',
  'help.region.detailTabs',
  'help.region.content',
];

/** Lists keys and regions, and switches the letter keys. The dialog keeps the focus inside and gives it back. */
export function openKeyHelp(
  texts: Texts,
  letterKeys: boolean,
  hasExceptions: boolean,
  onLetterKeys: (on: boolean) => void,
): void {
  const before = document.activeElement;
  const dialog = el('dialog', { class: 'dialog', attrs: { 'aria-labelledby': 'help-title' } });
  const close = button({ label: texts.t('close'), look: 'primary', onClick: () => dialog.close() });
  const combination = (parts: readonly string[]) =>
    el(
      'span',
      { class: 'keys' },
      ...parts.map((part) => el('kbd', {}, part === 'mod' ? (isMac() ? '⌘' : 'Ctrl') : part)),
    );
  const rows = keys
    .filter(([, what]) => hasExceptions || what !== 'help.except')
    .map(([combinations, what]) =>
      el('tr', {}, el('th', {}, ...combinations.map(combination)), el('td', {}, texts.t(what))),
    );
  put(
    dialog,
    el('h2', { id: 'help-title' }, texts.t('help.title')),
    el(
      'div',
      { class: 'dialog-body', tabIndex: 0, role: 'group', attrs: { 'aria-labelledby': 'help-title' } },
      el(
        'table',
        { class: 'key-table' },
        el('caption', { class: 'visually-hidden' }, texts.t('help.title')),
        el('tbody', {}, ...rows),
      ),
      el('h3', {}, texts.t('help.regions')),
      el('ol', { class: 'regions' }, ...regions.map((key) => el('li', {}, texts.t(key)))),
    ),
    el('div', { class: 'dialog-foot' }, checkbox(texts.t('help.letters'), letterKeys, onLetterKeys), close),
  );
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  // A click on the backdrop is a click on the dialog itself.
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}
