import { data, el, icon } from '../dom.ts';
import { quiet } from './context.ts';
import type { DetailView } from './context.ts';

const icons = { seen: 'search', fixed: 'pass', reopened: 'refresh', severity: 'arrow-swap', state: 'tag' } as const;

/** What happened to it, newest first. */
export const historyView: DetailView = ({ finding }, { texts, now }) => {
  if (finding.history.length === 0) return [quiet(texts.t('history.none'))];
  return [
    el(
      'ol',
      { class: 'history' },
      ...finding.history
        .toReversed()
        .map(({ at, what, text, scanId }) =>
          el(
            'li',
            {},
            icon(icons[what]),
            el(
              'div',
              {},
              el('div', {}, el('strong', {}, texts.t(`history.${what}`)), ' ', data(text)),
              el(
                'div',
                { class: 'quiet' },
                el('time', { attrs: { datetime: at }, title: texts.relative(at, now) }, texts.dateTime(at)),
                scanId === undefined ? undefined : el('span', {}, ' ', texts.t('history.scan', { scan: scanId })),
              ),
            ),
          ),
        ),
    ),
  ];
};
