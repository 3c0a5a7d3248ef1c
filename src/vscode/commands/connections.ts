import * as vscode from 'vscode';
import { checkSecret, cleanValue } from '../../azure/input.ts';
import type { Connection } from '../../azure/types.ts';
import { BadInputError, isAbort } from '../../core/errors.ts';
import { missingRoleCommands } from '../../report/verify-text.ts';
import { l10n, runBuiltIn } from '../editor.ts';
import { commandIds, storageKeys } from '../ids.ts';
import { plural } from '../l10n.ts';
import type { Shell } from '../shell.ts';
import { verdictSentence } from '../verify-text.ts';
import { askInput } from '../wizard/box.ts';
import { runConnectWizard, runEditWizard } from '../wizard/connect-wizard.ts';
import { secretOf, type Draft } from '../wizard/draft.ts';
import { askExpiry } from '../wizard/expiry.ts';
import { refusalOf } from '../wizard/refusal.ts';
import type { WizardResult } from '../wizard/session.ts';
import { connectionFor } from './pick-connection.ts';
import type { CommandEntry } from './register.ts';
import { scanAndTell } from './scans.ts';

export function connectionCommands(shell: Shell): readonly CommandEntry[] {
  return [
    { id: commandIds.connect, title: l10n.t('Connect Azure Subscription'), run: () => connect(shell) },
    {
      id: commandIds.editConnection,
      title: l10n.t('Edit Connection'),
      run: async (argument) => {
        const connection = await connectionFor(shell, argument);
        if (connection !== undefined) await edit(shell, connection);
      },
    },
    {
      id: commandIds.updateSecret,
      title: l10n.t('Update Client Secret'),
      run: async (argument) => {
        const connection = await connectionFor(shell, argument);
        if (connection !== undefined) await updateSecret(shell, connection);
      },
    },
    {
      id: commandIds.setSecretExpiry,
      title: l10n.t('Set Secret Expiry Date'),
      run: async (argument) => {
        const connection = await connectionFor(shell, argument);
        if (connection !== undefined) await setExpiry(shell, connection);
      },
    },
    {
      id: commandIds.pauseConnection,
      title: l10n.t('Pause Connection'),
      run: (argument) => setPaused(shell, argument, true),
    },
    {
      id: commandIds.resumeConnection,
      title: l10n.t('Resume Connection'),
      run: (argument) => setPaused(shell, argument, false),
    },
    {
      id: commandIds.removeConnection,
      title: l10n.t('Remove Connection'),
      run: async (argument) => {
        const connection = await connectionFor(shell, argument);
        if (connection !== undefined) await remove(shell, connection);
      },
    },
    {
      id: commandIds.verifyConnectivity,
      title: l10n.t('Verify Connectivity'),
      run: async (argument) => {
        const connection = await connectionFor(shell, argument);
        if (connection !== undefined) await verifyAndTell(shell, connection, argument === undefined);
      },
    },
    {
      id: commandIds.verifyAllConnections,
      title: l10n.t('Verify All Connections'),
      run: async () => {
        const connections = shell.connections.snapshot().filter(({ state }) => state !== 'paused');
        if (connections.length === 0) return runBuiltIn(commandIds.connect);
        for (const connection of connections) await verifyAndTell(shell, connection, false);
        return undefined;
      },
    },
    {
      id: commandIds.showConnectivity,
      title: l10n.t('Show Connectivity Result'),
      run: async (argument) => {
        const node = typeof argument === 'string' ? shell.assetTree.node(argument) : undefined;
        const connection = await connectionFor(shell, argument);
        if (connection === undefined) return;
        await shell.report.show({
          page: 'connectivity',
          connection: connection.id,
          ...(node?.step === undefined ? {} : { step: node.step.id }),
          focus: node === undefined, // from the tree the focus stays there
        });
      },
    },
    {
      id: commandIds.copyRoleCommands,
      title: l10n.t('Copy All Missing Role Assignments'),
      run: async (argument) => {
        const connection = await connectionFor(shell, argument);
        if (connection !== undefined) await copyRoleCommands(shell, connection);
      },
    },
  ];
}

