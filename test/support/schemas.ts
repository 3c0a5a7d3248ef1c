// Checks documents against the published JSON schemas of their formats.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';

type Format = 'sarif-2.1.0' | 'spdx-2.3';

/** What is wrong with a document, one line each; empty when its schema accepts it. */
export function schemaProblems(format: Format, document: unknown): string[] {
  const file = path.resolve(import.meta.dirname, `../fixtures/schemas/${format}.schema.json`);
  // "$schema" and "id" are of drafts before 7; the rest of these schemas means the same in it
  const { $schema: _schema, id: _id, ...schema } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  if (validate(document)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}
