/** Ceilings for reading one layer. Reaching one shows in the result or ends the layer with LimitExceededError. */
export interface LayerLimits {
  /** Entries beyond it are not recorded. */
  readonly maxEntries: number;
  /** Longer paths are passed over. PATH_MAX of Linux. */
  readonly maxPathBytes: number;
  /** Characters of all paths and link targets together; entries beyond it are not recorded. */
  readonly maxNameChars: number;
  /** Unpacked size at which reading stops. */
  readonly maxUnpackedBytes: number;
  /** Unpacked bytes for each compressed one at which reading stops, once `expansionGraceBytes` came out. */
  readonly maxExpansion: number;
  readonly expansionGraceBytes: number;
  /** Contents kept of one layer, all together. */
  readonly maxKeptBytes: number;
  /** Problems listed; more are counted. */
  readonly maxProblems: number;
}

const mebibyte = 1024 * 1024;

/**
 * Far above what genuine images have: the largest layers hold some hundred thousand files and some tens of gigabytes, and
 * no software compresses better than 1:200 over a quarter of a gigabyte (log files of zeros do, and say so).
 */
export const defaultLayerLimits: LayerLimits = {
  maxEntries: 1_000_000,
  maxPathBytes: 4096,
  maxNameChars: 256 * mebibyte,
  maxUnpackedBytes: 64 * 1024 * mebibyte,
  maxExpansion: 200,
  expansionGraceBytes: 256 * mebibyte,
  maxKeptBytes: 256 * mebibyte,
  maxProblems: 200,
};
