import type { ConnectivityModel, ReportCommand } from '../src/report/contract.ts';
import { httpsUrl } from '../src/report/prose.ts';
import type { Texts } from '../src/report/texts.ts';
import { missingRoleCommands, stepCounts, verifyMarkdown } from '../src/report/verify-text.ts';
import { stepGroups } from '../src/report/words.ts';
import { data, el, headings, icon, put, show } from './dom.ts';
import { codeBlock } from './detail/context.ts';
import type { Announcer } from './live.ts';
import { button, link, progressRing } from './toolkit.ts';
import { iconAndWord } from './words.ts';

type Entry = ConnectivityModel['connections'][number];
type Step = NonNullable<Entry['result']>['steps'][number];

export interface ConnectivityEnvironment {
  readonly texts: Texts;
  readonly announcer: Announcer;
  readonly can: (command: ReportCommand) => boolean;
  readonly command: (command: ReportCommand, argument?: string) => void;
  readonly copy: (text: string, announced: string) => void;
  readonly typeInTerminal: (text: string) => void;
  readonly openLink: (url: string) => void;
}

const stepLooks: Readonly<Record<Step['state'], readonly [icon: string, tone: string]>> = {
  pass: ['pass', 'good'],
  fail: ['error', 'bad'],
  warn: ['warning', 'warn'],
  pending: ['clockface', 'quiet'],
  running: ['loading', 'quiet'],
  blocked: ['circle-slash', 'quiet'],
  skipped: ['debug-step-over', 'quiet'],
  cancelled: ['debug-stop', 'quiet'],
};

const verdictLooks = { active: ['pass', 'good'], gaps: ['warning', 'warn'], failed: ['error', 'bad'] } as const;

/** Progress is said at most this often. */
const sayEveryMs = 5000;

/** What was tried, what works and what to do about the rest, for each connection. */
export class ConnectivityPage {
  readonly element = el('div', { class: 'page connectivity' });
  readonly #environment: ConnectivityEnvironment;
  /** Steps whose details are shown, as `<connection>/<step>`. */
  readonly #expanded = new Set<string>();
  #model: ConnectivityModel | undefined;
  #saidAt = 0;
  #running = new Set<string>();

  constructor(environment: ConnectivityEnvironment) {
    this.#environment = environment;
    this.#draw();
  }

  setModel(model: ConnectivityModel): void {
    this.#model = model;
    this.#draw();
    this.#announce(model);
  }

  /** Goes to a connection, or to a step of it, and shows the step's details. */
  reveal(connection: string, step: string | undefined, focus: boolean): void {
    if (step !== undefined) this.#expanded.add(`${connection}/${step}`);
    this.#draw();
    const wanted = step === undefined ? connection : `${connection}/${step}`;
    const target = [...this.element.querySelectorAll<HTMLElement>('[data-key]')].find(
      (element) => element.dataset['key'] === wanted,
    );
    if (target === undefined) return;
    target.scrollIntoView({ block: 'center' });
    if (focus) target.focus({ preventScroll: true });
  }

  #announce({ connections }: ConnectivityModel): void {
    const { announcer, texts } = this.#environment;
    const running = new Set(connections.filter((entry) => entry.running).map(({ connection }) => connection.id));
    for (const { connection, result } of connections) {
      if (!this.#running.has(connection.id) || running.has(connection.id) || result === undefined) continue;
      announcer.say(`${connection.name}: ${this.#verdict(result)}`);
      this.#running = running;
      return;
    }
    this.#running = running;
    if (running.size === 0 || Date.now() - this.#saidAt < sayEveryMs) return;
    this.#saidAt = Date.now();
    const steps = connections.filter((entry) => entry.running).flatMap(({ result }) => result?.steps ?? []);
    const done = steps.filter(({ state }) => state !== 'pending' && state !== 'running').length;
    announcer.say(texts.t('verify.progress', { done, total: steps.length }));
  }

  #verdict(result: NonNullable<Entry['result']>): string {
    const { texts } = this.#environment;
    const { passed, total } = stepCounts(result.steps);
    return texts.t(`verify.verdict.${result.verdict}`, {
      passed,
      total,
      from: result.ranFrom,
      when: texts.relative(result.startedAt, Date.now()),
    });
  }

