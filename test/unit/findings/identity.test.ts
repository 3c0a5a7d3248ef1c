import assert from 'node:assert/strict';
import { applyScan } from '../../../src/findings/identity.ts';
import type { Finding, FindingDraft, SeverityExplanation } from '../../../src/findings/types.ts';

const explanation: SeverityExplanation = {
  original: { level: 'high', source: 'Debian' },
  factors: [],
  unknown: [],
  up: 0,
  down: 0,
  pressure: 0,
  rules: [],
  window: '14d',
  effective: 'high',
  placement: null,
  headline: 'High',
};

function draft(more: Partial<FindingDraft> = {}): FindingDraft {
  return {
    id: 'CVE-1|deb/openssl@3|image:x',
    kind: 'vulnerability',
    sourceTool: 'acr',
    check: 'CVE-1',
    title: 'CVE-1 openssl 3',
    summary: 'CVE-1 affects openssl 3.',
    asset: { id: 'image:x', kind: 'image', name: 'x', path: ['x'] },
    application: 'Unassigned',
    explanation,
    result: 'open',
    aliases: [],
    knownExploited: false,
    running: false,
    internetFacing: false,
    evidence: [],
    remediation: [],
    references: [],
    affected: [],
    ...more,
  };
}

const day = (number: number) => `2026-11-${String(number).padStart(2, '0')}T12:00:00Z`;
const stored = (...findings: readonly Finding[]) => new Map(findings.map((finding) => [finding.id, finding]));

/** The finding after scans on the days 1, 2, 3, …, each with these drafts; one that a scan leaves out stays as it was. */
function after(...scans: readonly (readonly FindingDraft[])[]): Finding {
  let known = new Map<string, Finding>();
  scans.forEach((drafts, at) => {
    const result = applyScan(known, drafts, day(at + 1), `scan-${at + 1}`);
    known = new Map([...known, ...stored(...result)]);
  });
  const [finding] = known.values();
  assert.ok(finding);
  return finding;
}

const words = ({ history }: Finding) => history.map(({ what, text }) => `${what}: ${text}`);

describe('the identity of a finding over scans', () => {
  it('is new when seen first, open when seen again', () => {
    const first = after([draft()]);
    assert.deepEqual([first.state, first.firstSeen, first.lastSeen], ['new', day(1), day(1)]);
    assert.deepEqual(words(first), ['seen: First seen as high']);
    const second = after([draft()], [draft()]);
    assert.deepEqual([second.state, second.firstSeen, second.lastSeen], ['open', day(1), day(2)]);
    assert.deepEqual(words(second), words(first));
  });

  it('stays new while the same scan judges it a second time', () => {
    const [first] = applyScan(new Map(), [draft()], day(1), 'scan-1');
    assert.ok(first);
    const [again] = applyScan(stored(first), [draft()], day(1), 'scan-1');
    assert.equal(again?.state, 'new');
  });

  it('is fixed when it is no longer found, and does not change with later scans', () => {
    const fixed = after([draft()], []);
    assert.deepEqual([fixed.state, fixed.fixedAt, fixed.lastSeen], ['fixed', day(2), day(1)]);
    assert.deepEqual(words(fixed).at(-1), 'fixed: No longer found');
    assert.deepEqual(applyScan(stored(fixed), [], day(3), 'scan-3'), []);
  });

  it('is reopened, and not new, when it comes back', () => {
    const back = after([draft()], [], [draft()]);
    assert.deepEqual([back.state, back.firstSeen, back.reopenedAt], ['open', day(1), day(3)]);
    assert.equal(back.fixedAt, undefined);
    assert.equal(words(back).at(-1), 'reopened: Found again');
    assert.equal(after([draft()], [], [draft()], [draft()]).reopenedAt, day(3));
  });

  it('is never fixed because its asset could not be read', () => {
    const [known] = applyScan(new Map(), [draft()], day(1), 'scan-1');
    assert.ok(known);
    const [denied] = applyScan(stored(known), [], day(2), 'scan-2', () => true);
    assert.ok(denied);
    assert.deepEqual([denied.state, denied.fixedAt, denied.lastSeen], ['denied', undefined, day(1)]);
    assert.equal(words(denied).at(-1), 'state: open → denied: its asset could not be read');
    assert.deepEqual(
      applyScan(stored(denied), [], day(3), 'scan-3', () => true),
      [],
    );
    const [open] = applyScan(stored(denied), [draft()], day(4), 'scan-4');
    assert.equal(open?.state, 'open');
    assert.equal(words(open).at(-1), 'state: denied → open');
  });

  for (const result of ['denied', 'unreadable', 'excepted', 'notAffected', 'disabled'] as const) {
    it(`takes the state ${result} from what was found, and says that it changed`, () => {
      const found = after([draft()], [draft({ result })]);
      assert.equal(found.state, result);
      assert.equal(words(found).at(-1), `state: open → ${result}`);
      assert.equal(after([draft({ result })]).state, result);
    });
  }

  it('keeps what the newest scan says of everything else', () => {
    const found = after([draft()], [draft({ title: 'another title', application: 'orders' })]);
    assert.deepEqual([found.title, found.application], ['another title', 'orders']);
  });

  it('notes a change of severity with the facts that came, went and changed', () => {
    const factor = (id: string, label: string, points: number) => ({ id, label, points, text: label });
    const before = { ...explanation, factors: [factor('a', 'Runs as root', 3), factor('b', 'Exposed', 5)] };
    const now: SeverityExplanation = {
      ...explanation,
      original: { level: 'medium', source: 'GHSA' },
      factors: [factor('b', 'Exposed', 10), factor('c', 'Known exploited', 15)],
      effective: 'critical',
    };
    const found = after([draft({ explanation: before })], [draft({ explanation: now })]);
    assert.equal(
      words(found).at(-1),
      'severity: high → critical. Known exploited came; Runs as root went; Exposed: 5 → 10; ' +
        'original severity: high → medium.',
    );
  });

  it('counts two drafts of one id once: the first stands', () => {
    const found = applyScan(new Map(), [draft({ title: 'one' }), draft({ title: 'two' })], day(1), 'scan-1');
    assert.deepEqual(
      found.map(({ title }) => title),
      ['one'],
    );
  });

  it('keeps its first event and the newest ones, fifty in all', () => {
    const scans = Array.from({ length: 80 }, (_, at) => (at % 2 === 0 ? [draft()] : []));
    const { history } = after(...scans);
    assert.equal(history.length, 50);
    assert.equal(history[0]?.what, 'seen');
    assert.deepEqual([history.at(-1)?.what, history.at(-1)?.scanId], ['fixed', 'scan-80']);
  });
});
