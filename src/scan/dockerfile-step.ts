import { randomUUID } from 'node:crypto';
import { TurnTaker } from '../core/concurrency.ts';
import { checkDockerfile } from '../dockerfile/check.ts';
import { findingsOfDockerfile } from '../findings/from-dockerfile.ts';
import type { ScanPorts } from './ports.ts';

/** Checks Dockerfiles with the static rules and writes the findings. Returns the number of violations. */
export async function scanDockerfiles(
  ports: Pick<ScanPorts, 'store' | 'clock' | 'listItem'>,
  files: readonly { readonly uri: string; readonly path: string; readonly text: string }[],
  scanId: string = randomUUID(),
): Promise<number> {
  const at = ports.clock.now().toISOString();
  const turns = new TurnTaker();
  let count = 0;
  for (const { uri, path, text } of files) {
    const { violations } = checkDockerfile(text, { today: at.slice(0, 10) });
    count += violations.length;
    const drafts = findingsOfDockerfile({ uri, path, text, violations, at });
    await ports.store.applyResults(`dockerfile:${uri}`, undefined, scanId, drafts, (finding) =>
      ports.listItem(finding, []),
    );
    await turns.pause();
  }
  return count;
}
