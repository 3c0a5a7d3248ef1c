import type { Cloud, ConnectionSecret } from '../../azure/types.ts';

/** Ways to give the credentials. */
export type Way = 'paste' | 'values' | 'environment';

export type StepId =
  'how' | 'paste' | 'tenant' | 'client' | 'secret' | 'subscriptions' | 'name' | 'description' | 'expiry' | 'finish';

/** What was answered so far. The secret lives here as long as the wizard runs and is never remembered. */
export interface Draft {
  readonly way: Way;
  readonly cloud: Cloud['id'];
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Undefined until chosen; empty: all that can be read. */
  readonly subscriptionIds: readonly string[] | undefined;
  /** From the pasted JSON: to be picked beforehand. */
  readonly suggestedSubscription: string | undefined;
  readonly suggestedName: string | undefined;
  readonly name: string;
  readonly description: string;
  /** ISO date. */
  readonly secretExpires: string | undefined;
  readonly fromClipboard: boolean;
}

export function emptyDraft(cloud: Cloud['id']): Draft {
  return {
    way: 'paste',
    cloud,
    tenantId: '',
    clientId: '',
    clientSecret: '',
    subscriptionIds: undefined,
    suggestedSubscription: undefined,
    suggestedName: undefined,
    name: '',
    description: '',
    secretExpires: undefined,
    fromClipboard: false,
  };
}

const ending: readonly StepId[] = ['subscriptions', 'name', 'description', 'expiry', 'finish'];

/** The boxes of a way, in order. */
export function stepsOf(way: Way): readonly StepId[] {
  switch (way) {
    case 'paste':
      return ['how', 'paste', ...ending];
    case 'values':
      return ['how', 'tenant', 'client', 'secret', ...ending];
    case 'environment':
      return ['how', ...ending];
  }
}

/** Boxes of "Edit Connection". */
export const editSteps: readonly StepId[] = [
  'name',
  'description',
  'tenant',
  'client',
  'secret',
  'subscriptions',
  'expiry',
  'finish',
];

export function secretOf(draft: Draft): ConnectionSecret {
  return {
    tenantId: draft.tenantId,
    clientId: draft.clientId,
    clientSecret: draft.clientSecret,
    subscriptionIds: draft.subscriptionIds ?? [],
  };
}

/** Same identity looking at the same subscriptions. */
export function isSameAccess(a: ConnectionSecret, b: ConnectionSecret): boolean {
  const key = (ids: readonly string[]): string =>
    ids
      .map((id) => id.toLowerCase())
      .sort()
      .join(' ');
  return (
    a.tenantId.toLowerCase() === b.tenantId.toLowerCase() &&
    a.clientId.toLowerCase() === b.clientId.toLowerCase() &&
    key(a.subscriptionIds) === key(b.subscriptionIds)
  );
}

const resumeMs = 10 * 60_000;

/** Remembers a wizard that was closed by accident: for ten minutes, in memory, without the secret. */
export class ResumeMemory {
  #kept: { readonly draft: Draft; readonly step: StepId; readonly at: number } | undefined;

  keep(draft: Draft, step: StepId, now: Date): void {
    this.#kept = { draft: { ...draft, clientSecret: '', fromClipboard: false }, step, at: now.getTime() };
  }

  /** The draft and the box to go on with: the same one, or the secret's when that box comes after it. */
  take(now: Date): { readonly draft: Draft; readonly step: StepId } | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept === undefined || now.getTime() - kept.at > resumeMs || kept.step === 'how') return undefined;
    const steps = stepsOf(kept.draft.way);
    if (kept.draft.way === 'environment') return undefined; // nothing was typed
    if (kept.step === 'paste') return kept;
    const values: Draft = { ...kept.draft, way: 'values' };
    if (kept.draft.way === 'values' && steps.indexOf(kept.step) <= steps.indexOf('secret')) {
      return { draft: values, step: kept.step };
    }
    return { draft: values, step: 'secret' };
  }

  forget(): void {
    this.#kept = undefined;
  }
}

/** The date so many months after today, as an ISO date; the last day of a shorter month. */
export function monthsFrom(now: Date, months: number): string {
  const day = now.getUTCDate();
  const date = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.toISOString().slice(0, 10);
}

/** True for a real calendar day written as YYYY-MM-DD. */
export function isIsoDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** A name that no other connection has: `Prod`, `Prod 2`, … at most 64 characters. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const used = new Set(taken.map((name) => name.trim().toLowerCase()));
  const base = Array.from(wanted.trim()).slice(0, 60).join('').trim(); // code points: no half of a pair is left
  if (base !== '' && !used.has(base.toLowerCase())) return base;
  for (let n = 2; ; n++) {
    const name = `${base === '' ? 'Azure' : base} ${n}`;
    if (!used.has(name.toLowerCase())) return name;
  }
}
