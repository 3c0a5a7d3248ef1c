import * as vscode from 'vscode';
import { checkName, parseSubscriptionIds, type Remark } from '../../azure/input.ts';
import type { Subscription } from '../../azure/types.ts';
import { describeError, isAbort } from '../../core/errors.ts';
import { compareText } from '../../core/order.ts';
import { l10n } from '../editor.ts';
import { formatDate, plural } from '../l10n.ts';
import { askInput, askPick, type PickItem, type Place } from './box.ts';
import { freeName, isSameAccess, secretOf } from './draft.ts';
import { askExpiry } from './expiry.ts';
import type { Move, WizardSession } from './session.ts';

type SubscriptionChoice = Subscription | 'all';

/** Picks among what the identity can see; when it sees nothing, an id can be typed. */
export async function subscriptionsBox(session: WizardSession, place: Place): Promise<Move> {
  let failure: Remark | undefined;
  const outcome = await askPick<SubscriptionChoice>({
    place,
    many: true,
    placeholder: l10n.t('Which subscriptions?'),
    noneChosen: l10n.t('Choose at least one: Space marks it, Enter accepts.'),
    buttons: [session.helpButton('connect')],
    items: async (signal) => {
      const all = await readSubscriptions(session, signal).catch((error: unknown) => {
        if (isAbort(error, signal)) throw error;
        const { message, nextStep } = describeError(error);
        session.ports.log.error('subscriptions not listed', error);
        failure = { level: 'warning', message: `${message} ${nextStep}` };
        return [];
      });
      const offered = all.filter(({ state }) => state === undefined || !/^(disabled|deleted)$/i.test(state));
      session.subscriptions = offered.toSorted((a, b) => compareText(a.displayName, b.displayName));
      if (offered.length === 0) return undefined;
      const hidden = all.length - offered.length;
      return {
        items: subscriptionItems(session.subscriptions),
        ...(hidden === 0
          ? {}
          : {
              prompt: plural(l10n, hidden, {
                one: l10n.t('{count} disabled subscription is not offered', { count: hidden }),
                other: l10n.t('{count} disabled subscriptions are not offered', { count: hidden }),
              }),
            }),
      };
    },
    selected: (choice) => isSelected(session, choice),
  });
  if (outcome.kind === 'left') return enterSubscriptions(session, place, failure);
  if (outcome.kind !== 'done') return session.leave(outcome);
  const ids = outcome.value.includes('all')
    ? []
    : outcome.value.flatMap((choice) => (choice === 'all' ? [] : [choice.subscriptionId.toLowerCase()]));
  return takeSubscriptions(session, ids);
}

async function readSubscriptions(session: WizardSession, signal: AbortSignal): Promise<readonly Subscription[]> {
  const engine = await session.ports.engine.get();
  return engine.connections.subscriptions(
    session.draft.cloud,
    { ...secretOf(session.draft), subscriptionIds: [] },
    signal,
  );
}

function subscriptionItems(subscriptions: readonly Subscription[]): PickItem<SubscriptionChoice>[] {
  return [
    { choice: 'all', label: l10n.t('All subscriptions this identity can read, also future ones') },
    ...subscriptions.map((subscription): PickItem<SubscriptionChoice> => ({
      choice: subscription,
      label: subscription.displayName,
      description: subscription.subscriptionId,
    })),
  ];
}

function isSelected(session: WizardSession, choice: SubscriptionChoice): boolean {
  const { subscriptionIds, suggestedSubscription } = session.draft;
  if (choice === 'all') return subscriptionIds?.length === 0;
  const id = choice.subscriptionId.toLowerCase();
  if (subscriptionIds !== undefined) return subscriptionIds.includes(id);
  return session.subscriptions.length === 1 || id === suggestedSubscription;
}

async function enterSubscriptions(session: WizardSession, place: Place, failure: Remark | undefined): Promise<Move> {
  const { subscriptionIds, suggestedSubscription } = session.draft;
  const outcome = await askInput<readonly string[]>({
    place,
    prompt: l10n.t(
      'This identity sees no subscription yet. Paste a subscription ID; you can assign the Reader role afterwards.',
    ),
    placeholder: l10n.t('Several are separated by commas or spaces'),
    value: subscriptionIds?.join(', ') ?? suggestedSubscription ?? '',
    ...(failure === undefined ? {} : { problem: failure }),
    buttons: [session.helpButton('connect')],
    check: (text, final) => {
      const { ids, wrong } = parseSubscriptionIds(text);
      if (wrong !== undefined && (final || wrong.length >= 36)) {
        return { level: 'error', message: l10n.t('"{text}" is not a subscription ID.', { text: wrong }) };
      }
      return ids.length === 0 && final
        ? { level: 'error', message: l10n.t('Enter at least one subscription ID.') }
        : undefined;
    },
    submit: (text) => Promise.resolve({ done: parseSubscriptionIds(text).ids }),
  });
  return outcome.kind === 'done' ? takeSubscriptions(session, outcome.value) : session.leave(outcome);
}

