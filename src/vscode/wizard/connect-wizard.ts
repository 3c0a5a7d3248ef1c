import type { Connection, ConnectionSecret } from '../../azure/types.ts';
import { l10n } from '../editor.ts';
import type { Place } from './box.ts';
import { descriptionBox, expiryBox, finishBox, nameBox, subscriptionsBox } from './connection-boxes.ts';
import { clientBox, howBox, pasteBox, secretBox, tenantBox } from './credential-boxes.ts';
import { editSteps, emptyDraft, stepsOf, type Draft, type StepId } from './draft.ts';
import { WizardSession, type Move, type WizardPorts, type WizardResult } from './session.ts';

const boxes: Readonly<Record<StepId, (session: WizardSession, place: Place) => Promise<Move>>> = {
  how: howBox,
  paste: pasteBox,
  tenant: tenantBox,
  client: clientBox,
  secret: secretBox,
  subscriptions: subscriptionsBox,
  name: nameBox,
  description: descriptionBox,
  expiry: expiryBox,
  finish: finishBox,
};

/** "Connect Azure Subscription": undefined when it was abandoned; nothing is saved then. */
export function runConnectWizard(ports: WizardPorts): Promise<WizardResult | undefined> {
  const resumed = ports.resume.take(ports.now());
  const session = new WizardSession(ports, resumed?.draft ?? emptyDraft(ports.defaultCloud()));
  return run(session, resumed?.step ?? 'how');
}

/** "Edit Connection": the same boxes, filled; an empty secret box keeps the stored secret. */
export function runEditWizard(
  ports: WizardPorts,
  connection: Connection,
  stored: ConnectionSecret | undefined,
): Promise<WizardResult | undefined> {
  const draft: Draft = {
    ...emptyDraft(connection.cloud),
    way: 'values',
    name: connection.name,
    description: connection.description ?? '',
    tenantId: stored?.tenantId ?? '',
    clientId: stored?.clientId ?? '',
    clientSecret: stored?.clientSecret ?? '',
    subscriptionIds: stored?.subscriptionIds,
    secretExpires: connection.secretExpires,
  };
  return run(new WizardSession(ports, draft, connection), 'name');
}

async function run(session: WizardSession, from: StepId): Promise<WizardResult | undefined> {
  const { ports } = session;
  const stepsNow = (): readonly StepId[] => (session.edited === undefined ? stepsOf(session.draft.way) : editSteps);
  let step = from;
  for (;;) {
    const steps = stepsNow();
    const at = steps.indexOf(step);
    const move = await boxes[step](session, {
      title: session.edited === undefined ? l10n.t('Connect Azure Subscription') : l10n.t('Edit Connection'),
      step: at + 1,
      totalSteps: steps.length,
      canGoBack: at > 0,
    });
    session.problem = move.kind === 'to' ? move.problem : undefined;
    switch (move.kind) {
      case 'next': {
        const following = stepsNow();
        step = following[following.indexOf(step) + 1] ?? step;
        break;
      }
      case 'back':
        step = steps[at - 1] ?? step;
        break;
      case 'again':
        break;
      case 'to':
        step = move.step;
        break;
      case 'closed':
        if (session.edited === undefined) ports.resume.keep(session.draft, step, ports.now());
        return undefined;
      case 'end':
        ports.resume.forget();
        return move.result;
    }
  }
}
