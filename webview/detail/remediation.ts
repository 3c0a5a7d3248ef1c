import type { FindingDetail } from '../../src/report/contract.ts';
import { parseProse } from '../../src/report/prose.ts';
import { data, el, icon, show } from '../dom.ts';
import { TabStrip } from '../tab-strip.ts';
import { button } from '../toolkit.ts';
import { codeBlock, outwardLink, prose, quiet } from './context.ts';
import type { DetailContext, DetailView } from './context.ts';

type Remediation = FindingDetail['finding']['remediation'][number];
type Kind = Remediation['kind'];

const kinds = ['dockerfile', 'azureCli', 'portal', 'bicep', 'text'] as const satisfies readonly Kind[];

/** What to do, a tab for each way that applies. Nothing here runs a command. */
export const remediationView: DetailView = (detail, context) => {
  const { texts } = context;
  const { remediation } = detail.finding;
  const present = kinds.filter((kind) => remediation.some((way) => way.kind === kind));
  const [first] = present;
  if (first === undefined) return [quiet(texts.t('remediation.none'))];
  const draw = (kind: Kind) =>
    remediation.filter((way) => way.kind === kind).flatMap((way) => drawWay(way, detail, context));
  if (present.length === 1) return draw(first);
  const panels = new Map(present.map((kind) => [kind, el('div', { role: 'tabpanel', class: 'way' })]));
  const choose = (chosen: Kind) => {
    for (const [kind, panel] of panels) panel.hidden = kind !== chosen;
  };
  const strip = new TabStrip<Kind>(
    'remediation',
    texts.t('remediation.ways'),
    present.map((id) => ({ id, label: texts.t(`remediation.${id}`) })),
    first,
    choose,
  );
  strip.element.classList.add('tab-strip-small');
  for (const [kind, panel] of panels) {
    panel.id = strip.panelId(kind);
    panel.setAttribute('aria-labelledby', strip.tabId(kind));
    show(panel, ...draw(kind));
  }
  choose(first);
  return [strip.element, ...panels.values()];
};

function drawWay(
  { kind, text, caution }: Remediation,
  { finding, portalUrl }: FindingDetail,
  context: DetailContext,
): readonly Node[] {
  const { texts } = context;
  const nodes: Node[] = [];
  switch (kind) {
    case 'azureCli':
      nodes.push(
        codeBlock(
          context,
          text,
          button({
            label: texts.t('remediation.terminal'),
            icon: 'terminal',
            onClick: () => context.typeInTerminal(text),
          }),
        ),
        quiet(texts.t('remediation.notRun')),
      );
      break;
    case 'bicep':
      nodes.push(codeBlock(context, text));
      break;
    case 'dockerfile':
      nodes.push(diff(text));
      nodes.push(
        el(
          'div',
          { class: 'button-row' },
          button({ label: texts.t('copy'), icon: 'copy', onClick: () => context.copy(text, texts.t('copied')) }),
          finding.source === undefined
            ? undefined
            : button({
                label: texts.t('action.goToSource'),
                icon: 'go-to-file',
                onClick: () => context.goToSource(finding.id),
              }),
        ),
      );
      break;
    case 'portal':
      nodes.push(...prose(context, parseProse(text)));
      if (portalUrl !== undefined) nodes.push(el('p', {}, outwardLink(context, texts.t('action.portal'), portalUrl)));
      break;
    case 'text':
      nodes.push(...prose(context, parseProse(text)));
      break;
  }
  if (caution !== undefined) {
    nodes.push(el('p', { class: 'notice notice-warning' }, icon('warning'), data(caution)));
  }
  return nodes;
}

/** Lines that go and come, told apart by their sign. */
function diff(text: string): HTMLElement {
  const lines = text.split('\n').map((line) => {
    const kind = line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'kept';
    return el('span', { class: `diff-line diff-${kind} data` }, line);
  });
  return el('pre', { class: 'diff' }, el('code', {}, ...lines));
}
