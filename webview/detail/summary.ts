import { parseProse } from '../../src/report/prose.ts';
import { data, el, icon } from '../dom.ts';
import { code, facts, heading, knownText, outwardLink, prose } from './context.ts';
import type { DetailView } from './context.ts';

/** What it is, why it matters, where it is and where it runs. */
export const summaryView: DetailView = ({ finding }, context) => {
  const { texts } = context;
  const { asset, affected, explanation } = finding;
  const running = affected.length > 0 ? affected : undefined;
  const nodes: Node[] = [...prose(context, parseProse(finding.summary))];
  const pathParts = [...asset.path, asset.name].filter((part, at, all) => part !== all[at - 1]);
  nodes.push(
    facts(
      [
        texts.t('detail.asset'),
        el(
          'ol',
          { class: 'path' },
          ...pathParts.map((part, at) => el('li', {}, at === 0 ? undefined : icon('chevron-right'), data(part))),
        ),
      ],
      [texts.t('detail.assetKind'), texts.t(`assetKind.${asset.kind}`)],
      [texts.t('column.sourceTool'), texts.t(`sourceTool.${finding.sourceTool}`)],
      [texts.t('column.application'), finding.application === '' ? texts.t('group.unassigned') : finding.application],
      [
        texts.t('detail.package'),
        finding.package === undefined ? undefined : code(`${finding.package.name} ${finding.package.version}`),
      ],
      [texts.t('column.fix'), finding.package?.fixed === undefined ? undefined : code(finding.package.fixed)],
      [
        texts.t('detail.window'),
        explanation.window === null
          ? undefined
          : (knownText(texts, `window.${explanation.window}`) ?? explanation.window),
      ],
      [
        texts.t('detail.runs'),
        running === undefined
          ? finding.running
            ? texts.t('yes')
            : undefined
          : el(
              'ul',
              { class: 'plain-list' },
              ...running.slice(0, 5).map(({ path, name }) => el('li', {}, data([...path, name].join(' › ')))),
            ),
      ],
      [texts.t('detail.exposure'), finding.internetFacing ? texts.t('mark.internet.long') : undefined],
      [texts.t('detail.exploited'), finding.knownExploited ? texts.t('mark.exploited.long') : undefined],
      [
        texts.t('detail.epss'),
        finding.epss === undefined
          ? undefined
          : texts.t('detail.epss.value', { percent: texts.percent(finding.epss, 1) }),
      ],
      [texts.t('column.check'), code(finding.check)],
      [texts.t('detail.aliases'), finding.aliases.length === 0 ? undefined : data(finding.aliases.join(', '))],
      [texts.t('column.firstSeen'), texts.dateTime(finding.firstSeen)],
      [texts.t('detail.lastSeen'), texts.dateTime(finding.lastSeen)],
      [texts.t('detail.fixedAt'), finding.fixedAt === undefined ? undefined : texts.dateTime(finding.fixedAt)],
      [texts.t('detail.reopenedAt'), finding.reopenedAt === undefined ? undefined : texts.dateTime(finding.reopenedAt)],
    ),
  );
  if (finding.references.length > 0) {
    nodes.push(
      heading(texts.t('detail.references')),
      el(
        'ul',
        { class: 'plain-list' },
        ...finding.references.map((url) => el('li', {}, outwardLink(context, url, url))),
      ),
    );
  }
  return nodes;
};
