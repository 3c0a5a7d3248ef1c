// Which images the lab has, where they lie and how they are made. All come from Dockerfiles of the sample workspace.
import type { Compression } from './blobs.ts';
import type { Dialect } from './oci.ts';

export type RegistryRole = 'good' | 'admin' | 'acronly' | 'firewall';

export interface Target {
  readonly registry: RegistryRole;
  readonly repository: string;
  /** Tags in the order in which they are pushed; a later target with the same tag takes it away. */
  readonly tags: readonly string[];
  /** Folder of the Dockerfile in the sample workspace; it is the context too. */
  readonly folder: string;
  /** Built by running Debian's tools, so only where root, debootstrap and docker-registry are. */
  readonly needsDebian?: true;
  /** `npm ci` runs in the context first. */
  readonly needsNpm?: true;
  /** Files of the context with other content than in the workspace: an older state of the same service. */
  readonly earlier?: Readonly<Record<string, string>>;
  readonly platforms?: readonly ('amd64' | 'arm64')[];
  /** An attestation beside the platforms of the index, and a signature that refers to the index. */
  readonly attested?: true;
  readonly signed?: true;
  readonly compression?: Compression;
  readonly dialect?: Dialect;
  /** Where the build writes revision, path of the Dockerfile and base image, if anywhere. */
  readonly origin?: 'labels' | 'annotations';
}

const ordersOf = (version: string): Readonly<Record<string, string>> => ({
  'src/version.js': `'use strict';\n\nexports.version = '${version}';\n`,
});

export const TARGETS: readonly Target[] = [
  {
    registry: 'good',
    repository: 'base/alpine',
    tags: ['3.20'],
    folder: 'images/base-alpine',
    platforms: ['amd64', 'arm64'],
    origin: 'labels',
  },
  { registry: 'admin', repository: 'base/static', tags: ['12'], folder: 'images/base-static', origin: 'labels' },
  {
    registry: 'good',
    repository: 'base/debian',
    tags: ['12', 'latest'],
    folder: 'images/base-debian',
    needsDebian: true,
    origin: 'labels',
  },
  // The first build of 1.4.1 lost its tag to the second one; `latest` moved on with each.
  {
    registry: 'good',
    repository: 'services/orders',
    tags: ['1.4.1', 'latest'],
    folder: 'services/orders',
    needsDebian: true,
    needsNpm: true,
    earlier: ordersOf('1.4.1-rc.1'),
    origin: 'labels',
  },
  {
    registry: 'good',
    repository: 'services/orders',
    tags: ['1.4.1', 'latest'],
    folder: 'services/orders',
    needsDebian: true,
    needsNpm: true,
    earlier: ordersOf('1.4.1'),
    origin: 'labels',
  },
  {
    registry: 'good',
    repository: 'services/orders',
    tags: ['1.4.2', 'latest'],
    folder: 'services/orders',
    needsDebian: true,
    needsNpm: true,
    origin: 'labels',
  },
  {
    registry: 'good',
    repository: 'services/gateway',
    tags: ['2.0.3'],
    folder: 'services/gateway',
    platforms: ['amd64', 'arm64'],
    attested: true,
    signed: true,
    origin: 'annotations',
  },
  {
    registry: 'admin',
    repository: 'tools/legacy',
    tags: ['latest'],
    folder: 'tools/legacy',
    needsDebian: true,
    dialect: 'docker',
  },
  {
    registry: 'admin',
    repository: 'tools/status',
    tags: ['0.9.0'],
    folder: 'tools/status',
    needsDebian: true,
    origin: 'labels',
  },
  {
    registry: 'acronly',
    repository: 'services/storefront',
    tags: ['3.1.0'],
    folder: 'services/storefront',
    needsNpm: true,
    compression: 'zstd',
    origin: 'labels',
  },
  {
    registry: 'acronly',
    repository: 'services/reports',
    tags: ['0.4.0'],
    folder: 'services/reports',
    compression: 'none',
  },
  { registry: 'firewall', repository: 'services/ledger', tags: ['5.2.0'], folder: 'services/ledger' },
];