  #draw(): void {
    const { texts, can, command } = this.#environment;
    const focusedKey =
      document.activeElement instanceof HTMLElement && this.element.contains(document.activeElement)
        ? document.activeElement.closest<HTMLElement>('[data-key]')?.dataset['key']
        : undefined;
    const connections = this.#model?.connections;
    const title = el('h2', { class: 'visually-hidden' }, texts.t('page.connectivity'));
    if (connections === undefined) {
      show(this.element, title, el('div', { class: 'loading-page' }, progressRing(texts.t('loading'))));
      return;
    }
    if (connections.length === 0) {
      show(
        this.element,
        title,
        el(
          'div',
          { class: 'empty' },
          icon('plug', 'empty-icon'),
          el('p', { class: 'empty-text' }, texts.t('empty.noConnections')),
          can('connect')
            ? el(
                'div',
                { class: 'button-row' },
                button({ label: texts.t('connect'), look: 'primary', onClick: () => command('connect') }),
              )
            : undefined,
        ),
      );
      return;
    }
    show(this.element, title, ...connections.map((entry) => this.#drawConnection(entry)));
    if (focusedKey === undefined) return;
    const again = [...this.element.querySelectorAll<HTMLElement>('[data-key]')].find(
      (element) => element.dataset['key'] === focusedKey,
    );
    again?.focus({ preventScroll: true });
  }

  #drawConnection(entry: Entry): HTMLElement {
    const { texts, can, command, copy } = this.#environment;
    const { connection, running, result } = entry;
    const headingId = `connection-${connection.id}`;
    const section = el('section', { class: 'connection', attrs: { 'aria-labelledby': headingId } });
    put(
      section,
      el(
        'h3',
        { id: headingId, tabIndex: -1, class: 'connection-name data', attrs: { 'data-key': connection.id } },
        connection.name,
      ),
    );
    if (running) {
      const steps = result?.steps ?? [];
      const done = steps.filter(({ state }) => state !== 'pending' && state !== 'running').length;
      put(
        section,
        el(
          'p',
          { class: 'verdict' },
          progressRing(texts.t('verify.running')),
          el('span', {}, texts.t('verify.progress', { done, total: steps.length })),
        ),
      );
    } else if (result === undefined) put(section, el('p', { class: 'verdict quiet' }, texts.t('verify.never')));
    else {
      const [name, tone] = verdictLooks[result.verdict];
      put(section, el('p', { class: 'verdict' }, iconAndWord(name, this.#verdict(result), tone)));
    }
    const buttons = el('div', { class: 'button-row' });
    if (running) {
      if (can('cancelVerify')) {
        put(
          buttons,
          button({
            label: texts.t('verify.cancel'),
            icon: 'stop-circle',
            onClick: () => command('cancelVerify', connection.id),
          }),
        );
      }
    } else if (can('verify')) {
      put(
        buttons,
        button({
          label: texts.t(result === undefined ? 'verify.run' : 'verify.again'),
          icon: 'verified',
          look: 'primary',
          onClick: () => command('verify', connection.id),
        }),
      );
    }
    if (result !== undefined) {
      const commands = missingRoleCommands(result.steps);
      if (commands.length > 0) {
        put(
          buttons,
          button({
            label: texts.t('verify.copyRoles'),
            icon: 'copy',
            onClick: () => copy(commands.join('\n'), texts.plural('verify.copiedRoles', commands.length)),
          }),
        );
      }
      put(
        buttons,
        button({
          label: texts.t('verify.copyResult'),
          icon: 'markdown',
          onClick: () => copy(verifyMarkdown(connection.name, result, texts), texts.t('copied')),
        }),
      );
    }
    put(section, buttons);
    for (const group of stepGroups) {
      const steps = result?.steps.filter((step) => step.group === group) ?? [];
      if (steps.length > 0) put(section, this.#drawGroup(connection.id, group, steps));
    }
    return section;
  }

  #drawGroup(connection: string, group: (typeof stepGroups)[number], steps: readonly Step[]): HTMLElement {
    const { texts } = this.#environment;
    const columns = ['verify.state', 'verify.step', 'verify.reason', 'verify.next', 'verify.neededFor'] as const;
    return el(
      'div',
      { class: 'table-wrap' },
      el(
        'table',
        { class: 'data-table steps' },
        el('caption', {}, texts.t(`stepGroup.${group}`)),
        headings(...columns.map((key) => texts.t(key))),
        el('tbody', {}, ...steps.flatMap((step) => this.#drawStep(connection, step))),
      ),
    );
  }

  #drawStep(connection: string, step: Step): readonly HTMLElement[] {
    const { texts } = this.#environment;
    const key = `${connection}/${step.id}`;
    const hasMore =
      step.command !== undefined ||
      step.link !== undefined ||
      step.detail !== undefined ||
      step.durationMs !== undefined;
    const isOpen = hasMore && this.#expanded.has(key);
    const [name, tone] = stepLooks[step.state];
    const moreId = `more-${connection}-${step.id}`;
    const title = hasMore
      ? el(
          'button',
          {
            class: 'twist-button data',
            attrs: {
              'aria-expanded': String(isOpen),
              'aria-controls': isOpen ? moreId : undefined,
              'data-key': key,
            },
            on: {
              click: () => {
                if (!this.#expanded.delete(key)) this.#expanded.add(key);
                this.#draw();
              },
            },
          },
          icon(isOpen ? 'chevron-down' : 'chevron-right'),
          el('span', {}, step.title),
        )
      : el('span', { class: 'twist-none data', tabIndex: -1, attrs: { 'data-key': key } }, step.title);
    const row = el(
      'tr',
      { class: `step step-${step.state}` },
      el('td', { class: 'step-state' }, iconAndWord(name, texts.t(`step.${step.state}`), tone)),
      el('th', {}, title),
      el('td', { class: 'data' }, step.reason ?? ''),
      el('td', { class: 'data' }, step.nextStep ?? ''),
      el('td', { class: 'quiet data' }, step.neededFor.join(', ')),
    );
    if (!isOpen) return [row];
    return [
      row,
      el('tr', { class: 'step-more', id: moreId }, el('td', { attrs: { colspan: '5' } }, this.#drawMore(step))),
    ];
  }

  #drawMore({ command, link: target, detail, durationMs }: Step): HTMLElement {
    const { texts, copy, typeInTerminal, openLink } = this.#environment;
    const more = el('div', { class: 'more' });
    const list = el('dl', { class: 'facts' });
    const fact = (name: string, value: string | undefined) => {
      if (value !== undefined) put(list, el('dt', {}, name), el('dd', {}, data(value)));
    };
    fact(texts.t('verify.code'), detail?.code);
    fact(texts.t('verify.httpStatus'), detail?.httpStatus === undefined ? undefined : String(detail.httpStatus));
    fact(texts.t('verify.traceId'), detail?.traceId);
    fact(
      texts.t('verify.duration'),
      durationMs === undefined ? undefined : texts.t('verify.milliseconds', { count: Math.round(durationMs) }),
    );
    if (list.childElementCount > 0) put(more, list);
    if (command !== undefined) {
      const terminal = button({
        label: texts.t('remediation.terminal'),
        icon: 'terminal',
        onClick: () => typeInTerminal(command.text),
      });
      put(more, el('div', { class: 'quiet data' }, command.label), codeBlock({ texts, copy }, command.text, terminal));
    }
    const url = target === undefined ? undefined : httpsUrl(target.uri);
    if (target !== undefined && url !== undefined) {
      put(
        more,
        el('p', {}, link(target.label, url, openLink), el('span', { class: 'quiet data' }, ` (${new URL(url).host})`)),
      );
    }
    return more;
  }
}
