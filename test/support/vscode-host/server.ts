import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { endWithThisProcess, runOrThrow, stopProcess } from '../process.ts';
import { startFront } from './front.ts';
import type { ServerHost } from './install.ts';
import { writeMachineSettings, writeUserSettings, type Settings } from './settings.ts';

export interface ServerOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Where the server keeps users' data; settings, logs and global storage lie in `data/` below. */
  readonly userDataDir: string;
  readonly extensionsDir: string;
  /** Reaches the extension host, over this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: Settings;
  /**
   * Lets pages name an extension under development, or tests, in their address. VS Code ties this to its switch for
   * smoke tests, which also hides notification toasts: not for tests that look at those.
   */
  readonly development?: boolean;
  /** Each line that the server prints. */
  readonly onLine?: (line: string) => void;
}

export interface WorkbenchAddress {
  /** An absolute folder; without it the window is empty. */
  readonly folder?: string;
  /** The folder of an extension to load; for a server started with `development`. */
  readonly extensionDevelopmentPath?: string;
  /** A module whose exported `run()` the extension host calls once. */
  readonly extensionTestsPath?: string;
}

/** A running VS Code server. */
export interface VscodeServer {
  /** `http://127.0.0.1:<port>`, a secure context, which webviews need for their service worker. */
  readonly url: string;
  /** Log files of the server, the extension host and the output channels. */
  readonly logDir: string;
  /** Global storage, settings and caches: where a leaked secret would be found. */
  readonly dataDir: string;
  /** Resolves when the server ends by itself. */
  readonly ended: Promise<void>;
  workbenchUrl(address: WorkbenchAddress): string;
  /** Writes `settings.json` anew, over the quiet defaults; windows take it when they are loaded again. */
  writeSettings(settings: Settings): void;
  stop(): Promise<void>;
}

/**
 * Starts VS Code's own server, not its code-server wrapper, which refuses development and test extensions.
 * @throws Error with the server's output when it does not listen within 60 s.
 */
export async function startVscodeServer(host: ServerHost, options: ServerOptions): Promise<VscodeServer> {
  const dataDir = path.join(options.userDataDir, 'data');
  const userFolder = path.join(dataDir, 'User');
  writeUserSettings(userFolder, options.settings ?? {});
  writeMachineSettings(dataDir, options.settings ?? {});
  fs.mkdirSync(options.extensionsDir, { recursive: true });
  const child = spawn(
    process.execPath,
    [
      host.serverMain,
      ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token', '--accept-server-license-terms'],
      ...(options.development === true ? ['--enable-smoke-test-driver'] : []),
      ...['--server-data-dir', options.userDataDir, '--extensions-dir', options.extensionsDir],
      ...['--telemetry-level', 'off'],
    ],
    {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that extension hosts, watchers and terminals end with it.
      detached: process.platform !== 'win32',
    },
  );
  const release = endWithThisProcess(child);
  const consoleFile = fs.createWriteStream(path.join(options.userDataDir, 'console.log'), { flags: 'a' });
  let output = '';
  const listening = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The VS Code server does not listen after 60 s:\n${output}`)),
      60_000,
    );
    const take = (chunk: Buffer) => {
      const text = stripVTControlCharacters(chunk.toString('utf8'));
      consoleFile.write(text);
      if (options.onLine !== undefined) for (const line of text.split('\n')) options.onLine(line);
      output = (output + text).slice(-64 * 1024);
      const port = /Extension host agent listening on (\d+)/.exec(output)?.[1];
      if (port !== undefined) {
        clearTimeout(timer);
        resolve(Number(port));
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`The VS Code server ended with exit code ${code ?? 'none'}:\n${output}`));
    });
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    const upstreamPort = await listening;
    const front = await startFront(upstreamPort, options.port ?? 0, path.join(options.userDataDir, 'key'));
    const authority = `127.0.0.1:${front.port}`;
    return {
      url: `http://${authority}`,
      logDir: path.join(dataDir, 'logs'),
      dataDir,
      ended,
      workbenchUrl: (address) => workbenchUrl(authority, address),
      writeSettings(settings) {
        writeUserSettings(userFolder, settings);
        writeMachineSettings(dataDir, settings);
      },
      async stop() {
        await front.stop();
        await stopProcess(child);
        release();
        consoleFile.end();
      },
    };
  } catch (error) {
    await stopProcess(child);
    release();
    throw error;
  }
}

/** Installs a packed extension into an extensions folder, as a user would, before the server starts. */
export async function installExtension(host: ServerHost, options: ServerOptions, vsix: string): Promise<void> {
  fs.mkdirSync(options.extensionsDir, { recursive: true });
  await runOrThrow(
    process.execPath,
    [
      host.serverMain,
      ...['--install-extension', vsix, '--force', '--accept-server-license-terms'],
      ...['--server-data-dir', options.userDataDir, '--extensions-dir', options.extensionsDir],
    ],
    { output: 'hide', timeoutMs: 120_000 },
  );
  const installed = fs.readdirSync(options.extensionsDir).filter((name) => !name.endsWith('.json'));
  if (installed.length === 0) throw new Error(`VS Code installed nothing from ${vsix}`);
}

function workbenchUrl(authority: string, address: WorkbenchAddress): string {
  const url = new URL(`http://${authority}/`);
  if (address.folder === undefined) url.searchParams.set('ew', 'true');
  else url.searchParams.set('folder', address.folder);
  const payload: [string, string][] = [];
  const remote = (file: string) => `vscode-remote://${authority}${file}`;
  if (address.extensionDevelopmentPath !== undefined) {
    payload.push(['extensionDevelopmentPath', remote(address.extensionDevelopmentPath)]);
  }
  if (address.extensionTestsPath !== undefined) {
    payload.push(['extensionTestsPath', remote(address.extensionTestsPath)]);
  }
  if (payload.length > 0) url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}
