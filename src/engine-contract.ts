import type { Cloud, Connection, ConnectionSecret, Subscription } from './azure/types.ts';
import type { AdvisoryStatus } from './advisories/types.ts';
import type { VerifyResult, VerifyStep } from './connectivity/types.ts';
import type { Clock } from './core/clock.ts';
import type { HttpClient } from './core/http.ts';
import type { Log, Redactor } from './core/log.ts';
import type { ReportedViolation, TextRange } from './dockerfile/types.ts';
import type { AssetKind, Finding } from './findings/types.ts';
import type {
  ConnectivityModel,
  DashboardModel,
  FindingDetail,
  FindingsFilter,
  FindingsPage,
  FindingsQuery,
  ScanSummary,
  SeverityCounts,
} from './report/contract.ts';
import type { SourceRepository } from './scan/dockerfile-links.ts';

/** Where connections are kept. The editor implements it with SecretStorage and global state, the terminal with its environment. */
export interface ConnectionStore {
  list(): Promise<readonly Connection[]>;
  save(connection: Connection): Promise<void>;
  remove(id: string): Promise<void>;
  secret(id: string): Promise<ConnectionSecret | undefined>;
  /** Resolves to false when the store did not keep it (read back and compared). */
  saveSecret(id: string, secret: ConnectionSecret): Promise<boolean>;
}

/** A Dockerfile of the workspace, as the scan needs it. */
export interface WorkspaceDockerfile {
  readonly uri: string;
  /** Path inside its folder, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The git repository that the file lies in; absent: none, or not known. */
  readonly repository?: SourceRepository;
}

export interface EngineSettings {
  readonly images: 'running' | 'runningAndLatest' | 'all';
  /** Such as `linux/amd64`. */
  readonly platform: string;
  readonly concurrency: number;
  readonly timeoutMinutes: number;
  readonly maxImageSizeMB: number;
  readonly requestTimeoutSeconds: number;
  readonly offline: boolean;
  readonly advisoryUpdates: 'automatic' | 'manual';
  /** https address, absolute folder, or empty for the public source. */
  readonly advisoryMirror: string;
  readonly historyDays: number;
  readonly secretExpiryWarningDays: number;
  readonly applicationTagKeys: readonly string[];
  /** Registries that base-image look-ups may contact beside those of verified connections. */
  readonly allowedRegistries: readonly string[];
}

/** All that the engine needs from outside. */
export interface EnginePorts {
  readonly log: Log;
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly http: HttpClient;
  /** Folder for state.db, advisories.db and blobs. Made when missing. */
  readonly dataDir: string;
  /** Path of the worker bundle or source. */
  readonly workerFile: string;
  readonly connections: ConnectionStore;
  /** The cloud of a connection by its id; custom ones from the settings. Throws BadInputError. */
  cloud(id: Cloud['id']): Cloud;
  settings(): EngineSettings;
  /** Asks before the first download of an ecosystem's advisories that is large. Absent: downloads go on. */
  confirmDownload?(ecosystem: string, bytes: number): Promise<boolean>;
  /** Dockerfiles of trusted workspace folders; empty in restricted mode. */
  dockerfiles(): Promise<readonly WorkspaceDockerfile[]>;
  /** `this computer`, `WSL: Ubuntu`, `SSH: host`, … */
  readonly ranFrom: string;
}

export interface NewConnection {
  readonly name: string;
  readonly description?: string;
  readonly cloud: Cloud['id'];
  readonly secret: ConnectionSecret;
  readonly secretExpires?: string;
}

export type NodeKind =
  | 'connection'
  | 'connectivity'
  | 'step'
  | 'subscription'
  | 'group'
  | 'registry'
  | 'repository'
  | 'image'
  | 'cluster'
  | 'namespace'
  | 'workload'
  | 'container'
  | 'resourceType'
  | 'resource'
  | 'denied'
  | 'error'
  | 'more';

/** A node of the assets tree as plain data: the shell adds icons and words of its own language. */
export interface AssetNode {
  /** Stable and unique in the tree. */
  readonly id: string;
  readonly kind: NodeKind;
  readonly label: string;
  readonly description?: string;
  /** Sorted; such as `canScan`, `inPortal`, `running`, `state-gaps`. */
  readonly flags: readonly string[];
  readonly hasChildren: boolean;
  readonly connectionId: string;
  /** ARM id, image reference, `k8s:…`. */
  readonly assetId?: string;
  readonly assetKind?: AssetKind;
  readonly counts?: SeverityCounts;
  readonly deniedCount?: number;
  /** Facts for the tooltip, in order. */
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  /** For `denied`, `error` and `step`: what is wrong, what to do, and a command that does it. */
  readonly reason?: string;
  readonly nextStep?: string;
  readonly command?: { readonly label: string; readonly text: string };
  readonly portalUrl?: string;
  readonly step?: VerifyStep;
  /** Family of a resource for its icon: storage, network, secrets, web, machine, other. */
  readonly family?: string;
  readonly internetFacing?: boolean;
}

export interface ScanRequest {
  /** Absent: all connections that are not paused. */
  readonly connectionId?: string;
  /** Absent: everything of the connection. An id of an AssetNode's `assetId`. */
  readonly assetId?: string;
  /** Name of the asset, for the history. */
  readonly assetLabel?: string;
  readonly trigger: 'user' | 'schedule' | 'connect';
}

export interface ScanProgress {
  readonly scanId: string;
  readonly done: number;
  readonly total: number;
  readonly text: string;
  /** Assets being read now. */
  readonly active: readonly string[];
}

