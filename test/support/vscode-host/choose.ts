import https from 'node:https';
import type { Log } from '../process.ts';

/** Where VS Code runs: on this desktop through `@vscode/test-electron`, or as a server with a browser before it. */
export type HostChoice =
  | { readonly kind: 'server' }
  /** Without `executable`, `@vscode/test-electron` downloads the current VS Code. */
  | { readonly kind: 'desktop'; readonly executable?: string };

/**
 * Chooses by what is there: the desktop VS Code that PLIMSOLL_VSCODE names, one that can be downloaded, else the
 * server. PLIMSOLL_TEST_HOST=server|desktop decides without looking.
 * @throws Error for another value of PLIMSOLL_TEST_HOST.
 */
export async function chooseHost(log: Log): Promise<HostChoice> {
  const executable = process.env['PLIMSOLL_VSCODE'] ?? '';
  const desktop: HostChoice = executable === '' ? { kind: 'desktop' } : { kind: 'desktop', executable };
  const forced = process.env['PLIMSOLL_TEST_HOST'] ?? '';
  switch (forced) {
    case 'server':
      log('Host: VS Code server (PLIMSOLL_TEST_HOST)');
      return { kind: 'server' };
    case 'desktop':
      log('Host: desktop VS Code (PLIMSOLL_TEST_HOST)');
      return desktop;
    case '':
      break;
    default:
      throw new Error(`PLIMSOLL_TEST_HOST is "${forced}"; it can be "server" or "desktop"`);
  }
  if (executable !== '') {
    log(`Host: desktop VS Code ${executable} (PLIMSOLL_VSCODE)`);
    return desktop;
  }
  if (!hasDisplay()) {
    log('Host: VS Code server (no display for a desktop VS Code)');
    return { kind: 'server' };
  }
  if (await answers('https://update.code.visualstudio.com/api/releases/stable')) {
    log('Host: desktop VS Code, downloaded');
    return desktop;
  }
  log('Host: VS Code server (the download server of VS Code cannot be reached)');
  return { kind: 'server' };
}

/** Whether a window can be opened here. */
export function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return (process.env['DISPLAY'] ?? '') !== '' || (process.env['WAYLAND_DISPLAY'] ?? '') !== '';
}

async function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = https.request(url, { method: 'HEAD', signal: AbortSignal.timeout(5000) }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 400);
    });
    request.on('error', () => resolve(false));
    request.end();
  });
}
