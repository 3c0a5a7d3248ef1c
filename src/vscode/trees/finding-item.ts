import type { AssetKind } from '../../findings/types.ts';
import type { FindingRow, FindingsGrouping } from '../../report/contract.ts';
import { severities } from '../../core/severity.ts';
import { formatNumber, type L10n } from '../l10n.ts';
import { sourceTools } from '../../report/words.ts';
import { countsInWords, findingStateWord, severityWord, sourceToolName } from '../words.ts';
import { contextValue, treeIcons, type ItemLook } from './item-look.ts';

export type GroupRow = FindingRow & { readonly type: 'group' };
export type LeafRow = FindingRow & { readonly type: 'finding' };

/** How a group of the findings tree looks and sounds. */
export function groupItem(row: GroupRow, grouping: FindingsGrouping, l10n: L10n): ItemLook {
  const count = formatNumber(l10n, row.count);
  const description =
    row.newCount > 0 ? l10n.t('{count} · {fresh} new', { count, fresh: formatNumber(l10n, row.newCount) }) : count;
  const words = countsInWords(l10n, row.severityCounts);
  const label = groupLabel(row, grouping, l10n);
  return {
    id: `group:${grouping}:${row.key}`,
    label,
    description,
    icon: groupIcon(row, grouping),
    contextValue: contextValue('findingGroup', []),
    accessibilityLabel: [label, l10n.t('group'), l10n.t('{count} findings', { count }), words]
      .filter((part) => part !== '')
      .join(', '),
  };
}

/** Closed vocabularies in the language of the editor; other labels are names. */
function groupLabel(row: GroupRow, grouping: FindingsGrouping, l10n: L10n): string {
  if (grouping === 'severity') return severityWord(l10n, row.label);
  const tool = grouping === 'sourceTool' ? sourceTools.find((name) => name === row.label) : undefined;
  return tool === undefined ? row.label : sourceToolName(l10n, tool);
}

function groupIcon(row: GroupRow, grouping: FindingsGrouping): ItemLook['icon'] {
  switch (grouping) {
    case 'severity': {
      const severity =
        severities.find((level) => level === row.label) ?? severities.find((level) => row.severityCounts[level] > 0);
      return severity === undefined
        ? { id: treeIcons.group.severity }
        : { id: treeIcons.group.severity, color: `plimsoll.severity.${severity}` };
    }
    case 'sourceTool':
      return { id: treeIcons.group.tool };
    case 'application':
      return { id: treeIcons.group.application };
    case 'asset':
      return { id: treeIcons.asset.resource };
    case 'check':
      return { id: treeIcons.group.check };
    case 'package':
    case 'none':
      return { id: treeIcons.group.package };
  }
}

/** How a finding looks and sounds. `grouping` decides which facts the group has said already. */
export function findingItem(row: LeafRow, grouping: FindingsGrouping, l10n: L10n): ItemLook {
  const label = grouping === 'check' ? row.asset : labelOf(row);
  const parts: string[] = [];
  if (grouping !== 'check' && grouping !== 'asset') parts.push(row.asset);
  if (row.fix !== undefined && row.fix !== '') parts.push(l10n.t('fix: {version}', { version: row.fix }));
  if (row.original !== row.severity && row.original !== 'unknown' && row.severity !== 'none') {
    parts.push(l10n.t('was {severity}', { severity: severityWord(l10n, row.original).toLowerCase() }));
  }
  if (row.state !== 'open') parts.push(findingStateWord(l10n, row.state));
  const facts = [
    row.knownExploited ? l10n.t('known exploited') : '',
    row.running ? l10n.t('running') : '',
    row.internetFacing ? l10n.t('internet-facing') : '',
  ].filter((part) => part !== '');
  return {
    id: `finding:${row.id}`,
    label,
    ...(parts.length === 0 ? {} : { description: parts.join(' · ') }),
    icon: { id: treeIcons.finding[row.kind] },
    contextValue: contextValue('finding', flagsOf(row)),
    accessibilityLabel: [
      label,
      l10n.t('finding'),
      l10n.t('severity {severity}', { severity: severityWord(l10n, row.severity).toLowerCase() }),
      findingStateWord(l10n, row.state),
      ...parts.filter((part) => part !== findingStateWord(l10n, row.state)),
      ...facts,
    ].join(', '),
    ...(row.severity === 'none' ? {} : { severity: row.severity }),
  };
}

/** Titles may or may not begin with the id of the check; for a vulnerability the id must be there. */
function labelOf(row: LeafRow): string {
  return row.kind === 'vulnerability' && !row.title.includes(row.check) ? `${row.check} ${row.title}` : row.title;
}

function flagsOf(row: LeafRow): string[] {
  return [
    `state-${row.state}`,
    ...(row.fix === undefined || row.fix === '' ? [] : ['hasFix']),
    ...(mayHaveSource(row) ? ['hasSource'] : []),
    ...(row.state === 'new' ? ['new'] : []),
    ...(row.state === 'excepted' ? ['excepted'] : []),
  ];
}

const kindsWithSource: ReadonlySet<AssetKind> = new Set<AssetKind>(['dockerfile', 'image', 'repository']);

/** Rows do not say whether a Dockerfile line is known; the command says so when there is none. */
function mayHaveSource(row: LeafRow): boolean {
  return row.kind === 'dockerfile' || kindsWithSource.has(row.assetKind);
}