async function connect(shell: Shell): Promise<void> {
  const result = await runConnectWizard(shell.wizard);
  if (result === undefined) return;
  if (result.kind === 'edit') {
    const connection = shell.connections.snapshot().find(({ id }) => id === result.connectionId);
    if (connection !== undefined) await edit(shell, connection);
    return;
  }
  const { draft } = result;
  const engine = await shell.engine.get();
  const { connection, secretKept } = await engine.connections.add({
    name: draft.name,
    ...(draft.description === '' ? {} : { description: draft.description }),
    cloud: draft.cloud,
    secret: secretOf(draft),
    ...(draft.secretExpires === undefined ? {} : { secretExpires: draft.secretExpires }),
  });
  shell.surfaces.update();
  shell.assetTree.refresh();
  if (!secretKept) warnSecretNotKept(shell);
  const verifying = result.verify ? verifyAndTell(shell, connection, true) : undefined;
  unfold(shell, connection.id).catch((error: unknown) => shell.log.error('connection not unfolded', error));
  const verdict = await verifying;
  if (verdict !== undefined && verdict !== 'failed' && !shell.operations.scanRunning) {
    await scanAndTell(
      shell,
      { connectionId: connection.id, trigger: 'connect' },
      l10n.t('Scanning {name}', { name: connection.name }),
      false,
    );
  }
}

/** Unfolds a new connection, so that its steps are seen as they come; only where somebody is looking already. */
async function unfold(shell: Shell, connectionId: string): Promise<void> {
  if (!shell.assetView.visible) return;
  const nodes = await shell.assetTree.getChildren();
  const node = nodes.find((each) => each.connectionId === connectionId);
  const parts = node === undefined ? [] : await shell.assetTree.getChildren(node);
  const connectivity = parts.find(({ kind }) => kind === 'connectivity') ?? node;
  if (connectivity !== undefined)
    await shell.assetView.reveal(connectivity, { select: false, focus: false, expand: true });
}

/** Once a machine: every session asks anyway. */
function warnSecretNotKept(shell: Shell): void {
  if (shell.context.globalState.get(storageKeys.secretStoreWarned) === true) return;
  void shell.context.globalState.update(storageKeys.secretStoreWarned, true);
  shell.failures.explain(
    l10n.t(
      "This machine's secret store did not keep the secret. Until it is fixed you will be asked once per session.",
    ),
  );
}

async function edit(shell: Shell, connection: Connection): Promise<void> {
  const stored = await shell.connections.secret(connection.id);
  const result = await runEditWizard(shell.wizard, connection, stored);
  if (result?.kind !== 'connect') return;
  await saveEdited(shell, connection, result);
}

async function saveEdited(
  shell: Shell,
  connection: Connection,
  { draft, verify }: WizardResult & { kind: 'connect' },
): Promise<void> {
  const engine = await shell.engine.get();
  const changed = await engine.connections.update(connection.id, {
    name: draft.name,
    description: draft.description,
    secret: secretOf(draft),
    ...expiryChange(draft),
  });
  engine.refreshAssets();
  shell.surfaces.update();
  shell.assetTree.refresh();
  if (verify) await verifyAndTell(shell, changed, true);
}

function expiryChange(draft: Pick<Draft, 'secretExpires'>): { readonly secretExpires?: string } {
  return draft.secretExpires === undefined ? {} : { secretExpires: draft.secretExpires };
}

/** Asks for the secret and its expiry alone; the old one stays until the new one works. */
async function updateSecret(shell: Shell, connection: Connection): Promise<void> {
  const stored = await shell.connections.secret(connection.id);
  if (stored === undefined) {
    await edit(shell, connection); // the ids are gone with the secret: they are one record
    return;
  }
  const title = l10n.t('Update Client Secret of {name}', { name: connection.name });
  let fresh = '';
  const answered = await askInput<'taken'>({
    place: { title, step: 1, totalSteps: 2, canGoBack: false },
    password: true,
    prompt: l10n.t('Client secret: the Value, not the Secret ID'),
    clean: (text) => cleanValue(text, 'secret'),
    check: (text, final) => (text === '' && !final ? undefined : checkSecret(text)),
    busyMessage: l10n.t('Asking Azure for a token…'),
    submit: async (text, signal) => {
      shell.wizard.redactor.register(text);
      try {
        const engine = await shell.engine.get();
        await engine.connections.trySignIn(connection.cloud, { ...stored, clientSecret: text }, signal);
      } catch (error) {
        if (isAbort(error, signal)) throw error;
        return { stay: refusalOf(error, l10n, shell.machine).remark };
      }
      fresh = text;
      return { done: 'taken' };
    },
  });
  if (answered.kind !== 'done') return;
  const expiry = await askExpiry({ title, step: 2, totalSteps: 2, canGoBack: false }, shell.now(), undefined);
  const engine = await shell.engine.get();
  const secretExpires = expiry.kind === 'done' ? expiry.value.date : undefined;
  await engine.connections.update(connection.id, {
    secret: { ...stored, clientSecret: fresh },
    ...expiryChange({ secretExpires }),
  });
  fresh = '';
  shell.surfaces.update();
  shell.assetTree.refresh();
  tell(l10n.t('The client secret of {name} was replaced.', { name: connection.name }));
}

