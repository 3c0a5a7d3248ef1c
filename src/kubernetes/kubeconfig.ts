import { parseDocument, visit } from 'yaml';
import * as z from 'zod';
import { DamagedError, LimitExceededError, RefusedError } from '../core/errors.ts';

/** How to reach an API server and who to be there. Holds credentials: memory only. */
export interface ClusterAccess {
  /** Origin, such as `https://aks-shop-dns-abcd1234.hcp.westeurope.azmk8s.io`. */
  readonly server: string;
  /** The cluster's own authority, PEM: it replaces the trusted roots for this server. */
  readonly ca: string;
  readonly signIn: ClusterSignIn;
}

export type ClusterSignIn =
  /** A client certificate with the rights of an administrator. */
  | { readonly kind: 'certificate'; readonly cert: string; readonly key: string }
  | { readonly kind: 'token'; readonly token: string }
  /** A token of Entra for the application `serverId`. */
  | { readonly kind: 'entra'; readonly serverId: string };

/** The AKS server application of Entra, the same in every cloud. Azure Kubernetes Service, "Use kubelogin". */
export const aksServerId = '6dae42f8-4368-4678-94ff-3960e28e3630';

const longest = 1024 * 1024;
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const text = z.string().optional().catch(undefined);
const schema = z.object({
  'current-context': text,
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) })),
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({
        server: z.string(),
        'certificate-authority-data': text,
        'insecure-skip-tls-verify': z.boolean().optional().catch(undefined),
      }),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      user: z.object({
        'client-certificate-data': text,
        'client-key-data': text,
        token: text,
        exec: z
          .object({ args: z.array(z.coerce.string()).nullish().catch(undefined) })
          .nullish()
          .catch(undefined),
        'auth-provider': z
          .object({ name: text, config: z.record(z.string(), z.unknown()).nullish().catch(undefined) })
          .nullish()
          .catch(undefined),
      }),
    }),
  ),
});

/**
 * Reads a kubeconfig of `listClusterUserCredential`. Commands in it are never run and files never opened: of an `exec`
 * section only the server application's id counts. `hosts` are the names that the ARM resource gives the API server; a
 * server elsewhere is refused, so that no token goes there. Kubernetes, "kubeconfig (v1)".
 * Throws DamagedError, LimitExceededError, RefusedError.
 */
export function readKubeconfig(source: string, hosts: readonly string[], clusterName: string): ClusterAccess {
  const damaged = (reason: string, cause?: unknown): DamagedError =>
    new DamagedError(
      `Cannot use the credentials of cluster "${clusterName}": ${reason}`,
      'Fetch them again; check the cluster in the portal if it stays.',
      cause === undefined ? undefined : { cause },
    );
  if (source.length > longest) {
    throw new LimitExceededError(`Cannot use the credentials of cluster "${clusterName}": too large`, 'Report this.');
  }
  const parsed = schema.safeParse(parseYaml(source, damaged));
  if (!parsed.success) throw damaged(`"${parsed.error.issues[0]?.path.map(String).join('.') ?? ''}" is not readable`);
  const { contexts, clusters, users } = parsed.data;
  const wanted = parsed.data['current-context'];
  const context = (contexts.find(({ name }) => name === wanted) ?? contexts[0])?.context;
  const cluster = clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = users.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined) throw damaged('its context names nothing');
  if (cluster['insecure-skip-tls-verify'] === true) {
    throw new RefusedError(
      `Cannot use the credentials of cluster "${clusterName}": they switch certificate checks off`,
      'Report this: Azure does not send such credentials.',
    );
  }
  const ca = pem(cluster['certificate-authority-data'], 'CERTIFICATE');
  if (ca === undefined) throw damaged('the authority of the cluster is missing');
  return { server: serverOrigin(cluster.server, hosts, clusterName), ca, signIn: signInOf(user, damaged) };
}

function parseYaml(source: string, damaged: (reason: string, cause?: unknown) => DamagedError): unknown {
  // aliases can make a small text very large; kubeconfig files of Azure have none
  const document = parseDocument(source, { schema: 'core', merge: false });
  if (document.errors.length > 0) throw damaged('it is not YAML', document.errors[0]);
  const aliases: unknown[] = [];
  visit(document, {
    Alias(_key, node) {
      aliases.push(node);
      return visit.BREAK;
    },
  });
  if (aliases.length > 0) throw damaged('it refers to its own parts');
  return document.toJS({ maxAliasCount: 0 });
}

function serverOrigin(server: string, hosts: readonly string[], clusterName: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || (url.pathname !== '/' && url.pathname !== '')) {
    throw new RefusedError(
      `Cannot use the credentials of cluster "${clusterName}": the address of the server is no https origin`,
      'Report this: Azure does not send such credentials.',
    );
  }
  const port = url.port === '' ? '443' : url.port;
  const matches = hosts.some((host) => {
    const known = host.toLowerCase();
    return (/:\d+$/.test(known) ? known : `${known}:443`) === `${url.hostname}:${port}`;
  });
  if (!matches) {
    throw new RefusedError(
      `Cannot use the credentials of cluster "${clusterName}": they lead to "${url.host}", which is none of the names that Azure gives the cluster`,
      'Nothing was sent there. Check the cluster in the portal.',
    );
  }
  return url.origin;
}

type User = z.infer<typeof schema>['users'][number]['user'];

function signInOf(user: User, damaged: (reason: string) => DamagedError): ClusterSignIn {
  const cert = pem(user['client-certificate-data'], 'CERTIFICATE');
  const key = pem(user['client-key-data'], '(?:RSA |EC )?PRIVATE KEY');
  if (cert !== undefined && key !== undefined) return { kind: 'certificate', cert, key };
  const provider = user['auth-provider'];
  if (user.exec !== undefined && user.exec !== null) {
    const args = user.exec.args ?? [];
    const at = args.indexOf('--server-id');
    const inline = args.find((arg) => arg.startsWith('--server-id='))?.slice('--server-id='.length);
    return { kind: 'entra', serverId: serverId(at >= 0 ? args[at + 1] : inline) };
  }
  if (provider !== undefined && provider !== null && provider.name === 'azure') {
    const id = provider.config?.['apiserver-id'];
    return { kind: 'entra', serverId: serverId(typeof id === 'string' ? id : undefined) };
  }
  if (user.token !== undefined && user.token !== '') return { kind: 'token', token: user.token };
  throw damaged('it offers no way to sign in that a service principal can use');
}

/** Only a GUID may become a scope; anything else is replaced by the application that all managed clusters share. */
function serverId(candidate: string | undefined): string {
  return candidate !== undefined && guid.test(candidate) ? candidate.toLowerCase() : aksServerId;
}

function pem(base64: string | undefined, label: string): string | undefined {
  if (base64 === undefined) return undefined;
  const decoded = Buffer.from(base64, 'base64').toString('utf8');
  return new RegExp(`-----BEGIN ${label}-----`).test(decoded) ? decoded : undefined;
}
