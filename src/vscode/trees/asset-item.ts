import type { Connection } from '../../azure/types.ts';
import type { StepState } from '../../connectivity/types.ts';
import type { AssetNode } from '../../engine-contract.ts';
import { daysUntil, plural, shortenMiddle, type L10n } from '../l10n.ts';
import { connectionStateText, countsInWords, nodeKindWord, stepStateWord, worst } from '../words.ts';
import { contextValue, treeIcons, type ItemLook } from './item-look.ts';

export interface AssetContext {
  readonly l10n: L10n;
  readonly now: Date;
  /** The connection of the node, as the store has it. */
  readonly connection?: Connection;
  readonly secretExpiryWarningDays: number;
  /** True while a scan reads this asset. */
  readonly scanning: boolean;
  /** Steps that ended and all steps, while the connection is being verified. */
  readonly verifying?: { readonly done: number; readonly total: number };
}

/** How a node of the assets tree looks and sounds. */
export function assetItem(node: AssetNode, context: AssetContext): ItemLook {
  const flags = flagsOf(node, context);
  const description = descriptionOf(node, context);
  const severity = worst(node.counts);
  return {
    id: node.id,
    label: node.label,
    ...(description === undefined || description === '' ? {} : { description }),
    icon: isBusy(node, context) ? { id: treeIcons.asset.scanning } : iconOf(node, flags),
    contextValue: contextValue(node.kind, flags),
    accessibilityLabel: accessibilityLabel(node, context, description),
    ...(severity === undefined ? {} : { severity }),
  };
}

function isBusy(node: AssetNode, context: AssetContext): boolean {
  return context.scanning || (node.kind === 'connectivity' && context.verifying !== undefined);
}

function flagsOf(node: AssetNode, context: AssetContext): readonly string[] {
  if (node.kind !== 'connection') return node.flags;
  const state = context.verifying === undefined ? context.connection?.state : 'verifying';
  if (state === undefined) return node.flags;
  return [...node.flags.filter((flag) => !flag.startsWith('state-')), `state-${state}`];
}

/** `secret expires in 12 days`, within the warning period or when it is past. */
export function secretExpiryText(
  l10n: L10n,
  connection: Pick<Connection, 'secretExpires'>,
  warningDays: number,
  now: Date,
): string | undefined {
  const days = connection.secretExpires === undefined ? undefined : daysUntil(connection.secretExpires, now);
  if (days === undefined || days > warningDays) return undefined;
  if (days < 0) return l10n.t('secret has expired');
  if (days === 0) return l10n.t('secret expires today');
  return plural(l10n, days, {
    one: l10n.t('secret expires tomorrow'),
    other: l10n.t('secret expires in {days} days', { days }),
  });
}

function descriptionOf(node: AssetNode, context: AssetContext): string | undefined {
  const { l10n, connection, now } = context;
  switch (node.kind) {
    case 'connection': {
      if (connection === undefined) return node.description;
      const state = connectionStateText(l10n, context.verifying === undefined ? connection.state : 'verifying');
      const expiry = secretExpiryText(l10n, connection, context.secretExpiryWarningDays, now);
      return [expiry ?? state, node.description].filter((part) => part !== undefined && part !== '').join(' · ');
    }
    case 'connectivity':
      return context.verifying === undefined
        ? node.description
        : l10n.t('verifying, {done} of {total}', context.verifying);
    case 'container':
      return node.description === undefined ? undefined : shortenMiddle(node.description, 60);
    case 'step':
      return node.step === undefined ? node.description : stepDescription(l10n, node);
    default:
      return node.description;
  }
}

/** The reason in at most eight words; a passed step without remark needs none. */
function stepDescription(l10n: L10n, node: AssetNode): string | undefined {
  const state: StepState | undefined = node.step?.state;
  const reason = node.step?.reason ?? node.reason ?? node.description;
  if (reason !== undefined && reason !== '') return firstWords(reason, 8);
  return state === undefined || state === 'pass' ? undefined : stepStateWord(l10n, state).toLowerCase();
}

export function firstWords(text: string, count: number): string {
  const words = text.trim().split(/\s+/);
  return words.length <= count ? words.join(' ') : `${words.slice(0, count).join(' ')}…`;
}

function iconOf(node: AssetNode, flags: readonly string[]): ItemLook['icon'] {
  const state = flags.find((flag) => flag.startsWith('state-'))?.slice('state-'.length) ?? '';
  switch (node.kind) {
    case 'connection':
      return { id: lookUp(treeIcons.connection, state) ?? treeIcons.connection.unverified };
    case 'connectivity':
      return { id: lookUp(treeIcons.connectivity, state) ?? treeIcons.connectivity.none };
    case 'step': {
      const id = lookUp(treeIcons.step, node.step?.state ?? state) ?? treeIcons.step.pending;
      const color = stepColors[node.step?.state ?? state];
      return color === undefined ? { id } : { id, color };
    }
    case 'image':
      return { id: isUntagged(node) ? treeIcons.asset.untaggedImage : treeIcons.asset.image };
    case 'resource':
      return { id: lookUp(treeIcons.family, node.family ?? 'other') ?? treeIcons.family.other };
    case 'denied':
      return { id: treeIcons.asset.denied, color: 'list.warningForeground' };
    case 'error':
      return { id: treeIcons.asset.error, color: 'list.errorForeground' };
    default:
      return { id: treeIcons.asset[node.kind] };
  }
}

const stepColors: Readonly<Record<string, string>> = {
  pass: 'testing.iconPassed',
  fail: 'testing.iconFailed',
  warn: 'list.warningForeground',
};

/** An image without tag is named by its digest. */
function isUntagged(node: AssetNode): boolean {
  return /^sha256:|^[0-9a-f]{12,64}$/.test(node.label);
}

function lookUp(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function accessibilityLabel(node: AssetNode, context: AssetContext, description: string | undefined): string {
  const { l10n } = context;
  const parts = [node.label];
  if (node.kind !== 'connectivity' && node.kind !== 'group' && node.kind !== 'more') {
    parts.push(nodeKindWord(l10n, node.kind));
  }
  if (node.step !== undefined) parts.push(stepStateWord(l10n, node.step.state).toLowerCase());
  if (context.scanning) parts.push(l10n.t('scanning'));
  if (node.counts !== undefined) {
    const words = countsInWords(l10n, node.counts);
    if (words !== '') parts.push(words); // without findings nothing is said: it may not have been scanned
  }
  if (node.deniedCount !== undefined && node.deniedCount > 0) {
    parts.push(
      plural(l10n, node.deniedCount, {
        one: l10n.t('{count} check denied', { count: node.deniedCount }),
        other: l10n.t('{count} checks denied', { count: node.deniedCount }),
      }),
    );
  }
  if (description !== undefined && description !== '') parts.push(description);
  return parts.join(', ');
}