/** A mark in a Dockerfile that comes from scan results. */
export interface DockerfileMark {
  readonly range: TextRange;
  readonly rule: string;
  readonly severity: 'warning' | 'information' | 'hint';
  readonly message: string;
  /** Markdown paragraphs for the hover; third-party text is already escaped. */
  readonly hover: string;
  readonly findingIds: readonly string[];
  /** Findings by effective severity. */
  readonly counts: SeverityCounts;
  /** ISO time of the scan that the mark comes from. */
  readonly scannedAt: string;
  readonly related?: readonly { readonly line: number; readonly message: string }[];
}

export interface DockerfileAnalysis {
  readonly violations: readonly ReportedViolation[];
  readonly marks: readonly DockerfileMark[];
  /** Repositories that this file builds, with the confidence. */
  readonly links: readonly {
    readonly repository: string;
    readonly tag?: string;
    readonly score: number;
    readonly image: string;
  }[];
}

export type SbomFormat = 'cyclonedx' | 'spdx';

/** A finished bill of materials. */
export interface SbomExport {
  /** JSON. */
  readonly text: string;
  /** To propose, without extension. */
  readonly fileName: string;
  /** Parts of the image that could not be read: the bill is partial when there are any. */
  readonly notRead: number;
}

/** An image whose packages are stored. */
export interface ScannedImage {
  /** As that of its AssetNode. */
  readonly assetId: string;
  /** Repository with its tags. */
  readonly name: string;
  readonly platform: string;
  readonly digest: string;
  /** ISO time. */
  readonly scannedAt: string;
}

export type EngineEvent =
  | { readonly type: 'connections' }
  | { readonly type: 'assets'; readonly connectionId?: string }
  | { readonly type: 'findings' }
  | { readonly type: 'connectivity'; readonly connectionId: string }
  | { readonly type: 'scan'; readonly progress?: ScanProgress; readonly ended?: ScanSummary }
  | { readonly type: 'throttled'; readonly host: string; readonly waitMs: number };

/** The engine as its hosts see it. Methods that do I/O take a signal; all of them throw EngineError for what a person can act on. */
export interface Engine {
  readonly connections: {
    list(): Promise<readonly Connection[]>;
    /** Asks for a token alone: tells whether tenant, client and secret fit. Throws NotSignedInError, UnreachableError. */
    trySignIn(cloud: Cloud['id'], secret: ConnectionSecret, signal: AbortSignal): Promise<void>;
    /** What the identity can see, for the wizard. */
    subscriptions(cloud: Cloud['id'], secret: ConnectionSecret, signal: AbortSignal): Promise<readonly Subscription[]>;
    /** Resolves with `secretKept: false` when the secret store lost it. */
    add(connection: NewConnection): Promise<{ readonly connection: Connection; readonly secretKept: boolean }>;
    update(
      id: string,
      change: Partial<Omit<NewConnection, 'cloud'>> & { readonly paused?: boolean },
    ): Promise<Connection>;
    /** Removes the secret, cached assets, findings and history. */
    remove(id: string): Promise<void>;
  };
  verify(connectionId: string, signal: AbortSignal, onStep?: (step: VerifyStep) => void): Promise<VerifyResult>;
  lastVerification(connectionId: string): Promise<VerifyResult | undefined>;

  /** Children of a node; of the root without one. Failures come back as `denied` and `error` nodes, never as exceptions. */
  assetChildren(node: AssetNode | undefined, signal: AbortSignal): Promise<readonly AssetNode[]>;
  /** Forgets cached assets below a node, so that the next look reads again. */
  refreshAssets(node?: AssetNode): void;

  /** Resolves when the scan ended in whatever way; a second call while one runs throws BadInputError. */
  scan(request: ScanRequest, signal: AbortSignal, onProgress?: (progress: ScanProgress) => void): Promise<ScanSummary>;
  scanHistory(limit: number): Promise<readonly ScanSummary[]>;

  findings: {
    page(
      queryId: number,
      query: FindingsQuery,
      offset: number,
      limit: number,
      withFacets: boolean,
      /** Finding whose row number is wanted. */
      locate?: string,
    ): Promise<FindingsPage>;
    detail(id: string): Promise<FindingDetail | undefined>;
    /** Whole findings for exports, in query order. */
    all(filter: FindingsFilter): AsyncIterable<Finding>;
    counts(filter: FindingsFilter): Promise<{
      readonly open: SeverityCounts;
      readonly visible: number;
      readonly denied: number;
      readonly total: number;
    }>;
  };
  /** Images of which an SBOM can be made, by name. */
  scannedImages(): Promise<readonly ScannedImage[]>;
  /** The packages of an image as they were read last; undefined when nothing of it is stored. Touches no network. */
  sbom(assetId: string, format: SbomFormat, toolVersion: string): Promise<SbomExport | undefined>;
  dashboard(): Promise<DashboardModel>;
  connectivity(): Promise<ConnectivityModel>;

  /** Static rules and marks from stored results; touches no network. */
  analyzeDockerfile(uri: string, text: string): Promise<DockerfileAnalysis>;
  /** Checks Dockerfiles with the static rules and puts the results among the findings. Needs no connection and no network. */
  scanDockerfiles(
    files: readonly WorkspaceDockerfile[],
  ): Promise<{ readonly files: number; readonly violations: number }>;

  advisoryStatus(): Promise<AdvisoryStatus>;
  updateAdvisories(signal: AbortSignal, onProgress?: (text: string) => void): Promise<AdvisoryStatus>;

  onDidChange(listener: (event: EngineEvent) => void): { dispose(): void };
  /** Stops running work, closes databases. */
  dispose(): Promise<void>;
}
