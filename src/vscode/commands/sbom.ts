import path from 'node:path';
import * as vscode from 'vscode';
import type { Engine, SbomFormat } from '../../engine-contract.ts';
import { l10n, runBuiltIn } from '../editor.ts';
import { commandIds, storageKeys } from '../ids.ts';
import { formatRelative, plural } from '../l10n.ts';
import type { Shell } from '../shell.ts';
import { assetNodeOf } from './arguments.ts';
import { exportFolder, extensionVersion } from './findings.ts';
import type { CommandEntry } from './register.ts';

export function sbomCommands(shell: Shell): readonly CommandEntry[] {
  return [
    {
      id: commandIds.exportSbom,
      title: l10n.t('Export SBOM'),
      run: (argument) => exportSbom(shell, assetNodeOf(argument, shell.assetTree)?.assetId),
    },
  ];
}

async function exportSbom(shell: Shell, node: string | undefined): Promise<void> {
  const engine = await shell.engine.get();
  const assetId = node ?? (await pickImage(shell, engine));
  if (assetId === undefined) return;
  const format = await pickFormat();
  if (format === undefined) return;
  const sbom = await engine.sbom(assetId, format, extensionVersion(shell));
  if (sbom === undefined) {
    shell.failures.explain(l10n.t('This image has not been read yet. Scan it first.'));
    return;
  }
  const extension = format === 'cyclonedx' ? 'cdx.json' : 'spdx.json';
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(exportFolder(shell), `${sbom.fileName}.${extension}`),
    filters: { JSON: ['json'] },
    title: l10n.t('Export SBOM'),
  });
  if (target === undefined) return;
  await shell.context.globalState.update(storageKeys.exportFolder, path.posix.dirname(target.path));
  await vscode.workspace.fs.writeFile(target, Buffer.from(sbom.text, 'utf8'));
  const file = path.posix.basename(target.path);
  const openIt = l10n.t('Open');
  const answer = await (sbom.notRead === 0
    ? vscode.window.showInformationMessage(l10n.t('The SBOM was exported to {file}.', { file }), openIt)
    : vscode.window.showWarningMessage(
        plural(l10n, sbom.notRead, {
          one: l10n.t('The SBOM in {file} is partial: {count} part of the image could not be read.', {
            file,
            count: sbom.notRead,
          }),
          other: l10n.t('The SBOM in {file} is partial: {count} parts of the image could not be read.', {
            file,
            count: sbom.notRead,
          }),
        }),
        openIt,
      ));
  if (answer === openIt) await runBuiltIn('vscode.open', target);
}

async function pickImage(shell: Shell, engine: Engine): Promise<string | undefined> {
  const images = await engine.scannedImages();
  if (images.length === 0) {
    shell.failures.explain(l10n.t('No image has been read yet. Scan one first.'));
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(
    images.map(({ assetId, name, platform, digest, scannedAt }) => ({
      label: name,
      description: platform,
      detail: l10n.t('{digest}, scanned {time}', { digest, time: formatRelative(l10n, scannedAt, shell.now()) }),
      assetId,
    })),
    { title: l10n.t('Export SBOM'), placeHolder: l10n.t('Of which image?'), matchOnDescription: true },
  );
  return picked?.assetId;
}

async function pickFormat(): Promise<SbomFormat | undefined> {
  const formats: readonly (vscode.QuickPickItem & { readonly format: SbomFormat })[] = [
    { label: 'CycloneDX 1.6', description: 'JSON', format: 'cyclonedx' },
    { label: 'SPDX 2.3', description: 'JSON', format: 'spdx' },
  ];
  const picked = await vscode.window.showQuickPick(formats, {
    title: l10n.t('Export SBOM'),
    placeHolder: l10n.t('Format'),
  });
  return picked?.format;
}
