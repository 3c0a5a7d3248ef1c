import type { Finding, FindingDraft, FindingEvent, FindingState } from './types.ts';

/** A finding as it was stored, with the drafts' own fields. */
export type StoredFinding = Finding;

/** Events kept per finding; the first and the newest matter most. */
const longestHistory = 50;

/**
 * What the findings of one scope are after a scan of it. Returns every finding that changed or was seen.
 *
 * - in the drafts and not stored: `new`;
 * - in the drafts, stored as fixed: open again, with `reopenedAt`, and `new` no more;
 * - in the drafts with result denied, unreadable, excepted, notAffected, disabled: that state, never `fixed`;
 * - stored and not in the drafts: `fixed`, unless `outOfReach` says that its asset could not be read this time: then
 *   `denied`, because nobody knows.
 */
export function applyScan(
  before: ReadonlyMap<string, StoredFinding>,
  drafts: readonly FindingDraft[],
  now: string,
  scanId: string,
  outOfReach: (finding: StoredFinding) => boolean = () => false,
): Finding[] {
  const out: Finding[] = [];
  const seen = new Set<string>();
  for (const draft of drafts) {
    if (seen.has(draft.id)) continue; // the same cause found twice: the first one stands
    seen.add(draft.id);
    const old = before.get(draft.id);
    out.push(old === undefined ? firstSeen(draft, now, scanId) : seenAgain(old, draft, now, scanId));
  }
  for (const [id, old] of before) {
    if (seen.has(id) || old.state === 'fixed') continue;
    const { history, ...rest } = old;
    if (outOfReach(old)) {
      if (old.state === 'denied') continue;
      const event: FindingEvent = {
        at: now,
        what: 'state',
        text: `${plain(old.state)} → denied: its asset could not be read`,
        scanId,
      };
      out.push({ ...rest, state: 'denied', history: record(history, event) });
      continue;
    }
    out.push({
      ...rest,
      state: 'fixed',
      fixedAt: now,
      history: record(history, { at: now, what: 'fixed', text: 'No longer found', scanId }),
    });
  }
  return out;
}

function firstSeen(draft: FindingDraft, now: string, scanId: string): Finding {
  return {
    ...draft,
    state: draft.result === 'open' ? 'new' : draft.result,
    firstSeen: now,
    lastSeen: now,
    history: [{ at: now, what: 'seen', text: `First seen as ${draft.explanation.effective}`, scanId }],
  };
}

function seenAgain(old: StoredFinding, draft: FindingDraft, now: string, scanId: string): Finding {
  // Judged again in the scan that saw it first, because more is known by now: still new.
  const stillNew = old.state === 'new' && old.history[0]?.scanId === scanId;
  const state: FindingState = draft.result === 'open' ? (stillNew ? 'new' : 'open') : draft.result;
  let history: readonly FindingEvent[] = old.history;
  const reopened = old.state === 'fixed' && draft.result === 'open';
  if (reopened) history = record(history, { at: now, what: 'reopened', text: 'Found again', scanId });
  else if (plain(old.state) !== plain(state)) {
    history = record(history, { at: now, what: 'state', text: `${plain(old.state)} → ${plain(state)}`, scanId });
  }
  if (old.explanation.effective !== draft.explanation.effective) {
    history = record(history, {
      at: now,
      what: 'severity',
      text: severityChange(old, draft),
      scanId,
    });
  }
  const reopenedAt = reopened ? now : old.reopenedAt;
  return {
    ...draft,
    state,
    firstSeen: old.firstSeen,
    lastSeen: now,
    ...(reopenedAt === undefined ? {} : { reopenedAt }),
    history,
  };
}

const plain = (state: FindingState): FindingState => (state === 'new' ? 'open' : state);

/** `High → Critical. Known exploited came.` */
function severityChange(old: FindingDraft, draft: FindingDraft): string {
  const points = (finding: FindingDraft): Map<string, { label: string; points: number }> =>
    new Map(finding.explanation.factors.map((factor) => [factor.id, factor]));
  const before = points(old);
  const after = points(draft);
  const parts: string[] = [];
  for (const [id, factor] of after) if (!before.has(id)) parts.push(`${factor.label} came`);
  for (const [id, factor] of before) if (!after.has(id)) parts.push(`${factor.label} went`);
  for (const [id, factor] of after) {
    const earlier = before.get(id);
    if (earlier !== undefined && earlier.points !== factor.points) {
      parts.push(`${factor.label}: ${earlier.points} → ${factor.points}`);
    }
  }
  if (old.explanation.original.level !== draft.explanation.original.level) {
    parts.push(`original severity: ${old.explanation.original.level} → ${draft.explanation.original.level}`);
  }
  const reason = parts.length === 0 ? '' : ` ${parts.join('; ')}.`;
  return `${old.explanation.effective} → ${draft.explanation.effective}.${reason}`;
}

function record(history: readonly FindingEvent[], event: FindingEvent): FindingEvent[] {
  const next = [...history, event];
  return next.length <= longestHistory ? next : [...next.slice(0, 1), ...next.slice(next.length - longestHistory + 1)];
}