async function setExpiry(shell: Shell, connection: Connection): Promise<void> {
  const answer = await askExpiry(
    {
      title: l10n.t('Secret Expiry of {name}', { name: connection.name }),
      step: 1,
      totalSteps: 1,
      canGoBack: false,
    },
    shell.now(),
    connection.secretExpires,
  );
  if (answer.kind !== 'done' || answer.value.date === undefined) return;
  const engine = await shell.engine.get();
  await engine.connections.update(connection.id, { secretExpires: answer.value.date });
  shell.surfaces.update();
  shell.assetTree.refresh();
}

async function setPaused(shell: Shell, argument: unknown, paused: boolean): Promise<void> {
  const connection = await connectionFor(shell, argument);
  if (connection === undefined) return;
  const engine = await shell.engine.get();
  await engine.connections.update(connection.id, { paused });
  shell.surfaces.update();
  shell.assetTree.refresh();
}

async function remove(shell: Shell, connection: Connection): Promise<void> {
  const confirm = l10n.t('Remove');
  const answer = await vscode.window.showWarningMessage(
    l10n.t('Remove the connection "{name}"?', { name: connection.name }),
    {
      modal: true,
      detail: l10n.t(
        'Its client secret, cached assets, findings and scan history go from this machine. Nothing changes in Azure.',
      ),
    },
    confirm,
  );
  if (answer !== confirm) return;
  const engine = await shell.engine.get();
  await engine.connections.remove(connection.id);
  await shell.surfaces.recount();
  shell.assetTree.refresh();
  shell.findingsTree.refresh();
  tell(l10n.t('{name} was removed.', { name: connection.name }));
}

/** Verifies, then says how it ended: in a message when it was asked for from the palette, else in the status bar. */
export async function verifyAndTell(
  shell: Shell,
  connection: Connection,
  inMessage: boolean,
): Promise<'active' | 'gaps' | 'failed' | undefined> {
  let result;
  try {
    result = await shell.operations.verify(connection);
  } catch (error) {
    if (isAbort(error)) {
      tell(l10n.t('Verification of {name} was cancelled.', { name: connection.name }));
      return undefined;
    }
    throw error;
  } finally {
    shell.surfaces.update();
    shell.assetTree.refresh();
  }
  const sentence = `${connection.name}: ${verdictSentence(l10n, result)}`;
  tell(sentence);
  if (inMessage && result.verdict !== 'active') {
    const show = l10n.t('Show');
    const message =
      result.verdict === 'failed'
        ? vscode.window.showWarningMessage(sentence, show)
        : vscode.window.showInformationMessage(sentence, show);
    void message.then((picked) =>
      picked === show ? shell.report.show({ page: 'connectivity', connection: connection.id, focus: true }) : undefined,
    );
  } else if (inMessage) {
    void vscode.window.showInformationMessage(sentence);
  }
  return result.verdict;
}

async function copyRoleCommands(shell: Shell, connection: Connection): Promise<void> {
  const engine = await shell.engine.get();
  const result = await engine.lastVerification(connection.id);
  if (result === undefined) {
    throw new BadInputError(
      l10n.t('"{name}" was not verified yet', { name: connection.name }),
      l10n.t('Run "Plimsoll: Verify Connectivity" first.'),
    );
  }
  const commands = missingRoleCommands(result.steps);
  if (commands.length === 0) {
    tell(l10n.t('No role is missing for {name}.', { name: connection.name }));
    return;
  }
  await vscode.env.clipboard.writeText(`${commands.join('\n')}\n`);
  tell(
    plural(l10n, commands.length, {
      one: l10n.t('{count} role assignment copied.', { count: commands.length }),
      other: l10n.t('{count} role assignments copied.', { count: commands.length }),
    }),
  );
}

/** A sentence in the status bar for some seconds: results that need no action. */
export function tell(sentence: string): void {
  vscode.window.setStatusBarMessage(`$(shield) ${sentence}`, 8000);
}
