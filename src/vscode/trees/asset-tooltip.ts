import type { AssetNode } from '../../engine-contract.ts';
import { commandIds, internalCommandIds } from '../ids.ts';
import { escapeMarkdown, formatMoment, plural, type L10n } from '../l10n.ts';
import { countsInWords, stepStateWord } from '../words.ts';

/** The only commands that links in tooltips of the assets tree may run. */
export const tooltipCommands: readonly string[] = [
  commandIds.scanAsset,
  commandIds.verifyConnectivity,
  commandIds.updateSecret,
  commandIds.copyStepCommand,
  internalCommandIds.openAsset,
];

/** Markdown of a node's tooltip. Every value that Azure, an image or a person named is escaped. */
export function assetTooltip(node: AssetNode, l10n: L10n, connectionName: string | undefined): string {
  const lines: string[] = [`**${escapeMarkdown(node.label)}**`];
  const add = (label: string, value: string): void => {
    lines.push(`${escapeMarkdown(label)}: ${escapeMarkdown(value)}`);
  };
  if (node.step !== undefined) add(l10n.t('State'), stepStateWord(l10n, node.step.state));
  for (const text of [node.step?.reason ?? node.reason, node.step?.nextStep ?? node.nextStep]) {
    if (text !== undefined && text !== '') lines.push(escapeMarkdown(text));
  }
  for (const fact of node.facts.slice(0, 20))
    add(fact.label, isTime(fact.value) ? formatMoment(l10n, fact.value) : fact.value);
  if (node.assetId !== undefined && !node.facts.some(({ value }) => value === node.assetId)) {
    add(l10n.t('Id'), node.assetId);
  }
  if (connectionName !== undefined && node.kind !== 'connection') add(l10n.t('Connection'), connectionName);
  if (node.counts !== undefined) {
    const words = countsInWords(l10n, node.counts);
    if (words !== '') add(l10n.t('Open findings'), words); // without any nothing is said: it may not have been scanned
  }
  if (node.deniedCount !== undefined && node.deniedCount > 0) {
    lines.push(
      escapeMarkdown(
        plural(l10n, node.deniedCount, {
          one: l10n.t('{count} check was denied access.', { count: node.deniedCount }),
          other: l10n.t('{count} checks were denied access.', { count: node.deniedCount }),
        }),
      ),
    );
  }
  const command = node.step?.command ?? node.command;
  if (command !== undefined) lines.push(`${escapeMarkdown(command.label)}\n\n${codeBlock(command.text)}`);
  const links = linksOf(node, l10n).slice(0, 3);
  if (links.length > 0) lines.push(links.join(' · '));
  return lines.join('\n\n');
}

function isTime(value: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(value);
}

function linksOf(node: AssetNode, l10n: L10n): string[] {
  const links: string[] = [];
  const add = (title: string, command: string): void => {
    links.push(`[${escapeMarkdown(title)}](command:${command}?${encodeURIComponent(JSON.stringify([node.id]))})`);
  };
  if (node.flags.includes('state-secretMissing')) add(l10n.t('Update Client Secret'), commandIds.updateSecret);
  if (node.counts !== undefined && worstIsOpen(node)) add(l10n.t('Open Findings'), internalCommandIds.openAsset);
  if (node.flags.includes('canScan')) add(l10n.t('Scan'), commandIds.scanAsset);
  if (node.flags.includes('canVerify')) add(l10n.t('Verify Connectivity'), commandIds.verifyConnectivity);
  if (node.flags.includes('hasCommand')) add(l10n.t('Copy Command'), commandIds.copyStepCommand);
  return links;
}

function worstIsOpen(node: AssetNode): boolean {
  return node.counts !== undefined && Object.values(node.counts).some((count) => count > 0);
}

/** A fence longer than any run of backticks inside, so that the text cannot end it. */
function codeBlock(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}sh\n${text}\n${fence}`;
}
