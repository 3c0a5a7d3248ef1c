import type { MatchRequest } from '../advisories/types.ts';
import type { ImageReport } from '../image/types.ts';

/** What matching needs of an image. */
export function matchRequestOf({ os, packages }: Pick<ImageReport, 'os' | 'packages'>): MatchRequest {
  return {
    ...(os?.ecosystem === undefined ? {} : { osEcosystem: os.ecosystem }),
    osName: os?.name ?? os?.id ?? 'unknown operating system',
    ...(os?.uncovered === undefined ? {} : { osUncovered: os.uncovered }),
    ...(os?.streams === undefined ? {} : { streams: os.streams }),
    packages: packages.map(({ type, name, version, source, ownedBy, architecture, thirdParty, modularity }) => ({
      type,
      name,
      version,
      ...(source === undefined ? {} : { source }),
      ...(ownedBy === undefined ? {} : { ownedBy }),
      ...(architecture === undefined ? {} : { architecture }),
      ...(thirdParty === undefined ? {} : { thirdParty }),
      ...(modularity === undefined ? {} : { modularity }),
    })),
  };
}
