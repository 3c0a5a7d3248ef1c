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
  const ids = new Identifiers();
  const packages: object[] = [];
  const relationships: Relationship[] = [relation(documentId, 'DESCRIBES', imageId)];
  if (os !== undefined) relationships.push(relation(imageId, 'CONTAINS', osId));
  for (const each of content.packages) {
    const { found } = each;
    const id = ids.of('Package', each.key, found);
    packages.push(binary(id, each));
    relationships.push(relation(imageId, 'CONTAINS', id));
    if (found.source === undefined) continue;
    const { name, version } = found.source;
    const sourceId = ids.of('Source', `${found.type} ${name} ${version}`, found.source);
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
      ...packages,
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

function binary(id: string, { found, paths, layers, declared, developmentOnly }: SbomPackage): object {
  const where = [
    ...paths.map((path) => `found in: ${path}`),
    ...layers.map((layer) => `layer: ${layer}`),
    ...(found.ownedBy === undefined ? [] : [`belongs to the package: ${found.ownedBy}`]),
    ...(declared ? ['named by a lock file only'] : []),
    ...(developmentOnly ? ['needed to build or test only'] : []),
  ];
  return {
    SPDXID: id,
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

/** Identifiers of letters, digits, dots and dashes; a number keeps apart what looks the same then. SPDX 2.3, 7.2. */
class Identifiers {
  readonly #byKey = new Map<string, string>();
  readonly #uses = new Map<string, number>();

  /** The same for the same kind and key. */
  of(kind: string, key: string, { name, version }: { readonly name: string; readonly version: string }): string {
    const known = this.#byKey.get(`${kind} ${key}`);
    if (known !== undefined) return known;
    const words = `${name}-${version}`.slice(0, 150).replace(/[^A-Za-z0-9.]+/g, '-');
    const plain = `SPDXRef-${kind}-${words}`;
    const use = (this.#uses.get(plain) ?? 0) + 1;
    this.#uses.set(plain, use);
    // two dashes stand in no plain one: whatever was replaced became a single one
    const id = use === 1 ? plain : `${plain}--${use}`;
    this.#byKey.set(`${kind} ${key}`, id);
    return id;
  }
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
