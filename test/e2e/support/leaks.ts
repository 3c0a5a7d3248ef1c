import fs from 'node:fs';
import path from 'node:path';

/** The ways in which a text may hold a secret. */
function formsOf(secret: string): Readonly<Record<string, string>> {
  return {
    plain: secret,
    'URL-encoded': encodeURIComponent(secret),
    'JSON-escaped': JSON.stringify(secret).slice(1, -1),
    base64: Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    'base64 for URLs': Buffer.from(secret).toString('base64url'),
  };
}

/** In which forms a text holds a secret; none when it does not. */
export function secretForms(secret: string, text: string): string[] {
  return Object.entries(formsOf(secret)).flatMap(([name, form]) => (text.includes(form) ? [name] : []));
}

/**
 * The files below the folders that hold a secret in plain, base64, URL-encoded or JSON-escaped form, as
 * `path: which form`.
 * @throws Error when there is no file to search, which would prove nothing.
 */
export function findSecret(secret: string, folders: readonly string[]): string[] {
  const forms = { ...formsOf(secret), 'UTF-16': Buffer.from(secret, 'utf16le').toString('latin1') };
  const found: string[] = [];
  let searched = 0;
  for (const folder of folders) {
    for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      searched++;
      const file = path.join(entry.parentPath, entry.name);
      const text = fs.readFileSync(file).toString('latin1');
      const form = Object.entries(forms).find(([, value]) => text.includes(value));
      if (form !== undefined) found.push(`${file}: ${form[0]}`);
    }
  }
  if (searched === 0) throw new Error(`There is no file to search in ${folders.join(', ')}`);
  return found;
}
