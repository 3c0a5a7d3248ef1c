// The Azure lab: everything of Azure that the product reads, on loopback, over TLS with an authority made on the spot.
// `node test/lab/main.ts` prints the handle as one line of JSON and serves until it is told to stop.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Access } from './access.ts';
import { resourceManager } from './arm/server.ts';
import { ResourceStore } from './arm/resource.ts';
import { createAuthority, issueRsa } from './certificates.ts';
import { startControl } from './control.ts';
import { denyAssignments, roleAssignments } from './data/assignments.ts';
import { clusterAsItIs, clusterResources, clusters, privateHost, type ClusterKey } from './data/clusters.ts';
import { assessments, pricings } from './data/defender.ts';
import { allApps, apps, namedSignIns, tenant, tenants } from './data/directory.ts';
import { finance, production, staging, subscriptions } from './data/estate.ts';
import { generatedResources } from './data/generated.ts';
import { networkResources } from './data/network.ts';
import { registries, registryKeys, registryResources } from './data/registries.ts';
import { serviceResources } from './data/services.ts';
import { workloads } from './data/workloads.ts';
import { entra } from './entra.ts';
import { FaultBoard } from './faults.ts';
import { microsoftGraph } from './graph.ts';
import { makeFolders } from './folders.ts';
import { buildImages, buildMirror } from './images/main.ts';
import { Journal } from './journal.ts';
import type { Json } from './json.ts';
import { byKey, mapKeys } from './keys.ts';
import { entraKubeconfig, localKubeconfig } from './kubernetes/kubeconfig.ts';
import { clusterApi, kubernetesServerId } from './kubernetes/server.ts';
import { mirror } from './mirror.ts';
import { startOrigin, type Origin } from './origin.ts';
import { findRegistryProgram } from './registry/backing.ts';
import { serveRegistries } from './registry/serve.ts';
import { writeSpecimens } from './registry/specimens.ts';
import { cloneTree, RegistryStorage } from './registry/storage.ts';
import { resourceGraph } from './resource-graph/server.ts';
import { imageFinder } from './runnable-images.ts';
import { TokenSigner } from './tokens.ts';
import type { Lab, LabCloud, LabData, LabOptions } from './types.ts';

export type { Lab, LabOptions } from './types.ts';
export type { FaultKind, FaultRule, Faults, LabSettings } from './faults.ts';
export type { RecordedRequest } from './journal.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const armAudience = 'https://management.lab.plimsoll.test';
const registryAudience = 'https://containerregistry.azure.net';

/** Pages small enough that paging happens, or as large as Azure's for tests of scale. */
const smallPages = { arm: 3, resourceGraph: 20, graph: 2, registry: 2, kubernetes: 4 };
const largePages = { arm: 100, resourceGraph: 1000, graph: 100, registry: 100, kubernetes: 500 };

