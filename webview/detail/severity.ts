import { severityTable } from '../../src/report/severity-table.ts';
import type { SeverityTableRow } from '../../src/report/severity-table.ts';
import type { Texts } from '../../src/report/texts.ts';
import { data, el, headings, icon } from '../dom.ts';
import { button } from '../toolkit.ts';
import { pill, severityMark } from '../words.ts';
import { heading, knownText, quiet } from './context.ts';
import type { DetailContext, DetailView } from './context.ts';

/** Longest bar: the most that one group can add. */
const mostPoints = 20;

/** How the effective severity came about: a table from the original one, and what is not known. */
export const severityView: DetailView = ({ finding }, context) => {
  const { texts } = context;
  const { explanation } = finding;
  const table = severityTable(explanation);
  const nodes: Node[] = [el('p', { class: 'headline data' }, explanation.headline)];
  if (!table.complete) {
    context.problem(`explanation of ${finding.id} does not lead to ${explanation.effective}`);
    nodes.push(
      el('p', { class: 'notice notice-warning' }, icon('warning'), el('span', {}, texts.t('severity.incomplete'))),
    );
  }
  if (explanation.placement !== null)
    nodes.push(quiet(texts.t('severity.placement', { placement: explanation.placement })));
  nodes.push(
    el(
      'table',
      { class: 'factors' },
      el('caption', {}, texts.t('severity.caption')),
      headings(texts.t('severity.factor'), texts.t('severity.points'), texts.t('severity.why')),
      el('tbody', {}, ...table.rows.map((row) => drawRow(texts, row))),
    ),
  );
  if (explanation.unknown.length > 0) {
    nodes.push(
      heading(texts.t('severity.unknown.title')),
      el(
        'ul',
        { class: 'unknowns' },
        ...explanation.unknown.map(({ id, label, why, counterfactual }) =>
          el(
            'li',
            {},
            el('div', { class: 'unknown-label data' }, label),
            el('div', {}, data(texts.t('severity.counterfactual', { change: counterfactual }))),
            el('div', { class: 'quiet data' }, why),
            wayToKnow(id, finding, context),
          ),
        ),
      ),
    );
  }
  return nodes;
};

function drawRow(texts: Texts, row: SeverityTableRow): HTMLElement {
  const whole = (kind: string, ...content: readonly (Node | string)[]) =>
    el('tr', { class: `factor-${kind}` }, el('th', { attrs: { colspan: '3' } }, ...content));
  switch (row.type) {
    case 'original': {
      const severity = texts.t(`severity.${row.level}`);
      const { source, other } = row;
      const text =
        other === undefined
          ? texts.t('severity.original', { severity, source })
          : texts.t('severity.original.other', { severity, source, other });
      return whole('original', severityMark(texts, row.level), data(text));
    }
    case 'factor':
      return el(
        'tr',
        { class: 'factor' },
        el('th', {}, data(row.label), row.stale ? pill(texts.t('severity.stale')) : undefined),
        el('td', { class: 'points' }, el('span', {}, signed(texts, row.points)), bar(row.points)),
        el('td', { class: 'data' }, row.text),
      );
    case 'cap':
      return whole('cap', texts.t('severity.capped', { points: signed(texts, row.points) }));
    case 'sum':
      return el(
        'tr',
        { class: 'factor-sum' },
        el('th', {}, texts.t(`severity.sum.${row.direction}`)),
        el('td', { class: 'points' }, el('span', {}, signed(texts, row.points)), bar(row.points)),
        el('td', {}, texts.plural(`severity.levels.${row.direction}`, row.levels)),
      );
    case 'limit':
      return whole('rule', texts.plural(`severity.limit.${row.direction}`, row.levels));
    case 'levelRule':
      return whole('rule', ruleText(texts, row.rule, texts.plural(`severity.levels.${row.direction}`, row.levels)));
    case 'rule':
      return whole('rule', ruleText(texts, row.rule, texts.t(`severity.${row.level}`)));
    case 'verdict':
      return whole('rule', texts.t(`verdict.${row.verdict}`));
    case 'effective':
      return whole(
        'effective',
        severityMark(texts, row.level),
        texts.t('severity.effective', { severity: texts.t(`severity.${row.level}`) }),
      );
  }
}

function ruleText(texts: Texts, rule: string, result: string): string {
  const known = knownText(texts, `rule.${rule}`);
  return known === undefined ? `${rule}: ${result}` : known.replaceAll('{result}', () => result);
}

/** "+5", "−10", "0" */
function signed(texts: Texts, points: number): string {
  if (points === 0) return texts.number(0);
  return `${points > 0 ? '+' : '\u2212'}${texts.number(Math.abs(points))}`;
}

function bar(points: number): HTMLElement | undefined {
  if (points === 0) return undefined;
  const filled = el('span', { class: points > 0 ? 'bar-up' : 'bar-down' });
  filled.style.inlineSize = `${Math.min(100, (Math.abs(points) / mostPoints) * 100)}%`;
  return el('span', { class: 'factor-bar', attrs: { 'aria-hidden': 'true' } }, filled);
}

/** What would make an unknown fact known. */
function wayToKnow(
  id: string,
  finding: Parameters<DetailView>[0]['finding'],
  context: DetailContext,
): HTMLElement | undefined {
  const { texts } = context;
  const [group] = id.split('.', 1);
  if (group === 'exploit' || group === 'fix' || group === 'vendor' || group === 'vex') {
    if (!context.can('updateVulnerabilityData')) return undefined;
    return button({
      label: texts.t('unknown.updateData'),
      onClick: () => context.command('updateVulnerabilityData'),
    });
  }
  if (group === 'image') {
    if (!context.can('scanAsset')) return undefined;
    return button({ label: texts.t('unknown.scan'), onClick: () => context.command('scanAsset', finding.asset.id) });
  }
  const { connectionId } = finding;
  if (group === 'business' || connectionId === undefined || !context.can('verify')) return undefined;
  const key = group === 'runtime' || group === 'exposure' ? 'unknown.cluster' : 'unknown.verify';
  return button({ label: texts.t(key), onClick: () => context.command('verify', connectionId) });
}
