import type { FindingDetail } from '../../src/report/contract.ts';
import { data, el, icon } from '../dom.ts';
import { button } from '../toolkit.ts';
import { code, facts, heading, quiet } from './context.ts';
import type { DetailContext, DetailView } from './context.ts';

type Finding = FindingDetail['finding'];

/** What was observed, where and when. */
export const evidenceView: DetailView = ({ finding }, context) => {
  const { texts } = context;
  const nodes: Node[] = [];
  const source = sourceSection(finding, context);
  if (source !== undefined) nodes.push(...source);
  const { package: found } = finding;
  if (found !== undefined) {
    nodes.push(
      heading(texts.t('evidence.package')),
      facts(
        [texts.t('evidence.package.name'), code(found.name)],
        [texts.t('evidence.package.version'), code(found.version)],
        [texts.t('column.fix'), found.fixed === undefined ? undefined : code(found.fixed)],
        [texts.t('evidence.package.type'), found.type],
        [texts.t('evidence.package.path'), found.path === undefined ? undefined : code(found.path)],
        [texts.t('evidence.package.layer'), found.layer === undefined ? undefined : code(found.layer)],
        [texts.t('evidence.package.createdBy'), found.createdBy === undefined ? undefined : code(found.createdBy)],
        [texts.t('evidence.package.purl'), found.purl === undefined ? undefined : code(found.purl)],
      ),
    );
  }
  if (finding.evidence.length > 0) nodes.push(heading(texts.t('evidence.observed')), evidenceList(finding, context));
  if (nodes.length === 0) nodes.push(quiet(texts.t('evidence.none')));
  else {
    nodes.push(
      el(
        'div',
        { class: 'button-row' },
        button({
          label: texts.t('evidence.copy'),
          icon: 'copy',
          onClick: () => context.copy(evidenceText(finding), texts.t('copied')),
        }),
      ),
    );
  }
  return nodes;
};

function evidenceList({ evidence }: Finding, { texts }: DetailContext): HTMLElement {
  return el(
    'ul',
    { class: 'evidence' },
    ...evidence.map(({ label, value, expected, ref, field, at }) =>
      el(
        'li',
        {},
        el('div', { class: 'evidence-label data' }, label),
        facts(
          [texts.t('evidence.found'), code(value)],
          [texts.t('evidence.expected'), expected === undefined ? undefined : code(expected)],
          [texts.t('evidence.field'), field === undefined ? undefined : code(field)],
          [texts.t('evidence.in'), ref === undefined ? undefined : code(ref)],
          [texts.t('evidence.read'), at === undefined ? undefined : texts.dateTime(at)],
        ),
      ),
    ),
  );
}

/** The line of the Dockerfile that made it, as a button. */
function sourceSection(finding: Finding, context: DetailContext): readonly Node[] | undefined {
  const { texts } = context;
  const { source } = finding;
  const isOfImage = finding.asset.kind === 'image' || finding.asset.kind === 'dockerfile';
  if (source === undefined) {
    return isOfImage ? [heading(texts.t('source.title')), quiet(texts.t('source.none'))] : undefined;
  }
  const name = source.uri.split(/[\\/]/).at(-1) ?? source.uri;
  const place = texts.t('source.place', { file: decodeName(name), line: source.line + 1 });
  const excerpt = source.excerpt ?? [];
  // The excerpt is the line with its neighbours.
  const first = Math.max(0, source.line - Math.floor((excerpt.length - 1) / 2));
  return [
    heading(texts.t('source.title')),
    el(
      'button',
      {
        class: 'source-link',
        attrs: { 'data-action': 'source' },
        on: { click: () => context.goToSource(finding.id) },
      },
      el('span', { class: 'source-place' }, icon('go-to-file'), data(place)),
      excerpt.length === 0
        ? undefined
        : el(
            'span',
            { class: 'source-excerpt' },
            ...excerpt.map((line, at) => {
              const number = first + at;
              const isMarked = number >= source.line && number <= source.endLine;
              return el(
                'span',
                { class: isMarked ? 'source-line marked' : 'source-line' },
                el('span', { class: 'source-number' }, texts.number(number + 1)),
                data(line),
              );
            }),
          ),
    ),
    quiet(texts.t(`source.${source.confidence}`)),
  ];
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function evidenceText(finding: Finding): string {
  const { package: found, evidence, check, asset } = finding;
  return JSON.stringify({ check, asset: asset.id, ...(found !== undefined && { package: found }), evidence }, null, 2);
}
