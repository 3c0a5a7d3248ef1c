import type { MatchRequest, MatchResult, AdvisoryStatus } from '../advisories/types.ts';
import type { UpdateResult } from '../advisories/update.ts';
import type { Connection } from '../azure/types.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { BusinessRules } from '../findings/facts.ts';
import type { Finding } from '../findings/types.ts';
import type { ImageReader } from '../image/read-image.ts';
import type { Snapshot } from '../inventory/types.ts';
import type { CheckResult } from '../posture/types.ts';
import type { StateStore } from '../store/state-store.ts';
import type { DockerfileText } from './dockerfile-links.ts';
import type { Estate } from './estate.ts';

/** What a scan needs beside the estates: everything that burns processor time runs elsewhere. */
export interface ScanPorts {
  readonly store: StateStore;
  /** Reads images with the store as its cache; shared, so that layers needed twice at the same time are read once. */
  readonly reader: ImageReader;
  readonly log: Log;
  readonly clock: Clock;
  readonly ranFrom: string;
  estate(connection: Connection): Promise<Estate>;
  match(request: MatchRequest, signal: AbortSignal): Promise<MatchResult>;
  posture(snapshot: Snapshot, signal: AbortSignal): Promise<readonly CheckResult[]>;
  advisoryStatus(signal: AbortSignal): Promise<AdvisoryStatus>;
  updateAdvisories(
    ecosystems: readonly string[],
    signals: boolean,
    signal: AbortSignal,
    onProgress?: (text: string) => void,
  ): Promise<UpdateResult>;
  /** Dockerfiles of trusted folders. */
  dockerfiles(): Promise<readonly DockerfileText[]>;
  settings(): ScanSettings;
  readonly business: BusinessRules;
  /** What the list of findings keeps of one. */
  listItem(finding: Finding, within: readonly string[]): unknown;
  /** Told after each piece of results. */
  changed(what: 'assets' | 'findings', connectionId: string): void;
}

export interface ScanSettings {
  readonly images: 'running' | 'runningAndLatest' | 'all';
  readonly platform: string;
  readonly concurrency: number;
  readonly timeoutMinutes: number;
  readonly maxImageSizeMB: number;
  readonly offline: boolean;
  readonly advisoryUpdates: 'automatic' | 'manual';
  /** https address, absolute folder, or empty for the public source. */
  readonly advisoryMirror: string;
  readonly applicationTagKeys: readonly string[];
}
