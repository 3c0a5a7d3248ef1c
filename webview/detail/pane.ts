import type { DetailTab, FindingDetail } from '../../src/report/contract.ts';
import { detailTabs } from '../../src/report/contract.ts';
import { data, el, icon, put, show } from '../dom.ts';
import type { FindingLine } from '../findings/row-view.ts';
import { Roving } from '../roving.ts';
import { button, panels, progressRing } from '../toolkit.ts';
import type { PanelsControl } from '../toolkit.ts';
import { kindIcon, pill, severityBadge } from '../words.ts';
import { affectedView } from './affected.ts';
import { ContentStop } from './content-stop.ts';
import type { DetailContext, DetailView } from './context.ts';
import { evidenceView } from './evidence.ts';
import { historyView } from './history.ts';
import { remediationView } from './remediation.ts';
import { severityView } from './severity.ts';
import { summaryView } from './summary.ts';

export interface PaneActions {
  /** Esc: back to the list. */
  readonly onLeave: () => void;
  readonly onClose: () => void;
  readonly onTab: (tab: DetailTab) => void;
  readonly createException: (id: string) => void;
}

const views: Readonly<Record<DetailTab, DetailView>> = {
  summary: summaryView,
  severity: severityView,
  evidence: evidenceView,
  remediation: remediationView,
  affected: affectedView,
  history: historyView,
};

/** The details of one finding. */
export class DetailPane {
  readonly element: HTMLElement;
  readonly #context: DetailContext;
  readonly #actions: PaneActions;
  readonly #title = el('h2', { id: 'detail-title', class: 'data' });
  readonly #facts = el('div', { class: 'detail-facts' });
  readonly #buttons: HTMLElement;
  readonly #roving: Roving;
  readonly #tabs: PanelsControl<DetailTab>;
  readonly #stops: Readonly<Record<DetailTab, ContentStop>>;
  #tab: DetailTab;
  #detail: FindingDetail | undefined;
  #drawn = new Set<DetailTab>();

