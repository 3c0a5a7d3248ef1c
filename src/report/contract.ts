import type { OriginalSeverity, Severity } from '../core/severity.ts';
import type { VerifyResult } from '../connectivity/types.ts';
import type { AssetKind, Finding, FindingKind, FindingState, SourceTool } from '../findings/types.ts';

/** The pages of the report, in tab order. */
export type ReportPage = 'dashboard' | 'findings' | 'connectivity';

/** The one filter that tree, report and tools share. Absent members do not filter; members of a list are alternatives. */
export interface FindingsFilter {
  readonly sourceTools?: readonly SourceTool[];
  readonly severities?: readonly Severity[];
  /** The severity as its source says it. */
  readonly originalSeverities?: readonly OriginalSeverity[];
  /** `open` takes in `new`, which is a part of it. */
  readonly states?: readonly FindingState[];
  readonly kinds?: readonly FindingKind[];
  readonly assetKinds?: readonly AssetKind[];
  readonly connections?: readonly string[];
  readonly subscriptions?: readonly string[];
  readonly applications?: readonly string[];
  /** Asset id; matches the asset itself and what lies below it. */
  readonly asset?: string;
  readonly check?: string;
  readonly fixAvailable?: boolean;
  readonly running?: boolean;
  readonly internetFacing?: boolean;
  readonly knownExploited?: boolean;
  readonly severityChanged?: boolean;
  /** First seen at most so many days ago. */
  readonly firstSeenDays?: number;
  /** Words separated by spaces, or in double quotes; all of them must be found. Searches id, title, package, asset, check and file. */
  readonly text?: string;
}

export type FindingsGrouping = 'none' | 'severity' | 'sourceTool' | 'application' | 'asset' | 'check' | 'package';
export type FindingsSortKey = 'severity' | 'title' | 'asset' | 'sourceTool' | 'firstSeen' | 'state' | 'fix';

export interface FindingsQuery {
  readonly filter: FindingsFilter;
  readonly grouping: FindingsGrouping;
  readonly sort: { readonly key: FindingsSortKey; readonly descending: boolean };
  /** Keys of groups that are folded. */
  readonly folded: readonly string[];
}

/** One line of the list: a group head or a finding, as few fields as a row shows. */
export type FindingRow =
  | {
      readonly type: 'group';
      readonly key: string;
      readonly label: string;
      readonly count: number;
      readonly newCount: number;
      readonly severityCounts: SeverityCounts;
      readonly expanded: boolean;
    }
  | {
      readonly type: 'finding';
      readonly id: string;
      readonly severity: Severity | 'none';
      readonly original: OriginalSeverity;
      readonly title: string;
      readonly check: string;
      readonly asset: string;
      readonly assetKind: AssetKind;
      readonly sourceTool: SourceTool;
      readonly application: string;
      readonly fix?: string;
      readonly firstSeen: string;
      readonly state: FindingState;
      readonly kind: FindingKind;
      readonly knownExploited: boolean;
      readonly running: boolean;
      readonly internetFacing: boolean;
    };

export type SeverityCounts = Readonly<Record<Severity, number>>;

export interface FacetValue {
  readonly value: string;
  readonly label: string;
  /** Findings with it under the other filters. */
  readonly count: number;
}

/** Filters that are switched on and off. */
export const filterFlags = ['fixAvailable', 'running', 'internetFacing', 'knownExploited', 'severityChanged'] as const;
export type FilterFlag = (typeof filterFlags)[number];

/** Filters that are lists of alternatives, in the order in which they are shown. */
export const filterLists = [
  'sourceTools',
  'severities',
  'originalSeverities',
  'states',
  'applications',
  'kinds',
  'assetKinds',
  'connections',
  'subscriptions',
] as const;
export type FilterList = (typeof filterLists)[number];

/** Values of each filter with their counts; `flags` holds the findings for which each flag is true. */
export type Facets = Readonly<Record<FilterList | 'flags', readonly FacetValue[]>>;

export interface FindingsPage {
  /** Echo of the query it answers. */
  readonly queryId: number;
  /** Rows (groups included) and findings in the whole result. */
  readonly totalRows: number;
  readonly totalFindings: number;
  readonly allFindings: number;
  /** Findings under the other filters, whatever their state, that are denied or unreadable. */
  readonly deniedCount: number;
  readonly offset: number;
  readonly rows: readonly FindingRow[];
  readonly facets?: Facets;
  /** Row of the finding that the query asked to locate; absent when the result does not show it. */
  readonly locatedRow?: number;
}

export interface ConnectionSummary {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly stateText: string;
  readonly gaps: number;
  readonly verifiedAt?: string;
  readonly lastScanAt?: string;
  readonly secretExpires?: string;
}

export interface ScanSummary {
  readonly id: string;
  readonly state: 'running' | 'complete' | 'partial' | 'cancelled' | 'interrupted' | 'failed';
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly ranFrom: string;
  readonly done: number;
  readonly total: number;
  readonly target: string;
  /** Images that a scan before this one had finished before it was cut off. */
  readonly resumed?: number;
  /** Problems on the way, each with what could not be read and what to do. */
  readonly problems: readonly { readonly what: string; readonly reason: string; readonly nextStep: string }[];
}

