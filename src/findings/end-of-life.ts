import type { OperatingSystem } from '../image/types.ts';

/** End of free security support of a release, ISO date, and where to go from there. */
interface Release {
  readonly ends: string;
  readonly supported: string;
}

/**
 * Releases by os-release ID and the numbers of VERSION_ID that matter. Dates as the vendors publish them (Debian LTS,
 * Ubuntu standard support, Alpine branches, Azure Linux, Rocky and AlmaLinux, SLES), state of November 2026.
 */
const releases: Readonly<Record<string, Readonly<Record<string, Release>>>> = {
  debian: {
    '9': { ends: '2022-06-30', supported: 'Debian 13' },
    '10': { ends: '2024-06-30', supported: 'Debian 13' },
    '11': { ends: '2026-08-31', supported: 'Debian 13' },
    '12': { ends: '2028-06-30', supported: 'Debian 13' },
    '13': { ends: '2030-06-30', supported: 'Debian 13' },
  },
  ubuntu: {
    '18.04': { ends: '2023-05-31', supported: 'Ubuntu 24.04' },
    '20.04': { ends: '2025-05-31', supported: 'Ubuntu 24.04' },
    '22.04': { ends: '2027-04-30', supported: 'Ubuntu 24.04' },
    '24.04': { ends: '2029-05-31', supported: 'Ubuntu 24.04' },
  },
  alpine: {
    '3.17': { ends: '2024-11-22', supported: 'Alpine 3.23' },
    '3.18': { ends: '2025-05-09', supported: 'Alpine 3.23' },
    '3.19': { ends: '2025-11-01', supported: 'Alpine 3.23' },
    '3.20': { ends: '2026-04-01', supported: 'Alpine 3.23' },
    '3.21': { ends: '2026-12-01', supported: 'Alpine 3.23' },
    '3.22': { ends: '2027-04-01', supported: 'Alpine 3.23' },
    '3.23': { ends: '2027-11-01', supported: 'Alpine 3.23' },
  },
  mariner: { '2.0': { ends: '2025-07-31', supported: 'Azure Linux 3' } },
};

/** Set when the release of an image gets no more security fixes on the given day; undefined also for unknown releases. */
export function endOfLife(
  os: OperatingSystem | undefined,
  today: string,
): { readonly since: string; readonly supported: string } | undefined {
  if (os?.version === undefined) return undefined;
  const table = releases[os.id];
  if (table === undefined) return undefined;
  const parts = os.version.split('.');
  const release = table[os.version] ?? table[parts.slice(0, 2).join('.')] ?? table[parts[0] ?? ''];
  return release !== undefined && release.ends < today
    ? { since: release.ends, supported: release.supported }
    : undefined;
}
