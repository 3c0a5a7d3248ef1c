import fs from 'node:fs';
import path from 'node:path';

/** User settings by full id, as `settings.json` holds them. */
export type Settings = Readonly<Record<string, unknown>>;

/** What every test and `npm start` begin with: a quiet editor that asks nothing and animates nothing. */
const quietSettings: Settings = {
  'chat.disableAIFeatures': true,
  'editor.cursorBlinking': 'solid',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': 'off',
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
  'git.openRepositoryInParentFolders': 'never',
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.colorTheme': 'Dark Modern',
  // Settings and keyboard shortcuts open as tabs, not over everything else.
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** The text of a `settings.json`: the quiet defaults, then `settings` over them. */
export function settingsText(settings: Settings): string {
  return `${JSON.stringify({ ...quietSettings, ...settings }, undefined, 2)}\n`;
}

/**
 * Writes {@link settingsText} into a user's folder, for the next start or reload of a window: the browser workbench
 * does not notice the change by itself.
 */
export function writeUserSettings(userFolder: string, settings: Settings): void {
  fs.mkdirSync(userFolder, { recursive: true });
  fs.writeFileSync(path.join(userFolder, 'settings.json'), settingsText(settings));
}

/**
 * Writes the settings of this product a second time, as those of the machine that the server runs on. In a remote
 * window, which the browser workbench is, settings of scope `machine` count only there.
 */
export function writeMachineSettings(dataDir: string, settings: Settings): void {
  const folder = path.join(dataDir, 'Machine');
  const own = Object.entries(settings).filter(([id]) => id.startsWith('plimsoll.'));
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'settings.json'), `${JSON.stringify(Object.fromEntries(own), undefined, 2)}\n`);
}
