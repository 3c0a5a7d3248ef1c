import type { Connection } from '../azure/types.ts';
import type { VerifyResult } from '../connectivity/types.ts';
import type { ConnectionSummary } from '../report/contract.ts';

/** `3 h ago`, `just now`, `12 d ago` */
export function agoText(iso: string, now: Date): string {
  const minutes = Math.floor((now.getTime() - Date.parse(iso)) / 60_000);
  if (Number.isNaN(minutes)) return 'at an unknown time';
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}

const stateTexts: Readonly<Record<Connection['state'], string>> = {
  unverified: 'not verified',
  verifying: 'verifying',
  active: 'active',
  gaps: 'connected with gaps',
  failed: 'failed',
  secretMissing: 'secret missing',
  paused: 'paused',
};

export function connectionSummary(connection: Connection, result: VerifyResult | undefined): ConnectionSummary {
  const { id, name, state, verifiedAt, lastScanAt, secretExpires } = connection;
  return {
    id,
    name,
    state,
    stateText: stateTexts[state],
    gaps: result?.steps.filter((step) => step.state === 'warn' || step.state === 'fail').length ?? 0,
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
    ...(lastScanAt === undefined ? {} : { lastScanAt }),
    ...(secretExpires === undefined ? {} : { secretExpires }),
  };
}
