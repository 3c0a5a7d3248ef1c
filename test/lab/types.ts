// What a running lab gives to tests and to `npm start`.
import type { SignInData } from './data/directory.ts';
import type { ClusterKey } from './data/clusters.ts';
import type { RegistryKey } from './data/registries.ts';
import type { Faults } from './faults.ts';
import type { BuiltImages } from './images/main.ts';
import type { RecordedRequest } from './journal.ts';
import type { Specimens } from './registry/specimens.ts';

export interface LabOptions {
  /** Where built images are kept; default `.cache/lab` of the repository. */
  readonly cacheDir?: string;
  readonly log?: (line: string) => void;
  /** Fails where Debian's `docker-registry` is not installed, instead of using the built-in registry. */
  readonly requireRealRegistry?: boolean;
  /** So many generated resources beside the others; pages are then as large as Azure's. */
  readonly resources?: number;
  /** `specimens` leaves the built images and the advisories out: a start without any building. Default `built`. */
  readonly images?: 'built' | 'specimens';
}

/** The fields of the setting `plimsoll.customCloud`. */
export interface LabCloud {
  readonly authorityHost: string;
  readonly armEndpoint: string;
  /** Another name than the endpoint: scopes must come from here. */
  readonly armAudience: string;
  readonly registryAudience: string;
  /** `127.0.0.1`: login servers are this host with a port, so compare host names without ports. */
  readonly registrySuffix: string;
  readonly blobHosts: string[];
  readonly graphEndpoint: string;
  readonly portalUrl: string;
}

export interface LabData {
  /** PEM file of the lab's authority, for `NODE_EXTRA_CA_CERTS`. */
  readonly caFile: string;
  readonly caPem: string;
  readonly customCloud: LabCloud;
  readonly credentials: SignInData & {
    readonly subscriptionId: string;
    readonly subscriptionId2: string;
    /** It can be seen; nothing in it may be read. */
    readonly deniedSubscriptionId: string;
    /** By what is right or wrong with them: `good`, `readerOnly`, `noRoles`, `wrongSecret`, `secretId`, … */
    readonly named: Readonly<Record<string, SignInData>>;
  };
  readonly mirrorUrl: string;
  readonly controlUrl: string;
  /** A host of another owner; whatever arrives there is in `requests()` under the role `elsewhere`. */
  readonly elsewhereUrl: string;
  readonly registries: Readonly<
    Record<RegistryKey, { readonly name: string; readonly loginServer: string; readonly resourceId: string }>
  >;
  readonly clusters: Readonly<
    Record<
      ClusterKey,
      {
        readonly name: string;
        readonly resourceGroup: string;
        readonly resourceId: string;
        readonly server: string;
        readonly fqdn: string;
      }
    >
  >;
  /** What stands behind the registry fronts. */
  readonly registryKind: 'docker-registry' | 'built-in';
  readonly images: BuiltImages['images'];
  readonly specimens: Specimens;
  readonly workspaceDir: string;
  /** For child processes: credentials, authority, and `PLIMSOLL_LAB_*` with the rest. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Lab extends LabData {
  /** Everything that was asked of the lab since its start or the last clearing, in order of arrival. */
  requests(): RecordedRequest[];
  clearRequests(): void;
  readonly faults: Faults;
  stop(): Promise<void>;
}
