import { looksSecret, mask } from '../core/masking.ts';
import { hideSecrets } from '../image/secrets/inspect.ts';

/** A line of a Dockerfile as it may be shown, stored and exported: without the values of what looks like a secret. */
export function shownLine(line: string): string {
  const old = /^(\s*ENV\s+)([\w.-]+)(\s+)(?!=)\S.*$/i.exec(line); // ENV name value
  if (old !== null && looksSecret(old[2] ?? '')) return `${old[1] ?? ''}${old[2] ?? ''}${old[3] ?? ''}${mask}`;
  return hideSecrets(line);
}
