import type { Remark } from '../../azure/input.ts';
import type { Cloud, Connection, ConnectionSecret, Subscription } from '../../azure/types.ts';
import { describeError, isAbort } from '../../core/errors.ts';
import type { Log, Redactor } from '../../core/log.ts';
import type { EditorConnectionStore } from '../connection-store.ts';
import { l10n } from '../editor.ts';
import type { EngineHost } from '../engine-host.ts';
import { askPick, type BoxButton, type BoxOutcome, type Submitted } from './box.ts';
import { secretOf, type Draft, type ResumeMemory, type StepId } from './draft.ts';
import { refusalOf, type Refusal } from './refusal.ts';

export type HelpPart = 'principal' | 'connect';

export interface WizardPorts {
  readonly engine: EngineHost;
  readonly connections: EditorConnectionStore;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly now: () => Date;
  readonly machine: string;
  readonly defaultCloud: () => Cloud['id'];
  readonly hasCustomCloud: () => boolean;
  /** Credentials in the environment; undefined when incomplete or the workspace is not trusted. */
  readonly environment: () => ConnectionSecret | undefined;
  /** Opens the instructions at a part of them. */
  readonly help: (part: HelpPart) => Promise<void>;
  readonly resume: ResumeMemory;
}

/** How the wizard ended, when it was not abandoned. */
export type WizardResult =
  | { readonly kind: 'connect'; readonly draft: Draft; readonly verify: boolean }
  | { readonly kind: 'edit'; readonly connectionId: string };

/** What a box leads to. */
export type Move =
  | { readonly kind: 'next' }
  | { readonly kind: 'back' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'again' }
  | { readonly kind: 'to'; readonly step: StepId; readonly problem?: Remark }
  | { readonly kind: 'end'; readonly result: WizardResult };

/** The answers of one run of the wizard, and what its boxes share. */
export class WizardSession {
  readonly ports: WizardPorts;
  /** The connection that is being edited. */
  readonly edited: Connection | undefined;
  readonly #storedSecret: string;
  #draft: Draft;
  /** Why the person is at this box again. */
  problem: Remark | undefined;
  /** What the identity can see, once it was asked. */
  subscriptions: readonly Subscription[] = [];
  #refused: Refusal | undefined;

  constructor(ports: WizardPorts, draft: Draft, edited?: Connection) {
    this.ports = ports;
    this.#draft = draft;
    this.#storedSecret = draft.clientSecret;
    this.edited = edited;
  }

  get draft(): Draft {
    return this.#draft;
  }

  set(change: Partial<Draft>): void {
    this.#draft = { ...this.#draft, ...change };
  }

  problemOption(): { readonly problem?: Remark } {
    return this.problem === undefined ? {} : { problem: this.problem };
  }

  /**
   * Tries the credentials. A refusal that no box is to blame for, or this one is, stays here; another leads to the box
   * that is wrong, with `afterSubmit`. Everything else that was entered is kept.
   */
  async submitSignIn(here: StepId, signal: AbortSignal): Promise<Submitted<'taken'>> {
    const refused = await this.#trySignIn(signal);
    if (refused === undefined) return { done: 'taken' };
    if (refused.step === 'secret') this.set({ clientSecret: this.#storedSecret });
    if (refused.step === undefined || refused.step === here) return { stay: refused.remark };
    this.sendTo(refused.step, refused.remark);
    return { done: 'taken' };
  }

  /** The next move goes to this box instead of the following one. */
  sendTo(step: StepId, remark: Remark): void {
    this.#refused = { step, remark };
  }

  /** Where to go once a box was accepted. */
  afterSubmit(): Move {
    const refused = this.#refused;
    this.#refused = undefined;
    if (refused?.step === undefined) return { kind: 'next' };
    this.set({ way: 'values' });
    return { kind: 'to', step: refused.step, problem: refused.remark };
  }

  async #trySignIn(signal: AbortSignal): Promise<Refusal | undefined> {
    this.ports.redactor.register(this.#draft.clientSecret);
    try {
      const engine = await this.ports.engine.get();
      await engine.connections.trySignIn(this.#draft.cloud, secretOf(this.#draft), signal);
      return undefined;
    } catch (error) {
      if (isAbort(error, signal)) throw error;
      const { code, message } = describeError(error);
      if (code === 'defect') throw error;
      this.ports.log.warn('sign-in refused', { code, reason: message });
      return refusalOf(error, l10n, this.ports.machine);
    }
  }

  /** What to do when a box ended without an answer. */
  leave(outcome: Exclude<BoxOutcome<unknown>, { kind: 'done' }>): Promise<Move> | Move {
    switch (outcome.kind) {
      case 'back':
        return { kind: 'back' };
      case 'closed':
        return { kind: 'closed' };
      case 'left':
        return this.#chooseCloud();
    }
  }

  async #chooseCloud(): Promise<Move> {
    const clouds: readonly Cloud['id'][] = [
      'public',
      'usGovernment',
      'china',
      ...(this.ports.hasCustomCloud() ? (['custom'] as const) : []),
    ];
    const outcome = await askPick<Cloud['id']>({
      place: { title: l10n.t('Change Cloud'), step: 1, totalSteps: 1, canGoBack: true },
      placeholder: l10n.t('In which cloud is the tenant?'),
      items: clouds.map((id) => ({ choice: id, label: cloudLabel(id) })),
      selected: (id) => id === this.#draft.cloud,
    });
    const [cloud] = outcome.kind === 'done' ? outcome.value : [];
    if (cloud !== undefined) this.set({ cloud });
    return outcome.kind === 'closed' ? { kind: 'closed' } : { kind: 'again' };
  }

  cloudName(): string {
    return cloudLabel(this.#draft.cloud);
  }

  cloudButton(): BoxButton {
    return { icon: 'globe', tooltip: l10n.t('Change Cloud ({cloud})', { cloud: this.cloudName() }), leave: 'cloud' };
  }

  helpButton(part: HelpPart): BoxButton {
    return {
      icon: 'question',
      tooltip: l10n.t('Show Instructions'),
      act: async () => {
        await this.ports.help(part);
        return undefined;
      },
    };
  }
}

function cloudLabel(id: Cloud['id']): string {
  switch (id) {
    case 'public':
      return l10n.t('Azure public');
    case 'usGovernment':
      return l10n.t('Azure US Government');
    case 'china':
      return l10n.t('Azure China');
    case 'custom':
      return l10n.t('Custom cloud');
  }
}
