import type { ScanSummary } from '../report/contract.ts';
import { formatNumber, plural, type L10n } from './l10n.ts';

/** `Scan complete: 120 assets.` And, after a scan that was cut off: `34 images had been read before.` */
export function scanSentence(l10n: L10n, scan: ScanSummary): string {
  const sentence = outcome(l10n, scan);
  const resumed = scan.resumed ?? 0;
  if (resumed === 0) return sentence;
  const before = plural(l10n, resumed, {
    one: l10n.t('{count} image had been read before.', { count: resumed }),
    other: l10n.t('{count} images had been read before.', { count: formatNumber(l10n, resumed) }),
  });
  return `${sentence} ${before}`;
}

function outcome(l10n: L10n, scan: ScanSummary): string {
  const args = { done: formatNumber(l10n, scan.done), total: formatNumber(l10n, scan.total) };
  switch (scan.state) {
    case 'complete':
      return plural(l10n, scan.done, {
        one: l10n.t('Scan complete: {done} asset.', args),
        other: l10n.t('Scan complete: {done} assets.', args),
      });
    case 'partial':
      return plural(l10n, scan.problems.length, {
        one: l10n.t('Scan complete: {done} of {total} assets, one thing could not be read.', args),
        other: l10n.t('Scan complete: {done} of {total} assets, {problems} things could not be read.', {
          ...args,
          problems: formatNumber(l10n, scan.problems.length),
        }),
      });
    case 'cancelled':
      return l10n.t('Scan cancelled after {done} of {total} assets.', args);
    case 'interrupted':
      return l10n.t('Scan interrupted after {done} of {total} assets.', args);
    case 'failed':
      return scan.problems[0] === undefined
        ? l10n.t('Scan failed.')
        : l10n.t('Scan failed: {reason}', { reason: scan.problems[0].reason });
    case 'running':
      return l10n.t('Scanning {done} of {total} assets…', args);
  }
}

export const scanIcons: Readonly<Record<ScanSummary['state'], string>> = {
  complete: 'pass',
  partial: 'warning',
  cancelled: 'debug-stop',
  interrupted: 'debug-disconnect',
  failed: 'error',
  running: 'sync~spin',
};
