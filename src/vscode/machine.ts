import type { L10n } from './l10n.ts';

/**
 * Where the extension runs, in words: network results are true from there only.
 * `remoteName` is `vscode.env.remoteName`.
 */
export function machineName(
  l10n: L10n,
  remoteName: string | undefined,
  hostname: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  switch (remoteName) {
    case undefined:
      return l10n.t('this computer');
    case 'wsl':
      return l10n.t('WSL: {name}', { name: environment['WSL_DISTRO_NAME'] ?? hostname });
    case 'ssh-remote':
      return l10n.t('SSH: {name}', { name: hostname });
    case 'dev-container':
    case 'attached-container':
      return l10n.t('container {name}', { name: hostname });
    case 'codespaces':
      return l10n.t('codespace {name}', { name: environment['CODESPACE_NAME'] ?? hostname });
    case 'tunnel':
      return l10n.t('tunnel: {name}', { name: hostname });
    default:
      return l10n.t('remote machine {name}', { name: hostname });
  }
}
