import type { Workbench } from './workbench.ts';
import { waitUntil } from './wait.ts';

/** The four themes that every view is looked at in. */
export const themes = ['dark', 'light', 'high-contrast-dark', 'high-contrast-light'] as const;
export type Theme = (typeof themes)[number];

const looks: Readonly<Record<Theme, { label: string; className: string }>> = {
  dark: { label: 'Dark Modern', className: 'vs-dark' },
  light: { label: 'Light Modern', className: 'vs' },
  'high-contrast-dark': { label: 'Dark High Contrast', className: 'hc-black' },
  'high-contrast-light': { label: 'Light High Contrast', className: 'hc-light' },
};

/** Switches the colour theme as a user does, and waits until the workbench wears it. */
export async function switchTheme(workbench: Workbench, theme: Theme): Promise<void> {
  const { label, className } = looks[theme];
  const isOn = async () => {
    const names = (await workbench.page.locator('.monaco-workbench').first().getAttribute('class')) ?? '';
    return names.split(/\s+/).includes(className);
  };
  if (await isOn()) return;
  await workbench.runCommand('Preferences: Color Theme');
  await workbench.quickInput.type(label);
  await workbench.quickInput.pick(label);
  await workbench.quickInput.waitClosed();
  await waitUntil(`the theme "${label}" is on`, isOn);
  // Webviews get the new colours by a message, and draw them in the next frame.
  await workbench.page.waitForTimeout(300);
}