export interface DashboardModel {
  readonly connections: readonly ConnectionSummary[];
  readonly assets: {
    readonly total: number;
    readonly scanned: number;
    readonly byKind: readonly { readonly kind: AssetKind; readonly label: string; readonly count: number }[];
    /** Why some were not scanned: reason and count. */
    readonly notScanned: readonly { readonly reason: string; readonly count: number }[];
  };
  readonly open: SeverityCounts;
  readonly states: Readonly<Record<FindingState, number>>;
  readonly coverage: {
    readonly evaluated: number;
    readonly applicable: number;
    readonly denied: number;
    readonly unreadable: number;
    readonly disabled: number;
    /** Images whose operating system has no advisory source, and the like. */
    readonly withoutAdvisories: readonly { readonly what: string; readonly reason: string }[];
  };
  readonly lastScan?: ScanSummary;
  readonly runningScan?: ScanSummary;
  readonly fixFirst: readonly {
    readonly title: string;
    readonly closes: number;
    readonly severity: Severity;
    readonly filter: FindingsFilter;
  }[];
  readonly byApplication: readonly { readonly application: string; readonly counts: SeverityCounts }[];
  readonly advisories: { readonly text: string; readonly stale: boolean };
  /** When the next scan runs, in words; absent: only when somebody asks for one. */
  readonly nextScan?: string;
}

export interface ConnectivityModel {
  readonly connections: readonly {
    readonly connection: ConnectionSummary;
    readonly running: boolean;
    readonly result?: VerifyResult;
  }[];
}

export interface FindingDetail {
  readonly finding: Finding;
  /** Sentences made by the host, in the language of the editor. */
  readonly portalUrl?: string;
  /** The same cause on other assets. */
  readonly sameCause?: readonly SameCause[];
  /** How many there are, when the list is cut. */
  readonly sameCauseTotal?: number;
}

/** Another finding with the same check (and package). */
export interface SameCause {
  readonly id: string;
  readonly asset: string;
  readonly assetKind: AssetKind;
  readonly severity: Severity | 'none';
  readonly state: FindingState;
  readonly running: boolean;
  readonly internetFacing: boolean;
}

/** Kept by the webview over reloads and by the host over restarts. */
export interface ReportState {
  readonly page: ReportPage;
  readonly query: FindingsQuery;
  readonly selected?: string;
  /** Width of the list as a part of the whole, 0 to 1. */
  readonly split?: number;
  readonly detailTab?: DetailTab;
  /** Letters as keys of the list; absent: on. */
  readonly letterKeys?: boolean;
}

/** Tabs of a finding's details, in their order. */
export const detailTabs = ['summary', 'severity', 'evidence', 'remediation', 'affected', 'history'] as const;
export type DetailTab = (typeof detailTabs)[number];

/** From the page to the extension. */
export type ToHost =
  | { readonly type: 'ready' }
  | {
      readonly type: 'query';
      readonly queryId: number;
      readonly query: FindingsQuery;
      readonly offset: number;
      readonly limit: number;
      readonly facets: boolean;
      /** Finding whose row number is wanted. */
      readonly locate?: string;
    }
  | { readonly type: 'detail'; readonly id: string }
  | { readonly type: 'page'; readonly page: ReportPage }
  | { readonly type: 'state'; readonly state: ReportState }
  | { readonly type: 'goToSource'; readonly id: string }
  | { readonly type: 'openLink'; readonly url: string }
  | { readonly type: 'copy'; readonly text: string }
  | { readonly type: 'typeInTerminal'; readonly text: string }
  | {
      readonly type: 'command';
      readonly command: ReportCommand;
      readonly argument?: string;
      /** Findings that are selected, for commands that act on several. */
      readonly ids?: readonly string[];
    }
  /** Something is wrong with what the page was given: to be logged. */
  | { readonly type: 'problem'; readonly what: 'explanation' | 'message' | 'script'; readonly detail: string };

/** Commands that the page may ask for; the host maps each to one of its own. */
export const reportCommands = [
  'connect',
  'verify',
  'verifyAll',
  'cancelVerify',
  'scanAll',
  'cancelScan',
  'scanAsset',
  'openInPortal',
  'createException',
  'showLog',
  'openSettings',
  'changeSchedule',
  'updateVulnerabilityData',
  'scanDockerfile',
] as const;
export type ReportCommand = (typeof reportCommands)[number];

/** From the extension to the page. */
export type ToPage =
  | {
      readonly type: 'strings';
      readonly language: string;
      readonly strings: Readonly<Record<string, string>>;
      /** Commands that this host carries out; the page shows no button for another. Absent: all. */
      readonly commands?: readonly ReportCommand[];
    }
  | {
      readonly type: 'show';
      readonly page?: ReportPage;
      readonly filter?: FindingsFilter;
      readonly select?: string;
      /** On the Connectivity page: the connection, and the step of it, to go to. */
      readonly connection?: string;
      readonly step?: string;
      readonly focus: boolean;
    }
  | { readonly type: 'restore'; readonly state: ReportState }
  | { readonly type: 'dashboard'; readonly model: DashboardModel }
  | { readonly type: 'connectivity'; readonly model: ConnectivityModel }
  | { readonly type: 'findings'; readonly page: FindingsPage }
  | { readonly type: 'detail'; readonly detail: FindingDetail | null; readonly id: string }
  /** Results changed: ask again for what is shown. */
  | { readonly type: 'changed' };

export const emptyQuery: FindingsQuery = {
  filter: { states: ['open'] },
  grouping: 'severity',
  sort: { key: 'severity', descending: true },
  folded: [],
};