/** The same identity with the same subscriptions is a connection that exists already: offers to edit that one. */
async function takeSubscriptions(session: WizardSession, ids: readonly string[]): Promise<Move> {
  session.set({ subscriptionIds: ids });
  if (session.edited !== undefined) return { kind: 'next' };
  for (const connection of session.ports.connections.snapshot()) {
    if (connection.cloud !== session.draft.cloud) continue;
    const stored = await session.ports.connections.secret(connection.id);
    if (stored === undefined || !isSameAccess(stored, secretOf(session.draft))) continue;
    const edit = l10n.t('Edit That Connection');
    const answer = await vscode.window.showWarningMessage(
      l10n.t('"{name}" already uses this identity and these subscriptions.', { name: connection.name }),
      { modal: true },
      edit,
    );
    return answer === edit
      ? { kind: 'end', result: { kind: 'edit', connectionId: connection.id } }
      : { kind: 'to', step: 'subscriptions' };
  }
  return { kind: 'next' };
}

export async function nameBox(session: WizardSession, place: Place): Promise<Move> {
  const { draft, edited, subscriptions } = session;
  const taken = session.ports.connections
    .snapshot()
    .filter(({ id }) => id !== edited?.id)
    .map(({ name }) => name);
  const chosen = subscriptions.find(({ subscriptionId }) =>
    draft.subscriptionIds?.includes(subscriptionId.toLowerCase()),
  );
  const suggestion = freeName(
    draft.suggestedName ?? chosen?.displayName ?? subscriptions[0]?.displayName ?? 'Azure',
    taken,
  );
  const outcome = await askInput<string>({
    place,
    prompt: l10n.t('Name of the connection'),
    value: draft.name === '' ? suggestion : draft.name,
    check: (text, final) => {
      const message = checkName(text, taken);
      return message === undefined || (text === '' && !final) ? undefined : { level: 'error', message };
    },
    submit: (text) => Promise.resolve({ done: text.trim() }),
  });
  if (outcome.kind !== 'done') return session.leave(outcome);
  session.set({ name: outcome.value });
  return { kind: 'next' };
}

const longestDescription = 500;

export async function descriptionBox(session: WizardSession, place: Place): Promise<Move> {
  const outcome = await askInput<string>({
    place,
    prompt: l10n.t('Description (optional)'),
    placeholder: l10n.t('What this connection is for'),
    value: session.draft.description,
    check: (text) =>
      text.length > longestDescription
        ? { level: 'error', message: l10n.t('Use at most {count} characters.', { count: longestDescription }) }
        : undefined,
    submit: (text) => Promise.resolve({ done: text.trim() }),
  });
  if (outcome.kind !== 'done') return session.leave(outcome);
  session.set({ description: outcome.value });
  return { kind: 'next' };
}

export async function expiryBox(session: WizardSession, place: Place): Promise<Move> {
  const outcome = await askExpiry(place, session.ports.now(), session.draft.secretExpires);
  if (outcome.kind !== 'done') return session.leave(outcome);
  session.set({ secretExpires: outcome.value.date });
  return { kind: 'next' };
}

/** The answers, to be read once more, and what to do with them. */
export async function finishBox(session: WizardSession, place: Place): Promise<Move> {
  type Action = 'verify' | 'save' | 'clear';
  const { draft, edited } = session;
  const outcome = await askPick<Action>({
    place,
    placeholder: edited === undefined ? l10n.t('Connect with these values?') : l10n.t('Save these values?'),
    items: [
      {
        choice: 'verify',
        label: `$(verified) ${edited === undefined ? l10n.t('Connect and Verify') : l10n.t('Save and Verify')}`,
      },
      {
        choice: 'save',
        label: edited === undefined ? `$(plug) ${l10n.t('Connect')}` : `$(save) ${l10n.t('Save')}`,
      },
      ...(draft.fromClipboard
        ? [{ choice: 'clear' as const, label: `$(clear-all) ${l10n.t('Clear the clipboard')}` }]
        : []),
      { label: l10n.t('Summary'), kind: vscode.QuickPickItemKind.Separator },
      ...summaryFacts(session).map(([label, description]) => ({ label, description })),
    ],
  });
  if (outcome.kind !== 'done') return session.leave(outcome);
  const [action] = outcome.value;
  if (action === 'clear') {
    await vscode.env.clipboard.writeText('');
    session.set({ fromClipboard: false });
    return { kind: 'again' };
  }
  return { kind: 'end', result: { kind: 'connect', draft, verify: action === 'verify' } };
}

function summaryFacts(session: WizardSession): readonly (readonly [string, string])[] {
  const { draft } = session;
  return [
    [l10n.t('Name'), draft.name],
    ...(draft.description === '' ? [] : [[l10n.t('Description'), draft.description] as const]),
    [l10n.t('Cloud'), session.cloudName()],
    [l10n.t('Tenant'), draft.tenantId],
    [l10n.t('Client'), draft.clientId],
    [l10n.t('Client secret'), l10n.t('goes into secret storage, and nowhere else')],
    [l10n.t('Subscriptions'), subscriptionNames(session)],
    [
      l10n.t('Secret expires'),
      draft.secretExpires === undefined ? l10n.t('not known') : formatDate(l10n, draft.secretExpires),
    ],
  ];
}

function subscriptionNames(session: WizardSession): string {
  const ids = session.draft.subscriptionIds ?? [];
  if (ids.length === 0) return l10n.t('all that this identity can read');
  const names = ids.map(
    (id) => session.subscriptions.find(({ subscriptionId }) => subscriptionId.toLowerCase() === id)?.displayName ?? id,
  );
  const shown = names.slice(0, 3).join(', ');
  return names.length <= 3 ? shown : l10n.t('{names} and {count} more', { names: shown, count: names.length - 3 });
}
