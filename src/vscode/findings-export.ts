import type { Finding } from '../findings/types.ts';
import type { FindingsFilter } from '../report/contract.ts';

/** What every export says about itself first. */
export interface ExportHead {
  readonly version: string;
  /** ISO time. */
  readonly generatedAt: string;
  readonly ranFrom: string;
  readonly filter: FindingsFilter;
  readonly deniedCount: number;
}

/** The full model, versioned, in pieces that together are one JSON document. */
export async function* toJson(head: ExportHead, findings: AsyncIterable<Finding>): AsyncGenerator<string> {
  const start = JSON.stringify({ schema: 'plimsoll.findings/1', ...head }, undefined, 2);
  yield `${start.slice(0, start.lastIndexOf('\n'))},\n  "findings": [`;
  let first = true;
  for await (const finding of findings) {
    yield `${first ? '' : ','}\n    ${JSON.stringify(finding)}`;
    first = false;
  }
  yield first ? ']\n}\n' : '\n  ]\n}\n';
}

const columns: readonly (readonly [string, (finding: Finding) => string])[] = [
  ['Severity', (finding) => finding.explanation.effective],
  ['Original severity', (finding) => finding.explanation.original.level],
  ['State', (finding) => finding.state],
  ['Id', (finding) => finding.check],
  ['Title', (finding) => finding.title],
  ['Source tool', (finding) => finding.sourceTool],
  ['Kind', (finding) => finding.kind],
  ['Asset', (finding) => finding.asset.name],
  ['Asset path', (finding) => finding.asset.path.join(' / ')],
  ['Asset id', (finding) => finding.asset.id],
  ['Application', (finding) => finding.application],
  ['Package', (finding) => finding.package?.name ?? ''],
  ['Installed', (finding) => finding.package?.version ?? ''],
  ['Fixed in', (finding) => finding.package?.fixed ?? ''],
  ['Running', (finding) => (finding.running ? 'yes' : 'no')],
  ['Internet-facing', (finding) => (finding.internetFacing ? 'yes' : 'no')],
  ['Known exploited', (finding) => (finding.knownExploited ? 'yes' : 'no')],
  ['Dockerfile', (finding) => (finding.source === undefined ? '' : `${finding.source.uri}:${finding.source.line + 1}`)],
  ['First seen', (finding) => finding.firstSeen],
  ['Last seen', (finding) => finding.lastSeen],
  ['Why', (finding) => finding.explanation.headline],
  ['Finding id', (finding) => finding.id],
];

/**
 * One row a finding. RFC 4180 with a byte-order mark; the first record says what the file is, so that every record has
 * as many fields.
 */
export async function* toCsv(head: ExportHead, findings: AsyncIterable<Finding>): AsyncGenerator<string> {
  const about = [
    `Plimsoll ${head.version}`,
    head.generatedAt,
    head.ranFrom,
    `filter ${JSON.stringify(head.filter)}`,
    `denied ${head.deniedCount}`,
  ];
  const blanks = Array.from({ length: columns.length - about.length }, () => '');
  yield `\uFEFF${csvRecord([...about, ...blanks])}`;
  yield csvRecord(columns.map(([name]) => name));
  for await (const finding of findings) yield csvRecord(columns.map(([, read]) => read(finding)));
}

function csvRecord(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** A cell that a spreadsheet would take for a formula gets an apostrophe in front. */
export function csvCell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
