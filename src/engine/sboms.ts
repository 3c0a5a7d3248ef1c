import type { SbomExport, SbomFormat, ScannedImage } from '../engine-contract.ts';
import type { Clock } from '../core/clock.ts';
import { yieldToEventLoop } from '../core/concurrency.ts';
import { compareText } from '../core/order.ts';
import { toCycloneDx } from '../findings/sbom/cyclonedx.ts';
import type { SbomInput } from '../findings/sbom/document.ts';
import { toSpdx } from '../findings/sbom/spdx.ts';
import { formatReference } from '../registry/reference.ts';
import type { Documents } from '../scan/documents.ts';
import type { StateStore } from '../store/state-store.ts';

/** Images that were read, by name; of one name the newest first. */
export function scannedImages(documents: Documents): ScannedImage[] {
  return documents
    .images()
    .map(({ key, record }): ScannedImage => {
      const { host, repository, tags, platform, digest, scannedAt } = record;
      return {
        assetId: `image:${key}`,
        name: `${host}/${repository}${tags.length === 0 ? '' : `:${tags.join(', ')}`}`,
        platform,
        digest,
        scannedAt,
      };
    })
    .sort((a, b) => compareText(a.name, b.name) || compareText(b.scannedAt, a.scannedAt));
}

/** The packages of an image as they were read last; undefined when nothing of it is stored. Touches no network. */
export async function exportSbom(
  from: { readonly store: StateStore; readonly documents: Documents; readonly clock: Clock },
  assetId: string,
  format: SbomFormat,
  toolVersion: string,
): Promise<SbomExport | undefined> {
  const [, host = '', rest = ''] = /^image:([^/]+)(\/.+)$/.exec(assetId) ?? [];
  const record = from.documents.image(host.toLowerCase() + rest);
  const report = record === undefined ? undefined : await from.store.getImage(record.digest);
  if (record === undefined || report === undefined) return undefined;
  const { repository, digest, tags } = record;
  const [tag] = tags.length === 1 ? tags : [];
  const reference = { host: record.host, repository, digest, ...(tag === undefined ? {} : { tag }) };
  const input: SbomInput = {
    ref: formatReference(reference),
    reference,
    report,
    createdAt: from.clock.now(),
    ...(toolVersion === '' ? {} : { toolVersion }),
  };
  const document = format === 'cyclonedx' ? toCycloneDx(input) : toSpdx(input);
  await yieldToEventLoop();
  return {
    text: `${JSON.stringify(document, undefined, 2)}\n`,
    fileName: `${repository.slice(repository.lastIndexOf('/') + 1)}-${tag ?? digest.slice('sha256:'.length, 'sha256:'.length + 12)}`,
    notRead: report.problems.length,
  };
}
