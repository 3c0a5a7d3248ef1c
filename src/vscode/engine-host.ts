import path from 'node:path';
import * as vscode from 'vscode';
import type { createHttpClient } from '../core/http.ts';
import type { Log, Redactor } from '../core/log.ts';
import { systemClock } from '../core/clock.ts';
import type { Engine, EngineEvent, EnginePorts, WorkspaceDockerfile } from '../engine-contract.ts';
import { l10n, settingsOf } from './editor.ts';
import type { EditorConnectionStore } from './connection-store.ts';
import { cloudFromSettings, engineSettings, isOffline } from './settings.ts';
import type { Disposable } from './disposable.ts';

/** What the lazily loaded engine bundle brings. */
export interface EngineModule {
  createEngine(ports: EnginePorts): Promise<Engine>;
  /** Made inside that bundle, so that its error classes are the ones that the engine compares with. */
  readonly createHttpClient: typeof createHttpClient;
}
export type LoadEngine = () => Promise<EngineModule>;

/** The engine, loaded when somebody first asks for it. */
export interface EngineHost extends Disposable {
  get(): Promise<Engine>;
  /** The engine if it was loaded already. */
  readonly current: Engine | undefined;
  /** Events of the engine; may be listened to before it is loaded. */
  readonly onDidChange: vscode.Event<EngineEvent>;
  close(): Promise<void>;
}

export interface EngineHostPorts {
  readonly load: LoadEngine;
  readonly context: Pick<vscode.ExtensionContext, 'globalStorageUri' | 'extensionPath' | 'extension'>;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly connections: EditorConnectionStore;
  readonly dockerfiles: () => Promise<readonly WorkspaceDockerfile[]>;
  readonly ranFrom: string;
}

export function createEngineHost(ports: EngineHostPorts): EngineHost {
  const events = new vscode.EventEmitter<EngineEvent>();
  let loading: Promise<Engine> | undefined;
  let engine: Engine | undefined;
  let closeHttp: (() => void) | undefined;
  let closed = false;

  const load = async (): Promise<Engine> => {
    const started = performance.now();
    const module = await ports.load();
    const read = settingsOf();
    const http = module.createHttpClient({
      log: ports.log,
      userAgent: `plimsoll/${extensionVersion(ports.context.extension)}`,
      idleTimeoutMs: engineSettings(read).requestTimeoutSeconds * 1000,
      isOffline: () => isOffline(settingsOf()),
      onThrottled: (host, waitMs) => events.fire({ type: 'throttled', host, waitMs }),
    });
    closeHttp = () => http.close();
    const made = await module.createEngine({
      log: ports.log,
      redactor: ports.redactor,
      clock: systemClock,
      http,
      dataDir: ports.context.globalStorageUri.fsPath,
      workerFile: path.join(ports.context.extensionPath, 'dist', 'worker.cjs'),
      connections: ports.connections,
      cloud: (id) => cloudFromSettings(settingsOf(), id),
      settings: () => engineSettings(settingsOf()),
      dockerfiles: ports.dockerfiles,
      confirmDownload,
      ranFrom: ports.ranFrom,
    });
    if (closed) {
      await made.dispose();
      throw new vscode.CancellationError();
    }
    made.onDidChange((event) => events.fire(event));
    engine = made;
    ports.log.info('engine loaded', { milliseconds: Math.round(performance.now() - started) });
    return made;
  };

  const close = async (): Promise<void> => {
    closed = true;
    const running = engine;
    engine = undefined;
    await running?.dispose();
    closeHttp?.();
  };

  return {
    get() {
      loading ??= load().catch((error: unknown) => {
        loading = undefined; // the next one who asks tries again
        throw error;
      });
      return loading;
    },
    get current() {
      return engine;
    },
    onDidChange: events.event,
    close,
    dispose() {
      events.dispose();
      void close();
    },
  };
}

function extensionVersion(extension: vscode.Extension<unknown>): string {
  const manifest: unknown = extension.packageJSON;
  const version: unknown =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
  return typeof version === 'string' ? version : '';
}

/** A large first download is the person's choice: it may be a metered network. */
async function confirmDownload(ecosystem: string, bytes: number): Promise<boolean> {
  const download = l10n.t('Download');
  const answer = await vscode.window.showInformationMessage(
    l10n.t(
      'Images need the vulnerability data of {ecosystem}: {size} MB. It is kept on this machine and renewed in small pieces.',
      {
        ecosystem,
        size: Math.round(bytes / 1_000_000),
      },
    ),
    download,
    l10n.t('Not Now'),
  );
  return answer === download;
}
