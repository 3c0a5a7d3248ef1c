import os from 'node:os';
import * as vscode from 'vscode';
import { settingsOf } from './editor.ts';
import { settingIds } from './ids.ts';
import type { Shell } from './shell.ts';

/** A document to read, and to send if one likes: versions, changed settings, connections without names, recent log. */
export async function diagnosticsText(shell: Shell): Promise<string> {
  const manifest: unknown = shell.context.extension.packageJSON;
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '?';
  const advisories = await shell.engine.current?.advisoryStatus();
  const lines = [
    '# Plimsoll diagnostics',
    '',
    'Read this before you send it to anybody. Names are replaced, secrets never reach the log.',
    '',
    '## Versions',
    '',
    `- Plimsoll ${version}`,
    `- ${vscode.env.appName} ${vscode.version}, ${vscode.env.language}, host ${vscode.env.appHost}`,
    `- Node ${process.versions.node}, ${os.platform()} ${os.release()} ${os.arch()}`,
    `- Runs on: ${vscode.env.remoteName ?? 'local'}`,
    `- Workspace: ${vscode.workspace.isTrusted ? 'trusted' : 'restricted'}, ${vscode.workspace.workspaceFolders?.length ?? 0} folders`,
    '',
    '## Settings that differ from their defaults',
    '',
    ...changedSettings(),
    '',
    '## Connections',
    '',
    ...shell.connections
      .snapshot()
      .map(
        (connection, index) =>
          `- Connection ${index + 1}: ${connection.state}, cloud ${connection.cloud}, verified ${connection.verifiedAt ?? 'never'}, scanned ${connection.lastScanAt ?? 'never'}`,
      ),
    '',
    '## Vulnerability data',
    '',
    ...(advisories === undefined
      ? ['- not loaded in this session']
      : advisories.ecosystems.map(
          ({ ecosystem, records, updatedAt, stale }) =>
            `- ${ecosystem}: ${records} records, ${updatedAt}${stale ? ', stale' : ''}`,
        )),
    '',
    '## Log',
    '',
    '```',
    ...shell.recentLog().map((line) => withoutNames(line, shell)),
    '```',
    '',
  ];
  return lines.join('\n');
}

function changedSettings(): string[] {
  const configuration = vscode.workspace.getConfiguration();
  const read = settingsOf();
  const changed = Object.values(settingIds).flatMap((id) => {
    const inspected = configuration.inspect(id);
    const isDefault = JSON.stringify(read(id)) === JSON.stringify(inspected?.defaultValue);
    // endpoints and mirrors name the person's own hosts
    const isOwnHost = id === settingIds.customCloud || id === settingIds.dataMirror;
    return isDefault ? [] : [`- ${id}: ${isOwnHost ? '(set)' : JSON.stringify(read(id))}`];
  });
  return changed.length === 0 ? ['- none'] : changed;
}

/** Names of connections and ids of tenants, subscriptions and clients say who somebody is. */
function withoutNames(line: string, shell: Shell): string {
  let out = line.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, '<id>').replaceAll('```', "'''");
  shell.connections.snapshot().forEach(({ name }, index) => {
    if (name.length >= 3) out = out.replaceAll(name, `<connection ${index + 1}>`);
  });
  return out;
}
