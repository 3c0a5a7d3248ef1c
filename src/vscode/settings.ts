import * as z from 'zod';
import { cloudById } from '../azure/clouds.ts';
import type { Cloud } from '../azure/types.ts';
import { severities, severityRank, type Severity } from '../core/severity.ts';
import type { RuleSeverity } from '../dockerfile/types.ts';
import type { EngineSettings } from '../engine-contract.ts';
import type { FindingsFilter } from '../report/contract.ts';
import { settingIds, type SettingId } from './ids.ts';

/** Reads one setting by its full id, as `settings.json` holds it: any JSON value. */
export type ReadSetting = (id: SettingId) => unknown;

/** The value when it has the declared shape, else the default: a wrong setting never stops the extension. */
function value<T>(read: ReadSetting, id: SettingId, shape: z.ZodType<T>, fallback: T): T {
  const parsed = shape.safeParse(read(id));
  return parsed.success ? parsed.data : fallback;
}

const integer = (minimum: number, maximum: number) => z.number().int().min(minimum).max(maximum);
const names = z.array(z.string().max(200)).max(200);

export function engineSettings(read: ReadSetting): EngineSettings {
  return {
    images: value(
      read,
      settingIds.scanImages,
      z.enum(['running', 'runningAndLatest', 'all']),
      'runningAndLatest' as const,
    ),
    platform: value(
      read,
      settingIds.scanPlatform,
      z.string().regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/),
      'linux/amd64',
    ),
    concurrency: value(read, settingIds.scanConcurrency, integer(1, 8), 3),
    timeoutMinutes: value(read, settingIds.scanTimeoutMinutes, integer(1, 120), 15),
    maxImageSizeMB: value(read, settingIds.scanMaxImageSizeMB, integer(100, 20_000), 4000),
    requestTimeoutSeconds: value(read, settingIds.requestTimeoutSeconds, integer(5, 300), 30),
    offline: isOffline(read),
    advisoryUpdates: value(read, settingIds.dataUpdates, z.enum(['automatic', 'manual']), 'automatic' as const),
    advisoryMirror: value(read, settingIds.dataMirror, z.string().trim().max(2000), ''),
    historyDays: value(read, settingIds.scanHistoryDays, integer(1, 730), 90),
    secretExpiryWarningDays: secretExpiryWarningDays(read),
    applicationTagKeys: value(read, settingIds.applicationTagKeys, names, ['application', 'app', 'azd-env-name']),
    allowedRegistries: [],
  };
}

export function isOffline(read: ReadSetting): boolean {
  return value(read, settingIds.offline, z.boolean(), false);
}

export function secretExpiryWarningDays(read: ReadSetting): number {
  return value(read, settingIds.secretExpiryWarningDays, integer(0, 180), 30);
}

const cloudIds = z.enum(['public', 'usGovernment', 'china', 'custom']);

/** The cloud that the connect wizard begins with. */
export function defaultCloud(read: ReadSetting): Cloud['id'] {
  return value(read, settingIds.cloud, cloudIds, 'public' as const);
}

/** Throws BadInputError when the custom cloud's endpoints are missing or wrong. */
export function cloudFromSettings(read: ReadSetting, id: Cloud['id']): Cloud {
  return cloudById(id, read(settingIds.customCloud));
}

/** True when endpoints of a custom cloud are set at all, right or wrong. */
export function hasCustomCloud(read: ReadSetting): boolean {
  const custom = read(settingIds.customCloud);
  return typeof custom === 'object' && custom !== null && Object.keys(custom).length > 0;
}

export type BadgeChoice = 'off' | 'critical' | 'criticalAndHigh' | 'new' | 'all';

export function badgeChoice(read: ReadSetting): BadgeChoice {
  return value(
    read,
    settingIds.badge,
    z.enum(['off', 'critical', 'criticalAndHigh', 'new', 'all']),
    'criticalAndHigh' as const,
  );
}

export function statusBarChoice(read: ReadSetting): 'always' | 'whenConnected' | 'never' {
  return value(read, settingIds.statusBar, z.enum(['always', 'whenConnected', 'never']), 'whenConnected' as const);
}

/** What the findings settings hide on every surface, as part of a filter. */
export interface FindingsLimits {
  readonly minimumSeverity: Severity;
  readonly hideWithoutFix: boolean;
}

export function findingsLimits(read: ReadSetting): FindingsLimits {
  return {
    minimumSeverity: value(read, settingIds.minimumSeverity, z.enum(severities), 'info' as const),
    hideWithoutFix: value(read, settingIds.hideWithoutFix, z.boolean(), false),
  };
}

/** The person's filter under the limits of the settings. An empty list of severities would mean "all": it cannot arise. */
export function limitFilter(filter: FindingsFilter, limits: FindingsLimits): FindingsFilter {
  const rank = severityRank(limits.minimumSeverity);
  const allowed = severities.filter((severity) => severityRank(severity) >= rank);
  const chosen = filter.severities?.filter((severity) => allowed.includes(severity));
  const narrowed = chosen === undefined || chosen.length === 0 ? allowed : chosen;
  return {
    ...filter,
    ...(limits.minimumSeverity === 'info' ? {} : { severities: narrowed }),
    ...(limits.hideWithoutFix ? { fixAvailable: true } : {}),
  };
}

export interface DockerfileSettings {
  readonly enable: boolean;
  readonly run: 'onType' | 'onSave' | 'manual';
  /** Levels by rule id; rules that are not named keep their own. */
  readonly rules: Readonly<Record<string, RuleSeverity | 'off'>>;
  readonly codeLens: boolean;
}

const level = z.enum(['off', 'hint', 'information', 'warning', 'error']);

export function dockerfileSettings(read: ReadSetting): DockerfileSettings {
  const rules: Record<string, RuleSeverity | 'off'> = {};
  for (const [rule, text] of Object.entries(
    value(read, settingIds.dockerfileRules, z.record(z.string(), z.unknown()), {}),
  )) {
    const parsed = level.safeParse(text);
    if (parsed.success) rules[rule] = parsed.data;
  }
  return {
    enable: value(read, settingIds.dockerfileEnable, z.boolean(), true),
    run: value(read, settingIds.dockerfileRun, z.enum(['onType', 'onSave', 'manual']), 'onType' as const),
    rules,
    codeLens: value(read, settingIds.dockerfileCodeLens, z.boolean(), true),
  };
}
