import type { L10n } from '../../../../src/vscode/l10n.ts';

/** English as the editor would give it: placeholders filled, nothing translated. */
export const english: L10n = {
  language: 'en',
  t: (message, args) =>
    message.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = args?.[name];
      return value === undefined ? whole : String(value);
    }),
};
