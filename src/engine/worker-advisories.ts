import type { MatchRequest, MatchResult } from '../advisories/types.ts';
import type { AdvisoryImporter } from '../advisories/update.ts';
import { yieldToEventLoop } from '../core/concurrency.ts';
import type { WorkerClient } from './worker-client.ts';

/** Imports in the worker thread. */
export function workerImporter(worker: WorkerClient, signal: AbortSignal): AdvisoryImporter {
  return {
    state: async (ecosystem) => (await worker.call('storedState', { ecosystem }, signal)) ?? undefined,
    importEcosystem: (ecosystem, folder, about, inner) =>
      worker.call('importEcosystem', { ecosystem, folder, about }, inner),
    extendEcosystem: (ecosystem, folder, about, inner) =>
      worker.call('extendEcosystem', { ecosystem, folder, about }, inner),
    confirmEcosystem: async (ecosystem, about, isWhole) => {
      await worker.call('confirmEcosystem', { ecosystem, about, isWhole }, signal);
    },
    signalEtag: async (which) => (await worker.call('signalEtag', { which }, signal)) ?? undefined,
    importSignals: (kev, epss, etag) =>
      worker.call(
        'importSignals',
        {
          ...(kev === undefined ? {} : { kev }),
          ...(epss === undefined ? {} : { epss }),
          ...(etag === undefined ? {} : { etag }),
        },
        signal,
      ),
  };
}

/** Matches in the worker thread and takes the result over in pieces, with turns in between. */
export async function matchInWorker(
  worker: WorkerClient,
  request: MatchRequest,
  signal: AbortSignal,
): Promise<MatchResult> {
  const { ticket: first, ...result } = await worker.call('match', request, signal);
  if (first === undefined) return result;
  const matches = [...result.matches];
  for (let ticket: number | undefined = first; ticket !== undefined;) {
    await yieldToEventLoop();
    const more: { readonly matches: MatchResult['matches']; readonly ticket?: number } = await worker.call(
      'matchMore',
      { ticket },
      signal,
    );
    matches.push(...more.matches);
    ticket = more.ticket;
  }
  return { ...result, matches };
}
