import { createHash } from 'node:crypto';
import { compareText } from '../../core/order.ts';
import { formatTime, sbomContent, type SbomInput, type SbomPackage } from './document.ts';

interface Relationship {
  readonly spdxElementId: string;
  readonly relationshipType: string;
  readonly relatedSpdxElement: string;
}

const documentId = 'SPDXRef-DOCUMENT';
const imageId = 'SPDXRef-Image';
const osId = 'SPDXRef-OperatingSystem';

/**
 * The packages of an image as an SPDX 2.3 document in JSON: the image contains the packages, and those of a distribution are
 * generated from their source packages. The same input gives the same text but for the time of creation. Licences are not
 * read and said to be unknown. What could not be read is named in the document's comment.
 */
export function toSpdx(input: SbomInput): object {
  const { ref, report } = input;
  const content = sbomContent(input);
  const { os } = report;
  const sources = new Map<string, { readonly name: string; readonly version: string }>();
  const relationships: Relationship[] = [relation(documentId, 'DESCRIBES', imageId)];
  if (os !== undefined) relationships.push(relation(imageId, 'CONTAINS', osId));
  for (const { key, found } of content.packages) {
    const id = idOf('Package', found, key);
    relationships.push(relation(imageId, 'CONTAINS', id));
    if (found.source === undefined) continue;
    const sourceKey = `${found.type} ${found.source.name} ${found.source.version}`;
    const sourceId = idOf('Source', found.source, sourceKey);
    sources.set(sourceId, found.source);
    relationships.push(relation(id, 'GENERATED_FROM', sourceId));
  }
  const tool = input.toolVersion === undefined ? 'Plimsoll' : `Plimsoll-${input.toolVersion}`;
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: documentId,
    name: ref,
    documentNamespace: `urn:uuid:${content.uuid}`,
    creationInfo: { created: formatTime(input.createdAt), creators: [`Tool: ${tool}`] },
    ...comment(input),
    packages: [
      {
        SPDXID: imageId,
        name: ref,
        versionInfo: report.digest,
        primaryPackagePurpose: 'CONTAINER',
        ...unknowns,
        ...(content.digest === undefined
          ? {}
          : { checksums: [{ algorithm: 'SHA256', checksumValue: content.digest.slice('sha256:'.length) }] }),
        ...(content.platform === undefined ? {} : { comment: `platform: ${content.platform}` }),
        ...purlReference(content.purl),
      },
      ...(os === undefined
        ? []
        : [
            {
              SPDXID: osId,
              name: os.id,
              ...(os.version === undefined ? {} : { versionInfo: os.version }),
              ...(os.name === undefined ? {} : { summary: os.name }),
              primaryPackagePurpose: 'OPERATING_SYSTEM',
              ...unknowns,
            },
          ]),
      ...content.packages.map(binary),
      ...[...sources]
        .sort(([a], [b]) => compareText(a, b))
        .map(([id, { name, version }]) => ({
          SPDXID: id,
          name,
          ...(version === '' ? {} : { versionInfo: version }),
          primaryPackagePurpose: 'SOURCE',
          ...unknowns,
        })),
    ],
    relationships,
  };
}

const unknowns = {
  downloadLocation: 'NOASSERTION',
  filesAnalyzed: false,
  licenseConcluded: 'NOASSERTION',
  licenseDeclared: 'NOASSERTION',
  copyrightText: 'NOASSERTION',
} as const;

function binary({ key, found, paths, layers, declared, developmentOnly }: SbomPackage): object {
  const where = [
    ...paths.map((path) => `found in: ${path}`),
    ...layers.map((layer) => `layer: ${layer}`),
    ...(found.ownedBy === undefined ? [] : [`belongs to the package: ${found.ownedBy}`]),
    ...(declared ? ['named by a lock file only'] : []),
    ...(developmentOnly ? ['needed to build or test only'] : []),
  ];
  return {
    SPDXID: idOf('Package', found, key),
    name: found.name,
    versionInfo: found.version,
    primaryPackagePurpose: 'LIBRARY',
    ...unknowns,
    ...(where.length === 0 ? {} : { sourceInfo: where.join('; ') }),
    ...purlReference(found.purl),
  };
}

function comment({ report }: SbomInput): { comment?: string } {
  const { problems } = report;
  if (problems.length === 0) return {};
  const shown = problems.slice(0, 100).map(({ path, reason }) => (path === '' ? reason : `${path}: ${reason}`));
  return { comment: `Partial: ${problems.length} parts of the image could not be read. ${shown.join('; ')}` };
}

/** Letters, digits, dots and dashes; the hash of the key keeps apart what looks the same then. SPDX 2.3, 7.2. */
function idOf(kind: string, { name }: { readonly name: string }, key: string): string {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 12);
  return `SPDXRef-${kind}-${name.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 100)}-${hash}`;
}

function relation(spdxElementId: string, relationshipType: string, relatedSpdxElement: string): Relationship {
  return { spdxElementId, relationshipType, relatedSpdxElement };
}

function purlReference(purl: string | undefined): { externalRefs?: object[] } {
  return purl === undefined
    ? {}
    : {
        externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
      };
}
