import * as vscode from 'vscode';
import {
  checkClient,
  checkSecret,
  checkTenant,
  cleanValue,
  parseServicePrincipal,
  type Remark,
} from '../../azure/input.ts';
import { l10n } from '../editor.ts';
import { askInput, askPick, type PickItem, type Place, type Submitted } from './box.ts';
import { stepsOf, type Way } from './draft.ts';
import type { Move, WizardSession } from './session.ts';

/** How to give the credentials. */
export async function howBox(session: WizardSession, place: Place): Promise<Move> {
  const environment = session.ports.environment();
  const items: PickItem<Way | 'help'>[] = [
    {
      choice: 'paste',
      label: `$(clippy) ${l10n.t('Paste the output of az ad sp create-for-rbac')}`,
      description: l10n.t('Fills in all values at once'),
    },
    {
      choice: 'values',
      label: `$(edit) ${l10n.t('Enter the values one by one')}`,
      description: l10n.t('Tenant ID, client ID, client secret'),
    },
    ...(environment === undefined
      ? []
      : [
          {
            choice: 'environment' as const,
            label: `$(terminal) ${l10n.t('Use environment variables')}`,
            description: 'AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET',
          },
        ]),
    {
      choice: 'help',
      label: `$(book) ${l10n.t('I do not have a service principal yet')}`,
      description: l10n.t('Shows how to create one'),
    },
  ];
  const outcome = await askPick<Way | 'help'>({
    place,
    placeholder: l10n.t('How do you want to give the credentials? ({cloud})', { cloud: session.cloudName() }),
    buttons: [session.cloudButton(), session.helpButton('connect')],
    items,
    selected: (choice) => choice === session.draft.way,
    totalStepsOf: (choice) => stepsOf(choice === 'help' ? 'values' : choice).length,
    submit: async (choices, signal) => {
      const [choice] = choices;
      if (choice !== 'environment' || environment === undefined) return { done: choices };
      session.set({
        way: 'environment',
        tenantId: environment.tenantId,
        clientId: environment.clientId,
        clientSecret: environment.clientSecret,
        suggestedSubscription: environment.subscriptionIds[0],
      });
      const submitted = await session.submitSignIn('how', signal);
      return 'stay' in submitted ? submitted : { done: choices };
    },
  });
  if (outcome.kind !== 'done') return session.leave(outcome);
  const [way] = outcome.value;
  if (way === undefined) return { kind: 'again' };
  if (way === 'help') {
    await session.ports.help('principal');
    return { kind: 'closed' };
  }
  if (way !== 'environment') session.set({ way });
  return session.afterSubmit();
}

/** Everything at once, out of the command's output. */
export async function pasteBox(session: WizardSession, place: Place): Promise<Move> {
  let fromClipboard = false;
  const outcome = await askInput<'taken'>({
    place,
    password: true,
    prompt: l10n.t('Paste the JSON. It stays hidden.'),
    placeholder: '{ "appId": …, "password": …, "tenant": … }',
    ...session.problemOption(),
    buttons: [
      {
        icon: 'clippy',
        tooltip: l10n.t('Paste from the Clipboard'),
        act: async () => {
          fromClipboard = true;
          return vscode.env.clipboard.readText();
        },
      },
      session.helpButton('principal'),
    ],
    check: checkPaste,
    busyMessage: l10n.t('Asking Azure for a token…'),
    submit: async (text, signal) => {
      const found = parseServicePrincipal(text);
      if (found?.clientSecret === undefined) return { stay: { level: 'error', message: found?.message ?? '' } };
      session.set({
        tenantId: found.tenantId ?? '',
        clientId: found.clientId ?? '',
        clientSecret: found.clientSecret,
        suggestedSubscription: found.subscriptionId,
        suggestedName: found.displayName,
        fromClipboard,
        ...(found.cloud === undefined ? {} : { cloud: found.cloud }),
      });
      return sendToWrongId(session) ?? (await session.submitSignIn('paste', signal));
    },
  });
  return outcome.kind === 'done' ? session.afterSubmit() : session.leave(outcome);
}

