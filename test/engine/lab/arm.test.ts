import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { Agent } from 'node:https';
import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { ContainerServiceClient } from '@azure/arm-containerservice';
import { SubscriptionClient } from '@azure/arm-subscriptions';
import { ClientSecretCredential } from '@azure/identity';
import { at, isArray, textOf, type Json } from '../../lab/json.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { accessToken, armToken, ask, bearer, type Answer } from './support.ts';

describe('lab: Resource Manager', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab({ images: 'specimens' });
  });
  after(() => lab.stop());
  beforeEach(() => lab.clearRequests());
  afterEach(() => lab.faults.reset());

  const credential = (name = 'good'): ClientSecretCredential => {
    const { tenantId, clientId, clientSecret } = lab.credentials.named[name]!;
    return new ClientSecretCredential(tenantId, clientId, clientSecret, {
      authorityHost: lab.customCloud.authorityHost,
      disableInstanceDiscovery: true,
      tlsOptions: { ca: lab.caPem },
    });
  };
  const scopes = (): string[] => [`${lab.customCloud.armAudience}/.default`];
  const modular = (): { endpoint: string; credentials: { scopes: string[] }; tlsOptions: { ca: string } } => ({
    endpoint: lab.customCloud.armEndpoint,
    credentials: { scopes: scopes() },
    tlsOptions: { ca: lab.caPem },
  });
  const core = (): { endpoint: string; credentialScopes: string[]; tlsOptions: { ca: string } } => ({
    endpoint: lab.customCloud.armEndpoint,
    credentialScopes: scopes(),
    tlsOptions: { ca: lab.caPem },
  });
  const get = async (path: string, name = 'good'): Promise<Answer> =>
    ask(lab, `${lab.customCloud.armEndpoint}${path}`, bearer(await armToken(lab, name)));
  const code = ({ json }: Answer): string | undefined => textOf(at(json, 'error', 'code'));
  /** All items, following `nextLink`. */
  const all = async (path: string, name = 'good'): Promise<Json[]> => {
    const items: Json[] = [];
    let url: string | undefined = `${lab.customCloud.armEndpoint}${path}`;
    const token = await armToken(lab, name);
    while (url !== undefined) {
      const answer: Answer = await ask(lab, url, bearer(token));
      assert.equal(answer.status, 200, answer.text);
      items.push(...(isArray(answer.json['value']) ? answer.json['value'] : []));
      url = textOf(answer.json['nextLink']);
    }
    return items;
  };
  const production = (): string => `/subscriptions/${lab.credentials.subscriptionId}`;
  const denied = (): string => `/subscriptions/${lab.credentials.deniedSubscriptionId}`;

  describe('through the SDK clients', () => {
    it('lists three subscriptions over two pages', async () => {
      const client = new SubscriptionClient(credential(), core());
      const names: (string | undefined)[] = [];
      for await (const { displayName } of client.subscriptions.list()) names.push(displayName);
      assert.deepEqual(names, ['Harbour Production', 'Harbour Staging', 'Harbour Finance']);
      const asked = lab.requests().filter(({ role }) => role === 'arm');
      assert.deepEqual(
        asked.map(({ path, query }) => [path, query.startsWith('api-version=2016-06-01')]),
        [
          ['/subscriptions', true],
          ['/subscriptions', true],
        ],
      );
    });

    it('lists the registries of a subscription, and their replications, tokens, scope maps and webhooks', async () => {
      const client = new ContainerRegistryManagementClient(credential(), lab.credentials.subscriptionId, modular());
      const found: (readonly [string | undefined, string | undefined])[] = [];
      for await (const { name, loginServer } of client.registries.list()) found.push([name, loginServer]);
      assert.deepEqual(found, [
        ['harbourprod', lab.registries.good.loginServer],
        ['harbourshared', lab.registries.acronly.loginServer],
      ]);
      const regions: (string | undefined)[] = [];
      for await (const { location } of client.replications.list('rg-harbour', 'harbourprod')) regions.push(location);
      assert.deepEqual(regions, ['northeurope', 'westeurope']);
      const tokens: (string | undefined)[] = [];
      for await (const { name } of client.tokens.list('rg-harbour', 'harbourprod')) tokens.push(name);
      assert.deepEqual(tokens, ['edge-sync']);
      const maps: (string | undefined)[] = [];
      for await (const { name } of client.scopeMaps.list('rg-harbour', 'harbourprod')) maps.push(name);
      assert.deepEqual(maps, ['edge-pull']);
      const hooks: (string | undefined)[] = [];
      for await (const { name } of client.webhooks.list('rg-harbour', 'harbourprod')) hooks.push(name);
      assert.deepEqual(hooks, ['deploy']);
      const one = await client.registries.get('rg-harbour', 'harbourprod');
      assert.equal(one.roleAssignmentMode, 'AbacRepositoryPermissions');
      assert.equal(one.policies?.azureADAuthenticationAsArmPolicy?.status, 'disabled');
    });

    it('lists clusters and node pools, and gives a kubeconfig of each kind', async () => {
      const client = new ContainerServiceClient(credential(), lab.credentials.subscriptionId, modular());
      const names: (string | undefined)[] = [];
      for await (const { name, fqdn } of client.managedClusters.list()) names.push(`${name ?? ''} ${fqdn ?? ''}`);
      assert.deepEqual(names, [`aks-harbour ${lab.clusters.entra.fqdn}`]);
      const pools: (string | undefined)[] = [];
      for await (const { name } of client.agentPools.list('rg-harbour', 'aks-harbour')) pools.push(name);
      assert.deepEqual(pools, ['apps', 'system']);
      const text = async (subscription: string, group: string, cluster: string): Promise<string> => {
        const own = new ContainerServiceClient(credential(), subscription, modular());
        const { kubeconfigs } = await own.managedClusters.listClusterUserCredentials(group, cluster);
        return Buffer.from(kubeconfigs?.[0]?.value ?? []).toString('utf8');
      };
      const entra = await text(lab.credentials.subscriptionId, 'rg-harbour', 'aks-harbour');
      assert.match(entra, new RegExp(`server: ${lab.clusters.entra.server}\n`));
      assert.match(entra, /command: kubelogin/);
      assert.doesNotMatch(entra, /client-key-data/);
      const local = await text(lab.credentials.subscriptionId2, 'rg-edge', 'aks-edge');
      assert.match(local, new RegExp(`server: ${lab.clusters.local.server}\n`));
      assert.match(local, /client-key-data/);
    });

    it('finds role assignments through groups, definitions and effective permissions', async () => {
      const client = new AuthorizationManagementClient(credential(), lab.credentials.subscriptionId, core());
      const principal = '5e71ce00-0000-4000-8000-000000000001';
      const scope = production();
      const list = async (filter: string): Promise<(string | undefined)[]> => {
        const found: (string | undefined)[] = [];
        for await (const { principalType, roleDefinitionId } of client.roleAssignments.listForScope(scope, {
          filter,
        })) {
          found.push(`${principalType ?? ''} ${roleDefinitionId?.split('/').at(-1) ?? ''}`);
        }
        return found;
      };
      const direct = [
        'ServicePrincipal acdd72a7-3385-48ef-bd42-f606fba81ae7',
        'ServicePrincipal 7f951dda-4ed3-4680-a7ca-43fe172d538d',
        'ServicePrincipal 4abbcc35-e782-43d8-92c5-2d3f1bd2253f',
      ];
      const group = 'Group 7f6c6a51-bcf8-42ba-9220-52d62157d7db';
      const managementGroup = 'ServicePrincipal ac63b705-f282-497d-ac71-919bf39d939d';
      assert.deepEqual(await list(`atScope() and assignedTo('${principal}')`), [...direct, group, managementGroup]);
      const everywhere = await list(`principalId eq '${principal}'`);
      assert.ok(!everywhere.includes(group));
      assert.equal(everywhere.length, 3 + 1 + 4);
      const reader = await client.roleDefinitions.getById(
        `${scope}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7`,
      );
      assert.equal(reader.roleName, 'Reader');
      const actions: string[] = [];
      for await (const permission of client.permissions.listForResource(
        'rg-harbour',
        'Microsoft.ContainerRegistry',
        '',
        'registries',
        'harbourprod',
      )) {
        actions.push(...(permission.actions ?? []), ...(permission.dataActions ?? []));
      }
      assert.ok(actions.includes('*/read'));
      assert.ok(actions.includes('Microsoft.ContainerRegistry/registries/catalog/read'));
      const denials: (string | undefined)[] = [];
      for await (const { denyAssignmentName } of client.denyAssignments.list({
        filter: `assignedTo('${principal}')`,
      })) {
        denials.push(denyAssignmentName);
      }
      assert.deepEqual(denials, ['Deny assignment of the deployment stack harbour-data']);
    });

    it('meets no violation in any of it', async () => {
      const client = new ContainerRegistryManagementClient(credential(), lab.credentials.subscriptionId2, modular());
      for await (const { name } of client.registries.list()) assert.ok(name);
      assert.deepEqual(
        lab.requests().filter(({ violation }) => violation !== undefined),
        [],
      );
    });
  });

  describe('strictness', () => {
    it('shows the denied subscription and refuses everything in it with action and scope', async () => {
      assert.equal((await get(`${denied()}?api-version=2022-12-01`)).status, 200);
      const refused = await get(`${denied()}/providers/Microsoft.ContainerRegistry/registries?api-version=2025-11-01`);
      assert.equal(refused.status, 403);
      assert.equal(code(refused), 'AuthorizationFailed');
      assert.match(
        refused.text,
        new RegExp(
          `with object id '5e71ce00-0000-4000-8000-000000000001' does not have authorization to perform action 'Microsoft.ContainerRegistry/registries/read' over scope '${denied()}'`,
        ),
      );
      assert.equal((await get(`${denied()}/resourceGroups?api-version=2021-04-01`)).status, 403);
      const permissions = await get(`${denied()}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`);
      assert.deepEqual(at((permissions.json['value'] as Json[])[0], 'actions'), [
        'Microsoft.Resources/subscriptions/read',
      ]);
    });

    it('shows no subscription to a principal without roles, and gives it no permissions', async () => {
      assert.deepEqual((await get('/subscriptions?api-version=2022-12-01', 'noRoles')).json['value'], []);
      assert.equal((await get(`${production()}?api-version=2022-12-01`, 'noRoles')).status, 403);
      const permissions = await get(
        `${production()}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`,
        'noRoles',
      );
      assert.deepEqual(permissions.json['value'], []);
    });

    it('tells an unknown subscription from a malformed one', async () => {
      assert.equal(
        code(await get('/subscriptions/00000000-0000-4000-8000-00000000dead?api-version=2022-12-01')),
        'SubscriptionNotFound',
      );
      assert.equal(code(await get('/subscriptions/everything?api-version=2022-12-01')), 'InvalidSubscriptionId');
    });

    it('wants an api-version, and one that it knows', async () => {
      const path = `${production()}/providers/Microsoft.ContainerRegistry/registries`;
      assert.equal(code(await get(path)), 'MissingApiVersionParameter');
      assert.equal(code(await get(`${path}?api-version=2099-01-01`)), 'NoRegisteredProviderFound');
      assert.equal(code(await get('/subscriptions?api-version=2099-01-01')), 'InvalidApiVersionParameter');
      assert.equal(
        code(await get(`${production()}/providers/Microsoft.Nothing/things?api-version=2025-01-01`)),
        'InvalidResourceType',
      );
      assert.deepEqual(
        lab
          .requests()
          .filter(({ role }) => role === 'arm')
          .map(({ violation }) => violation),
        [
          'no api-version',
          'wrong api-version for microsoft.containerregistry/registries: 2099-01-01',
          'wrong api-version for subscriptions: 2099-01-01',
          'unknown type: microsoft.nothing/things',
        ],
      );
    });

    it('shows preview settings in the preview version alone', async () => {
      const path = `${lab.registries.good.resourceId}?api-version=`;
      const stable = await get(`${path}2025-11-01`);
      const preview = await get(`${path}2025-06-01-preview`);
      assert.equal(at(stable.json, 'properties', 'policies', 'softDeletePolicy'), undefined);
      assert.equal(at(preview.json, 'properties', 'policies', 'softDeletePolicy', 'status'), 'disabled');
    });

    it('refuses tokens of another audience, another tenant, expired ones, none, and what is no bearer token', async () => {
      const url = `${lab.customCloud.armEndpoint}${production()}?api-version=2022-12-01`;
      const registry = await accessToken(lab, 'good', 'https://containerregistry.azure.net/.default');
      assert.equal(code(await ask(lab, url, bearer(registry))), 'InvalidAuthenticationTokenAudience');
      const foreign = await ask(lab, url, bearer(await armToken(lab, 'otherTenant')));
      assert.equal(code(foreign), 'InvalidAuthenticationTokenTenant');
      assert.match(foreign.text, new RegExp(`https://login.windows.net/${lab.credentials.tenantId}`));
      lab.faults.configure({ tokenLifetimeSeconds: -10 });
      assert.equal(code(await ask(lab, url, bearer(await armToken(lab)))), 'ExpiredAuthenticationToken');
      const none = await ask(lab, url);
      assert.equal(none.status, 401);
      assert.match(none.headers['www-authenticate'] ?? '', new RegExp(`login.windows.net/${lab.credentials.tenantId}`));
      assert.equal(
        code(await ask(lab, url, { headers: { authorization: await armToken(lab) } })),
        'AuthenticationFailed',
      );
      assert.equal(code(await ask(lab, url, bearer('a.b.c'))), 'InvalidAuthenticationToken');
    });

    it('answers writes with 405 and remembers them', async () => {
      const token = await armToken(lab);
      const url = `${lab.customCloud.armEndpoint}${lab.registries.admin.resourceId}`;
      for (const [method, path] of [
        ['PUT', ''],
        ['DELETE', ''],
        ['POST', '/listCredentials'],
      ] as const) {
        const answer = await ask(lab, `${url}${path}?api-version=2025-11-01`, { method, ...bearer(token), body: '{}' });
        assert.equal(answer.status, 405);
      }
      assert.deepEqual(
        lab
          .requests()
          .filter(({ role }) => role === 'arm')
          .map(({ violation }) => violation),
        ['not a read: PUT', 'not a read: DELETE', 'not a read: POST'],
      );
    });

    it('collapses double slashes and ignores case', async () => {
      const { resourceId } = lab.registries.good;
      const odd = resourceId.replace('/resourceGroups/', '//RESOURCEGROUPS/').replace('registries/', 'REGISTRIES/');
      assert.equal((await get(`/${odd}?api-version=2025-11-01`)).json['id'], resourceId);
      const list = await get(
        `/${production()}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&%24filter=atScope%28%29`,
      );
      assert.equal(list.status, 200);
    });

    it('sends rate headers, and 429 when quotas are kept', async () => {
      const first = await get(`${production()}/resourceGroups?api-version=2021-04-01`);
      assert.match(first.headers['x-ms-ratelimit-remaining-subscription-reads'] ?? '', /^\d+$/);
      assert.match(first.headers['x-ms-correlation-request-id'] ?? '', /^[0-9a-f-]{36}$/);
      lab.faults.configure({ enforceQuotas: true });
      const token = await armToken(lab, 'readerOnly');
      const url = `${lab.customCloud.armEndpoint}${production()}?api-version=2022-12-01`;
      const agent = new Agent({ keepAlive: true, maxSockets: 8 });
      const statuses = await Promise.all(
        Array.from({ length: 400 }, () => ask(lab, url, { ...bearer(token), agent }).then(({ status }) => status)),
      );
      agent.destroy();
      assert.ok(statuses.includes(429));
      assert.ok(statuses.filter((status) => status === 200).length >= 250);
    });
  });

  describe('resources', () => {
    it('pages through every type that it lists, and gives each by its id', async () => {
      const rows = await all(`${production()}/resources?api-version=2021-04-01`);
      const types = new Set(rows.map((row) => textOf(at(row, 'type')) ?? ''));
      assert.ok(rows.length >= 25, `${rows.length} resources`);
      for (const type of types) {
        assert.equal(
          rows.some((row) => at(row, 'properties') !== undefined),
          false,
          type,
        );
      }
      const accounts = await all(`${production()}/providers/Microsoft.Storage/storageAccounts?api-version=2025-06-01`);
      assert.deepEqual(
        accounts.map((account) => at(account, 'name')),
        ['stharbourdata'],
      );
      const blobs = await get(`${textOf(at(accounts[0], 'id')) ?? ''}/blobServices/default?api-version=2025-06-01`);
      assert.equal(at(blobs.json, 'properties', 'isVersioningEnabled'), true);
    });

    it('reads the inputs of the registry checks: diagnostic settings and Defender plans', async () => {
      const settings = await all(
        `${lab.registries.good.resourceId}/providers/Microsoft.Insights/diagnosticSettings?api-version=2021-05-01-preview`,
      );
      assert.deepEqual(at(settings[0], 'properties', 'logs'), [
        { retentionPolicy: { days: 0, enabled: false }, categoryGroup: 'allLogs', enabled: true },
      ]);
      assert.deepEqual(
        await all(
          `${lab.registries.admin.resourceId}/providers/Microsoft.Insights/diagnosticSettings?api-version=2021-05-01-preview`,
        ),
        [],
      );
      assert.deepEqual(
        await all(`${production()}/providers/Microsoft.Insights/diagnosticSettings?api-version=2021-05-01-preview`),
        [],
      );
      const plans = await all(`${production()}/providers/Microsoft.Security/pricings?api-version=2024-01-01`);
      const containers = plans.find((plan) => at(plan, 'name') === 'Containers');
      assert.equal(at(containers, 'properties', 'pricingTier'), 'Standard');
    });

    it('answers 404 for what does not exist, with the group or the resource as the reason', async () => {
      const path = `${production()}/resourceGroups/rg-harbour/providers/Microsoft.ContainerRegistry/registries/nothing?api-version=2025-11-01`;
      assert.equal(code(await get(path)), 'ResourceNotFound');
      assert.equal(code(await get(path.replace('rg-harbour', 'rg-nothing'))), 'ResourceGroupNotFound');
    });

    it('stops a cluster and locks a subscription on request', async () => {
      lab.faults.configure({
        stoppedClusters: ['aks-harbour'],
        lockedSubscriptions: [lab.credentials.subscriptionId2],
      });
      const { resourceId } = lab.clusters.entra;
      assert.equal(
        at((await get(`${resourceId}?api-version=2026-06-01`)).json, 'properties', 'powerState', 'code'),
        'Stopped',
      );
      const refused = await ask(
        lab,
        `${lab.customCloud.armEndpoint}${resourceId}/listClusterUserCredential?api-version=2026-06-01`,
        { method: 'POST', ...bearer(await armToken(lab)) },
      );
      assert.equal(refused.status, 409);
      const subscription = await get(`/subscriptions/${lab.credentials.subscriptionId2}?api-version=2022-12-01`);
      assert.equal(subscription.json['state'], 'Disabled');
    });

    it('makes a cluster private on request, at an address that resolves nowhere', async () => {
      lab.faults.configure({ privateClusters: ['aks-harbour'] });
      const { resourceId } = lab.clusters.entra;
      const cluster = (await get(`${resourceId}?api-version=2026-06-01`)).json;
      assert.equal(at(cluster, 'properties', 'apiServerAccessProfile', 'enablePrivateCluster'), true);
      assert.equal(at(cluster, 'properties', 'fqdn'), undefined);
      const answer = await ask(
        lab,
        `${lab.customCloud.armEndpoint}${resourceId}/listClusterUserCredential?api-version=2026-06-01`,
        { method: 'POST', ...bearer(await armToken(lab)) },
      );
      const value = textOf(at((answer.json['kubeconfigs'] as Json[])[0], 'value')) ?? '';
      const host = textOf(at(cluster, 'properties', 'privateFQDN')) ?? '';
      assert.match(Buffer.from(value, 'base64').toString('utf8'), new RegExp(`server: https://${host}:443`));
      await assert.rejects(lookup(host), /ENOTFOUND|EAI_AGAIN/);
    });

    it('takes roles away on request', async () => {
      const path = `${production()}/providers/Microsoft.ContainerRegistry/registries?api-version=2025-11-01`;
      assert.equal((await get(path)).status, 200);
      lab.faults.configure({ revokedRoles: ['Reader'] });
      assert.equal((await get(path)).status, 403);
    });

    it('keeps secrets of applications from a reader', async () => {
      const { resourceId } = lab.registries.good;
      const group = resourceId.slice(0, resourceId.indexOf('/providers/'));
      const refused = await ask(
        lab,
        `${lab.customCloud.armEndpoint}${group}/providers/Microsoft.Web/sites/app-berths/config/appsettings/list?api-version=2025-03-01`,
        { method: 'POST', ...bearer(await armToken(lab)) },
      );
      assert.equal(refused.status, 403);
      assert.match(refused.text, /Microsoft\.Web\/sites\/config\/list\/action/);
    });
  });
});
