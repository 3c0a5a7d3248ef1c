import type { Connection } from '../azure/types.ts';
import { formatNumber, formatRelative, formatTime, plural, type L10n } from './l10n.ts';
import { openFindingsText, type Summary } from './summary.ts';
import { secretExpiryText } from './trees/asset-item.ts';
import { connectionStateText } from './words.ts';

export interface StatusFacts {
  readonly connections: readonly Connection[];
  readonly summary: Summary;
  readonly scan: { readonly done: number; readonly total: number } | undefined;
  readonly scanRunning: boolean;
  readonly offline: boolean;
  readonly now: Date;
  readonly secretExpiryWarningDays: number;
}

export interface StatusLook {
  readonly text: string;
  readonly accessibilityLabel: string;
  /** Only when no connection works at all. */
  readonly warningBackground: boolean;
}

/** What the person should look at, most urgent first. */
export interface Matter {
  readonly connectionId: string;
  readonly sentence: string;
  readonly kind: 'secretMissing' | 'failed' | 'secretExpiry';
}

export function mattersOf(l10n: L10n, facts: StatusFacts): readonly Matter[] {
  const active = facts.connections.filter(({ state }) => state !== 'paused');
  const of = (kind: Matter['kind'], state: Connection['state'], say: (name: string) => string): Matter[] =>
    active
      .filter((connection) => connection.state === state)
      .map(({ id, name }) => ({ connectionId: id, kind, sentence: say(name) }));
  return [
    ...of('secretMissing', 'secretMissing', (name) =>
      l10n.t('The client secret of "{name}" is missing. Enter it again.', { name }),
    ),
    ...of('failed', 'failed', (name) => l10n.t('"{name}" is not connected. Verify its connectivity.', { name })),
    ...active.flatMap((connection): Matter[] => {
      const text = secretExpiryText(l10n, connection, facts.secretExpiryWarningDays, facts.now);
      return text === undefined
        ? []
        : [{ connectionId: connection.id, kind: 'secretExpiry', sentence: `${connection.name}: ${text}` }];
    }),
  ];
}

/** The one item in the status bar. */
export function statusLook(l10n: L10n, facts: StatusFacts): StatusLook {
  const { connections, summary, now } = facts;
  const broken = connections.filter(({ state }) => state === 'failed' || state === 'secretMissing');
  const warningBackground = connections.length > 0 && broken.length === connections.length;
  const age =
    summary.lastScanAt === undefined
      ? ''
      : l10n.t('Last scan {when}.', { when: formatRelative(l10n, summary.lastScanAt, now) });

  if (facts.scanRunning) {
    const { scan } = facts;
    return scan === undefined || scan.total === 0
      ? {
          text: `$(sync~spin) ${l10n.t('Scanning')}`,
          accessibilityLabel: l10n.t('Plimsoll: scanning'),
          warningBackground,
        }
      : {
          text: `$(sync~spin) ${formatNumber(l10n, scan.done)}/${formatNumber(l10n, scan.total)}`,
          accessibilityLabel: l10n.t('Plimsoll: scanning, {done} of {total} assets', {
            done: formatNumber(l10n, scan.done),
            total: formatNumber(l10n, scan.total),
          }),
          warningBackground,
        };
  }
  if (facts.offline) {
    return {
      text: `$(cloud-small) ${l10n.t('offline')}`,
      accessibilityLabel:
        summary.lastScanAt === undefined
          ? l10n.t('Plimsoll: offline, no data yet')
          : l10n.t('Plimsoll: offline, data from {time}', { time: formatTime(l10n, summary.lastScanAt) }),
      warningBackground: false,
    };
  }
  const [urgent] = mattersOf(l10n, facts);
  if (urgent !== undefined) {
    return { text: '$(warning) Plimsoll', accessibilityLabel: `Plimsoll: ${urgent.sentence}`, warningBackground };
  }
  if (connections.length > 0 && connections.every(({ state }) => state === 'paused')) {
    return {
      text: '$(debug-pause) Plimsoll',
      accessibilityLabel: l10n.t('Plimsoll: all connections are paused'),
      warningBackground: false,
    };
  }
  const { critical, high } = summary.open;
  const letters = [
    ...(critical > 0 ? [`${formatNumber(l10n, critical)} C`] : []),
    ...(high > 0 ? [`${formatNumber(l10n, high)} H`] : []),
  ];
  if (letters.length > 0) {
    return {
      text: `$(shield) ${letters.join(' ')}`,
      accessibilityLabel: `Plimsoll: ${openFindingsText(l10n, summary.open)}. ${age}`.trim(),
      warningBackground,
    };
  }
  const denied = plural(l10n, summary.denied, {
    one: l10n.t('{count} check denied.', { count: formatNumber(l10n, summary.denied) }),
    other: l10n.t('{count} checks denied.', { count: formatNumber(l10n, summary.denied) }),
  });
  return {
    text: '$(shield)',
    accessibilityLabel: !summary.hasResults
      ? l10n.t('Plimsoll: nothing has been scanned yet')
      : [l10n.t('Plimsoll: no open critical or high findings.'), summary.denied > 0 ? denied : '', age]
          .filter((part) => part !== '')
          .join(' '),
    warningBackground,
  };
}

/** Rows of the small table in the tooltip. */
export function statusRows(
  l10n: L10n,
  facts: StatusFacts,
): readonly { readonly name: string; readonly state: string; readonly lastScan: string }[] {
  return facts.connections.map((connection) => ({
    name: connection.name,
    state: connectionStateText(l10n, connection.state),
    lastScan:
      connection.lastScanAt === undefined ? l10n.t('never') : formatRelative(l10n, connection.lastScanAt, facts.now),
  }));
}