  constructor(context: DetailContext, tab: DetailTab, actions: PaneActions) {
    this.#context = context;
    this.#actions = actions;
    this.#tab = tab;
    const { texts } = context;
    this.#buttons = el('div', {
      class: 'detail-actions',
      role: 'toolbar',
      attrs: { 'aria-label': texts.t('action.label') },
    });
    this.#roving = new Roving(this.#buttons, {
      items: () => [...this.#buttons.querySelectorAll<HTMLElement>('vscode-button')],
    });
    this.#tabs = panels<DetailTab>({
      id: 'detail',
      label: texts.t('detail.tabs'),
      tabs: detailTabs.map((id) => ({ id, label: texts.t(`detail.tab.${id}`) })),
      active: tab,
      onChange: (id) => {
        this.#tab = id;
        this.#draw();
        actions.onTab(id);
      },
    });
    const hint = el('p', { id: 'detail-hint', class: 'visually-hidden' }, texts.t('detail.hint'));
    const stop = (id: DetailTab) => new ContentStop(this.#tabs.view[id], hint.id, actions.onLeave);
    this.#stops = {
      summary: stop('summary'),
      severity: stop('severity'),
      evidence: stop('evidence'),
      remediation: stop('remediation'),
      affected: stop('affected'),
      history: stop('history'),
    };
    this.element = el(
      'aside',
      { class: 'detail', attrs: { 'aria-labelledby': 'detail-title' } },
      el('div', { class: 'detail-head' }, this.#title, this.#facts, this.#buttons),
      this.#tabs.element,
      hint,
    );
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      actions.onLeave();
    });
  }

  get hasFocus(): boolean {
    return this.element.contains(document.activeElement);
  }

  /** Shows what the row knows until the rest arrives. */
  expect(row: FindingLine): void {
    if (this.#detail?.finding.id === row.id) return;
    this.#detail = undefined;
    show(this.#title, icon(kindIcon(row.kind)), data(row.title));
    show(this.#facts, severityBadge(this.#context.texts, row.severity));
    show(this.#buttons);
    this.#drawn = new Set();
    for (const id of detailTabs) {
      show(this.#tabs.view[id], progressRing(this.#context.texts.t('detail.loading')));
    }
  }

  show(detail: FindingDetail): void {
    this.#detail = detail;
    this.#drawHead(detail);
    this.#drawn = new Set();
    this.#draw();
  }

  /** The finding is no longer there. */
  showGone(): void {
    this.#detail = undefined;
    show(this.#facts);
    show(this.#buttons);
    this.#drawn = new Set();
    for (const id of detailTabs) {
      show(this.#tabs.view[id], el('p', { class: 'quiet' }, this.#context.texts.t('detail.gone')));
    }
  }

  /** Goes to the tab's content. */
  focus(): void {
    this.#tabs.view[this.#tab].focus({ preventScroll: true });
  }

  selectTab(tab: DetailTab): void {
    this.#tab = tab;
    this.#tabs.select(tab);
    this.#draw();
  }

  /** Draws the tab in view, once for each finding. */
  #draw(): void {
    const detail = this.#detail;
    if (detail === undefined || this.#drawn.has(this.#tab)) return;
    this.#drawn.add(this.#tab);
    const view = this.#tabs.view[this.#tab];
    show(view, el('div', { class: 'detail-content' }, ...views[this.#tab](detail, this.#context)));
    view.scrollTop = 0;
    this.#stops[this.#tab].refresh();
  }

  #drawHead(detail: FindingDetail): void {
    const { finding } = detail;
    const { texts, now } = this.#context;
    const { original, effective } = finding.explanation;
    const handledAs = original.level === 'unknown' ? 'medium' : original.level;
    show(this.#title, icon(kindIcon(finding.kind)), data(finding.title));
    show(this.#facts);
    put(
      this.#facts,
      severityBadge(texts, effective),
      handledAs === effective
        ? undefined
        : el('span', { class: 'was' }, texts.t('severity.was', { severity: texts.t(`severity.${original.level}`) })),
      pill(texts.t(`state.${finding.state}`), finding.state === 'new' ? 'pill-new' : ''),
      finding.knownExploited ? pill(texts.t('mark.exploited'), 'pill-strong') : undefined,
      finding.internetFacing ? pill(texts.t('mark.internet')) : undefined,
      finding.running ? pill(texts.t('mark.running')) : undefined,
      el('span', { class: 'quiet' }, texts.t('row.firstSeen', { when: texts.relative(finding.firstSeen, now) })),
    );
    const hadFocus = this.#buttons.contains(document.activeElement);
    show(this.#buttons, ...this.#actionButtons(detail));
    this.#roving.refresh();
    if (hadFocus) this.#roving.focus();
  }

  #actionButtons({ finding, portalUrl }: FindingDetail): readonly HTMLElement[] {
    const { texts, can, command, copy, goToSource, openLink } = this.#context;
    const buttons: HTMLElement[] = [];
    const { connectionId, source } = finding;
    const isDenied = finding.state === 'denied' || finding.state === 'unreadable';
    if (isDenied && connectionId !== undefined && can('verify')) {
      buttons.push(
        button({
          label: texts.t('action.verify'),
          icon: 'verified',
          look: 'primary',
          onClick: () => command('verify', connectionId),
        }),
      );
    }
    if (source !== undefined) {
      buttons.push(
        button({
          label: texts.t('action.goToSource'),
          icon: 'go-to-file',
          look: 'primary',
          onClick: () => goToSource(finding.id),
        }),
      );
    }
    if (!isDenied && can('createException')) {
      buttons.push(
        button({
          label: texts.t('action.except'),
          icon: 'shield',
          onClick: () => this.#actions.createException(finding.id),
        }),
      );
    }
    if (can('scanAsset')) {
      buttons.push(
        button({ label: texts.t('action.scan'), icon: 'play', onClick: () => command('scanAsset', finding.asset.id) }),
      );
    }
    if (portalUrl !== undefined) {
      buttons.push(
        button({ label: texts.t('action.portal'), icon: 'link-external', onClick: () => openLink(portalUrl) }),
      );
    }
    buttons.push(
      button({
        label: texts.t('action.copyId'),
        icon: 'copy',
        look: 'icon',
        onClick: () => copy(finding.id, texts.t('copied')),
      }),
      button({
        label: texts.t('action.close'),
        icon: 'close',
        look: 'icon',
        class: 'close',
        onClick: () => this.#actions.onClose(),
      }),
    );
    const back = button({
      label: texts.t('action.back'),
      icon: 'arrow-left',
      class: 'back',
      onClick: () => this.#actions.onClose(),
    });
    return [back, ...buttons];
  }
}