/**
 * Starts the lab. Throws when images cannot be built, or when the real registry is required and not installed; nothing
 * is left running then.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const closers: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await assemble(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  options: LabOptions,
  closers: (() => void | Promise<void>)[],
  close: () => Promise<void>,
): Promise<Lab> {
  const log = options.log ?? ((): void => undefined);
  const cacheDir = options.cacheDir ?? path.join(repository, '.cache', 'lab');
  const pages = (options.resources ?? 0) > 0 ? largePages : smallPages;
  const program = findRegistryProgram();
  if (program === undefined && options.requireRealRegistry === true) {
    throw new Error('The program "docker-registry" is not installed. On Debian: apt-get install docker-registry');
  }
  const folders = makeFolders(cacheDir, closers);
  const faults = new FaultBoard();
  const journal = new Journal();
  const authority = createAuthority('Plimsoll lab authority');
  const clusterAuthorities = { entra: createAuthority('aks-harbour ca'), local: createAuthority('aks-edge ca') };
  const caFile = path.join(folders.run, 'ca.pem');
  writeFileSync(caFile, authority.certificatePem);
  const [signerCertificate, built] = await Promise.all([
    issueRsa(authority, 'Plimsoll lab token signer'),
    options.images === 'specimens' ? undefined : buildImages({ cacheDir, log }),
  ]);
  const signer = new TokenSigner(signerCertificate);
  if (built !== undefined) cloneTree(built.registryStorage, folders.storage);
  const storage = new RegistryStorage(folders.storage);
  const specimens = writeSpecimens(storage);

  const hosts = ['127.0.0.1', 'localhost'];
  const certificate = authority.issue({ commonName: 'localhost', hosts });
  let elsewhereUrl = '';
  const open = async (role: string, cluster?: ClusterKey): Promise<Origin> => {
    const origin = await startOrigin({
      role,
      certificate:
        cluster === undefined ? certificate : clusterAuthorities[cluster].issue({ commonName: 'apiserver', hosts }),
      ...(cluster === 'local' ? { clientAuthority: clusterAuthorities.local.certificatePem } : {}),
      journal,
      faults,
      elsewhere: () => elsewhereUrl,
      log,
    });
    closers.push(() => origin.close());
    return origin;
  };
  const [authorityOrigin, arm, graph, blobs, dataEndpoint, mirrorOrigin, elsewhere] = (await Promise.all(
    (['entra', 'arm', 'graph', 'blobs', 'dataEndpoint', 'mirror', 'elsewhere'] as const).map((role) => open(role)),
  )) as [Origin, Origin, Origin, Origin, Origin, Origin, Origin];
  elsewhereUrl = elsewhere.origin;
  const registryOrigins = await byKey(registryKeys, (key) => open(`registry.${key}`));
  const clusterOrigins = await byKey(['local', 'entra'] as const, (key) => open(`cluster.${key}`, key));

  const customCloud: LabCloud = {
    authorityHost: authorityOrigin.origin,
    armEndpoint: arm.origin,
    armAudience,
    registryAudience,
    registrySuffix: '127.0.0.1',
    blobHosts: [blobs.host],
    graphEndpoint: graph.origin,
    portalUrl: 'https://portal.lab.plimsoll.test',
  };
  const access = new Access({
    assignments: roleAssignments({ good: registries.good.id, acronly: registries.acronly.id }),
    denials: denyAssignments,
    apps: allApps,
    managementScopes: (subscriptionId) =>
      (subscriptions.find((one) => one.subscriptionId === subscriptionId)?.managementGroups ?? []).map(
        (name) => `/providers/Microsoft.Management/managementGroups/${name}`,
      ),
    revokedRoles: () => faults.settings.revokedRoles,
  });
  const find = imageFinder(built, specimens, registryOrigins);
  const orders = find('services/orders');
  const store = new ResourceStore(
    [
      ...registryResources({
        loginServers: {
          good: registryOrigins.good.host,
          admin: registryOrigins.admin.host,
          acronly: registryOrigins.acronly.host,
          firewall: registryOrigins.firewall.host,
        },
        dataEndpoint: dataEndpoint.host,
      }),
      ...clusterResources({ local: clusterOrigins.local.host, entra: clusterOrigins.entra.host }),
      ...networkResources(),
      ...serviceResources(),
      ...pricings(),
      ...assessments({
        registryId: registries.good.id,
        loginServer: orders.host,
        repository: orders.repository,
        digest: orders.digest,
        tag: orders.tag,
        clusterId: clusters.entra.id,
      }),
      ...generatedResources(options.resources ?? 0),
    ],
    (one) => clusterAsItIs(one, faults.settings),
  );

  authorityOrigin.serve(
    entra({
      tenants,
      apps: allApps,
      resources: [
        { kind: 'arm', audience: armAudience },
        { kind: 'registry', audience: registryAudience },
        { kind: 'graph', audience: graph.origin },
        { kind: 'graph', audience: '00000003-0000-0000-c000-000000000000' },
        { kind: 'kubernetes', audience: kubernetesServerId },
        { kind: 'other', audience: 'https://storage.azure.com' },
        { kind: 'other', audience: 'https://vault.azure.net' },
      ],
      signer,
      faults,
      mainApp: apps.good.name,
    }),
  );
  const clientCertificate = clusterAuthorities.local.issue({
    commonName: 'masterclient',
    organization: 'system:masters',
  });
  const localToken = randomBytes(32).toString('hex');
  arm.serve(
    resourceManager({
      signer,
      audience: armAudience,
      tenantId: tenant.tenantId,
      authorityHost: authorityOrigin.origin,
      access,
      store,
      faults,
      pageSize: pages.arm,
      graphEndpoint: graph.origin,
      portalUrl: customCloud.portalUrl,
      resourceGraph: resourceGraph({
        access,
        store,
        tenantId: tenant.tenantId,
        lockedSubscriptions: () => faults.settings.lockedSubscriptions,
        faults,
        pageSize: pages.resourceGraph,
      }),
      kubeconfig(name, format) {
        const key = name === clusters.local.name ? 'local' : 'entra';
        const parts = {
          cluster: clusters[key].name,
          resourceGroup: clusters[key].resourceGroup,
          server: faults.settings.privateClusters.includes(clusters[key].name)
            ? `https://${privateHost(clusters[key].name)}:443`
            : clusterOrigins[key].origin,
          authorityPem: clusterAuthorities[key].certificatePem,
        };
        const text =
          key === 'local'
            ? localKubeconfig(parts, { ...clientCertificate, token: localToken })
            : entraKubeconfig(parts, kubernetesServerId, tenant.tenantId, format === 'azure');
        return Buffer.from(text).toString('base64');
      },
    }),
  );
  graph.serve(microsoftGraph({ signer, audience: graph.origin, tenantId: tenant.tenantId, pageSize: pages.graph }));

  const backing = await serveRegistries({
    origins: registryOrigins,
    blobs,
    dataEndpoint,
    storage,
    specimens,
    images: built?.images ?? [],
    program,
    folder: folders.run,
    signer,
    access,
    faults,
    audiences: { registry: registryAudience, arm: armAudience },
    pageSize: pages.registry,
  });
  closers.push(() => backing.stop());
  if (program === undefined) {
    log('The program "docker-registry" is not installed: the built-in registry serves the images.');
  }

  const objects = workloads(find);
  clusterOrigins.entra.serve(
    clusterApi({
      name: clusters.entra.name,
      clusterId: clusters.entra.id,
      version: '1.33.4',
      objects: objects.entra,
      customGroups: ['gateway.networking.k8s.io', 'approuting.kubernetes.azure.com'],
      signIn: { kind: 'entra', signer, tenantId: tenant.tenantId, access },
      faults,
      pageSize: pages.kubernetes,
    }),
  );
  clusterOrigins.local.serve(
    clusterApi({
      name: clusters.local.name,
      clusterId: clusters.local.id,
      version: '1.31.7',
      objects: objects.local,
      customGroups: [],
      signIn: { kind: 'local', token: localToken },
      faults,
      pageSize: pages.kubernetes,
    }),
  );

  const mirrorFolder =
    built === undefined ? path.join(folders.run, 'mirror') : await buildMirror({ cacheDir, images: built });
  mkdirSync(mirrorFolder, { recursive: true });
  mirrorOrigin.serve(mirror(mirrorFolder));
  elsewhere.serve((exchange) => {
    exchange.violation('a request to a host of another owner');
    return { status: 200, headers: { 'content-type': 'application/json' }, body: '{"value":[]}' };
  });

  const known: { data?: LabData } = {};
  const control = await startControl({
    faults,
    journal,
    handle: () => JSON.parse(JSON.stringify(known.data ?? null)) as Json,
  });
  closers.push(() => control.close());
  const cloudFile = path.join(folders.run, 'cloud.json');
  writeFileSync(cloudFile, JSON.stringify(customCloud, undefined, 2));
  const { good } = namedSignIns;
  if (good === undefined) throw new Error('The lab has no good sign-in.');
  const data: LabData = {
    caFile,
    caPem: authority.certificatePem,
    customCloud,
    credentials: {
      ...good,
      subscriptionId: production.subscriptionId,
      subscriptionId2: staging.subscriptionId,
      deniedSubscriptionId: finance.subscriptionId,
      named: namedSignIns,
    },
    mirrorUrl: mirrorOrigin.origin,
    controlUrl: control.url,
    elsewhereUrl,
    registries: mapKeys(registryKeys, (key) => ({
      name: registries[key].name,
      loginServer: registryOrigins[key].host,
      resourceId: registries[key].id,
    })),
    clusters: mapKeys(['local', 'entra'] as const, (key) => ({
      name: clusters[key].name,
      resourceGroup: clusters[key].resourceGroup,
      resourceId: clusters[key].id,
      server: clusterOrigins[key].origin,
      fqdn: clusterOrigins[key].host,
    })),
    registryKind: program === undefined ? 'built-in' : 'docker-registry',
    images: built?.images ?? [],
    specimens,
    workspaceDir: path.join(import.meta.dirname, 'workspace'),
    env: {
      NODE_EXTRA_CA_CERTS: caFile,
      AZURE_TENANT_ID: good.tenantId,
      AZURE_CLIENT_ID: good.clientId,
      AZURE_CLIENT_SECRET: good.clientSecret,
      AZURE_SUBSCRIPTION_ID: production.subscriptionId,
      PLIMSOLL_LAB_CLOUD: cloudFile,
      PLIMSOLL_LAB_CONTROL: control.url,
      PLIMSOLL_LAB_MIRROR: mirrorOrigin.origin,
    },
  };
  known.data = data;
  return {
    ...data,
    faults,
    requests: () => journal.list(),
    clearRequests: () => {
      journal.clear();
    },
    stop: close,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'cache-dir': { type: 'string' },
      'require-real-registry': { type: 'boolean' },
      resources: { type: 'string' },
      specimens: { type: 'boolean' },
    },
  });
  const starting = startLab({
    log: (line) => process.stderr.write(`${line}\n`),
    ...(values['cache-dir'] === undefined ? {} : { cacheDir: path.resolve(values['cache-dir']) }),
    ...(values['require-real-registry'] === true ? { requireRealRegistry: true } : {}),
    ...(values.resources === undefined ? {} : { resources: Number(values.resources) }),
    ...(values.specimens === true ? { images: 'specimens' } : {}),
  });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void starting.then((lab) => lab.stop()).finally(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const lab = await starting;
  // functions drop out: the plain data is left
  process.stdout.write(`${JSON.stringify({ ...lab, faults: undefined })}\n`);
}

if (import.meta.main) await main();
