import type { LabData } from '../lab/types.ts';
import type { Settings } from './vscode-host/settings.ts';

/** User settings with which VS Code takes the lab for one more cloud. */
export function labSettings(lab: LabData): Settings {
  return {
    'plimsoll.cloud': 'custom',
    'plimsoll.customCloud': lab.customCloud,
    'plimsoll.data.mirror': lab.mirrorUrl,
  };
}

/**
 * Environment of a VS Code that talks to the lab: its certificate authority and addresses, but none of its
 * credentials, which the product would otherwise find and offer.
 */
export function labEnvironment(lab: LabData): Record<string, string> {
  const own = Object.entries(lab.env).filter(([name]) => name.startsWith('PLIMSOLL_LAB_'));
  return { ...Object.fromEntries(own), NODE_EXTRA_CA_CERTS: lab.caFile };
}
