import { data, el, headings } from '../dom.ts';
import { pill, severityBadge } from '../words.ts';
import { heading, quiet } from './context.ts';
import type { DetailView } from './context.ts';

/** Where the same cause is found, and what runs it. */
export const affectedView: DetailView = ({ finding, sameCause = [], sameCauseTotal }, context) => {
  const { texts } = context;
  const nodes: Node[] = [];
  if (finding.affected.length > 0) {
    nodes.push(
      heading(texts.plural('affected.workloads', finding.affected.length)),
      el(
        'ul',
        { class: 'plain-list' },
        ...finding.affected.map(({ path, name }) =>
          el(
            'li',
            {},
            data(name),
            el('span', { class: 'quiet data' }, path.length === 0 ? '' : ` — ${path.join(' › ')}`),
          ),
        ),
      ),
    );
  }
  if (sameCause.length > 0) {
    const total = sameCauseTotal ?? sameCause.length;
    nodes.push(
      heading(texts.plural('affected.others', total)),
      el(
        'table',
        { class: 'data-table' },
        el('caption', { class: 'visually-hidden' }, texts.plural('affected.others', total)),
        headings(
          texts.t('column.severity'),
          texts.t('column.asset'),
          texts.t('affected.marks'),
          texts.t('column.state'),
        ),
        el(
          'tbody',
          {},
          ...sameCause.map((other) =>
            el(
              'tr',
              {},
              el('td', {}, severityBadge(texts, other.severity)),
              el(
                'th',
                {},
                el(
                  'button',
                  {
                    class: 'text-button data',
                    on: { click: () => context.openFinding(other.id) },
                  },
                  other.asset,
                ),
              ),
              el(
                'td',
                {},
                other.running ? pill(texts.t('mark.running')) : undefined,
                other.internetFacing ? pill(texts.t('mark.internet')) : undefined,
              ),
              el('td', {}, texts.t(`state.${other.state}`)),
            ),
          ),
        ),
      ),
    );
    if (total > sameCause.length) nodes.push(quiet(texts.t('affected.more', { count: total - sameCause.length })));
  }
  if (nodes.length === 0) nodes.push(quiet(texts.t('affected.none')));
  return nodes;
};
