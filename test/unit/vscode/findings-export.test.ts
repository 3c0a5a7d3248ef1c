import assert from 'node:assert/strict';
import type { Finding } from '../../../src/findings/types.ts';
import { csvCell, toCsv, toJson, type ExportHead } from '../../../src/vscode/findings-export.ts';

const head: ExportHead = {
  version: '0.1.0',
  generatedAt: '2026-11-21T12:00:00Z',
  ranFrom: 'this computer',
  filter: { states: ['open'] },
  deniedCount: 2,
};

const finding: Finding = {
  id: 'f1',
  kind: 'vulnerability',
  sourceTool: 'acr',
  check: 'CVE-2026-1234',
  title: '=HYPERLINK("https://evil.test")',
  summary: '',
  asset: { id: 'image:x', kind: 'image', name: 'web, "new"', path: ['Prod', 'shop'] },
  application: 'Unassigned',
  explanation: {
    original: { level: 'critical', source: 'Debian' },
    factors: [],
    unknown: [],
    up: 0,
    down: 0,
    pressure: 0,
    rules: [],
    window: null,
    effective: 'high',
    placement: null,
    headline: 'High',
  },
  result: 'open',
  aliases: [],
  knownExploited: false,
  running: true,
  internetFacing: false,
  evidence: [],
  remediation: [],
  references: [],
  source: { uri: 'file:///w/Dockerfile', line: 11, endLine: 11, confidence: 'exact' },
  affected: [],
  state: 'open',
  firstSeen: '2026-11-20T00:00:00Z',
  lastSeen: '2026-11-21T00:00:00Z',
  history: [],
};

async function* some(...findings: Finding[]): AsyncGenerator<Finding> {
  await Promise.resolve();
  yield* findings;
}

async function text(pieces: AsyncIterable<string>): Promise<string> {
  let out = '';
  for await (const piece of pieces) out += piece;
  return out;
}

describe('an export of findings', () => {
  it('27.18: neutralises cells that a spreadsheet would run', () => {
    for (const [cell, safe] of [
      ['=1+1', "'=1+1"],
      ['+1', "'+1"],
      ['-1', "'-1"],
      ['@x', "'@x"],
      ['\tx', "'\tx"],
      ['\rx', '"\'\rx"'],
      ['plain', 'plain'],
      ['a,b', '"a,b"'],
      ['a"b', '"a""b"'],
      ['a\nb', '"a\nb"'],
    ] as const) {
      assert.equal(csvCell(cell), safe);
    }
  });

  it('as CSV begins with a byte-order mark and what the file is, and has as many fields in each record', async () => {
    const csv = await text(toCsv(head, some(finding)));
    assert.ok(csv.startsWith('\uFEFFPlimsoll 0.1.0,2026-11-21T12:00:00Z,this computer,'));
    assert.ok(csv.includes('denied 2'));
    assert.ok(csv.includes('"\'=HYPERLINK(""https://evil.test"")"'));
    assert.ok(csv.includes('"web, ""new"""'));
    assert.ok(csv.includes('file:///w/Dockerfile:12'));
    const fields = (record: string) => (record.replaceAll(/"(?:[^"]|"")*"/g, 'q').match(/,/g) ?? []).length;
    const counts = csv.split('\r\n').slice(0, -1).map(fields);
    assert.deepEqual(counts, [21, 21, 21]);
  });

  it('as JSON is one document, versioned, with head and whole findings', async () => {
    const parsed: unknown = JSON.parse(await text(toJson(head, some(finding, { ...finding, id: 'f2' }))));
    assert.deepEqual(parsed, {
      schema: 'plimsoll.findings/1',
      ...head,
      findings: [JSON.parse(JSON.stringify(finding)), JSON.parse(JSON.stringify({ ...finding, id: 'f2' }))],
    });
    assert.deepEqual((JSON.parse(await text(toJson(head, some()))) as { findings: unknown[] }).findings, []);
  });
});