function checkPaste(text: string, final: boolean): Remark | undefined {
  if (text.trim() === '') return missing(final, l10n.t('Paste the output of the command first.'));
  const found = parseServicePrincipal(text);
  if (found === undefined) {
    return {
      level: 'error',
      message: l10n.t('There is no service principal in this text. Paste everything between { and }.'),
    };
  }
  return { level: found.missing.length > 0 ? 'error' : 'info', message: found.message };
}

/** A pasted id that is none leads to its own box. */
function sendToWrongId(session: WizardSession): Submitted<'taken'> | undefined {
  const { tenantId, clientId } = session.draft;
  const tenant = checkTenant(tenantId, true);
  const client = checkClient(clientId, true, tenantId);
  if (tenant?.level === 'error') session.sendTo('tenant', tenant);
  else if (client?.level === 'error') session.sendTo('client', client);
  else return undefined;
  return { done: 'taken' };
}

export async function tenantBox(session: WizardSession, place: Place): Promise<Move> {
  const outcome = await askInput<string>({
    place,
    prompt: l10n.t('Tenant (Directory) ID in {cloud}', { cloud: session.cloudName() }),
    placeholder: l10n.t('7f53e0a3-… or contoso.onmicrosoft.com'),
    value: session.draft.tenantId,
    ...session.problemOption(),
    buttons: [session.cloudButton(), session.helpButton('principal')],
    clean: (text) => cleanValue(text, 'id'),
    check: (text, final) =>
      text === '' ? missing(final, l10n.t('Enter the tenant ID.')) : checkTenant(text, final, [session.draft.clientId]),
    submit: (text) => Promise.resolve({ done: text }),
  });
  if (outcome.kind === 'left') session.set({ tenantId: cleanValue(outcome.text, 'id').value });
  if (outcome.kind !== 'done') return session.leave(outcome);
  session.set({ tenantId: outcome.value });
  return { kind: 'next' };
}

export async function clientBox(session: WizardSession, place: Place): Promise<Move> {
  const outcome = await askInput<string>({
    place,
    prompt: l10n.t('Client (Application) ID: use the Application (client) ID, not the Object ID'),
    placeholder: '23dbb6af-…',
    value: session.draft.clientId,
    ...session.problemOption(),
    buttons: [session.helpButton('principal')],
    clean: (text) => cleanValue(text, 'id'),
    check: (text, final) =>
      text === '' ? missing(final, l10n.t('Enter the client ID.')) : checkClient(text, final, session.draft.tenantId),
    submit: (text) => Promise.resolve({ done: text }),
  });
  if (outcome.kind !== 'done') return session.leave(outcome);
  session.set({ clientId: outcome.value });
  return { kind: 'next' };
}

export async function secretBox(session: WizardSession, place: Place): Promise<Move> {
  const outcome = await askInput<'taken'>({
    place,
    password: true,
    prompt: l10n.t('Client secret: the Value, not the Secret ID'),
    ...(session.draft.clientSecret === ''
      ? {}
      : {
          placeholder:
            session.edited === undefined
              ? l10n.t('Leave empty to keep the secret entered before')
              : l10n.t('Leave empty to keep the stored secret'),
        }),
    ...session.problemOption(),
    buttons: [session.helpButton('principal')],
    clean: (text) => cleanValue(text, 'secret'),
    check: (text, final) =>
      text === '' && (session.draft.clientSecret !== '' || !final) ? undefined : checkSecret(text),
    busyMessage: l10n.t('Asking Azure for a token…'),
    submit: (text, signal) => {
      if (text !== '') session.set({ clientSecret: text });
      return session.submitSignIn('secret', signal);
    },
  });
  return outcome.kind === 'done' ? session.afterSubmit() : session.leave(outcome);
}

function missing(final: boolean, message: string): Remark | undefined {
  return final ? { level: 'error', message } : undefined;
}
