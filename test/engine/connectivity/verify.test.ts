import assert from 'node:assert/strict';
import type { Connection } from '../../../src/azure/types.ts';
import type { VerifyResult, VerifyStep } from '../../../src/connectivity/types.ts';
import { verify, type VerifyOptions } from '../../../src/connectivity/verify.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { onLab, type OnLab } from '../azure/session-on-lab.ts';

const asJson = { 'content-type': 'application/json; charset=utf-8' };

describe('verifying a connection', function () {
  this.timeout(60_000);
  let lab: Lab;
  let on: OnLab;
  let production: string;
  let staging: string;
  let finance: string;
  const never = new AbortController().signal;

  before(async () => {
    lab = await startLab({ images: 'specimens' });
    on = onLab(lab);
    production = lab.credentials.subscriptionId;
    staging = lab.credentials.subscriptionId2;
    finance = lab.credentials.deniedSubscriptionId;
  });
  beforeEach(() => {
    lab.faults.reset();
    lab.clearRequests();
  });
  after(async () => {
    on.close();
    await lab.stop();
  });

  interface More extends Partial<Omit<VerifyOptions, 'connection'>> {
    readonly connection?: Partial<Connection>;
    readonly subscriptions?: readonly string[];
  }

  function run(name: string, { connection, subscriptions, ...more }: More = {}): Promise<VerifyResult> {
    return verify({
      secret: on.secret(name, subscriptions),
      cloud: on.cloud,
      deps: on.deps,
      ranFrom: 'this computer',
      secretExpiryWarningDays: 30,
      signal: never,
      ...more,
      connection: { ...on.connection, ...connection },
    });
  }

  const step = ({ steps }: VerifyResult, id: string): VerifyStep =>
    steps.find((one) => one.id === id) ?? assert.fail(`no step ${id} among ${steps.map((one) => one.id).join(', ')}`);
  const states = ({ steps }: VerifyResult, group: VerifyStep['group']): Record<string, string> =>
    Object.fromEntries(steps.flatMap((one) => (one.group === group ? [[one.id, one.state]] : [])));
  const violations = (): unknown[] => lab.requests().filter(({ violation }) => violation !== undefined);

  it('has a step for everything, in a fixed order, with one verdict', async () => {
    const result = await run('good');
    assert.equal(result.connectionId, 'lab');
    assert.equal(result.ranFrom, 'this computer');
    assert.equal(result.verdict, 'gaps');
    assert.deepEqual(states(result, 'identity'), {
      network: 'pass',
      tenant: 'pass',
      'token.arm': 'pass',
      'token.acr': 'pass',
      'token.graph': 'pass',
      'secret.expiry': 'skipped',
    });
    assert.deepEqual(states(result, 'directory'), { 'graph.directory': 'pass', 'graph.policy': 'pass' });
    assert.deepEqual(states(result, 'subscription'), {
      [`subscription:${production}`]: 'pass',
      [`subscription:${staging}`]: 'pass',
      [`subscription:${finance}`]: 'pass',
      [`role.reader:${production}`]: 'pass',
      [`role.reader:${staging}`]: 'pass',
      [`role.reader:${finance}`]: 'warn',
    });
    assert.deepEqual(states(result, 'registry'), {
      'registry.data:harbouredge': 'pass',
      'registry.data:harbourprod': 'pass',
      'registry.data:harbourshared': 'warn',
      'registry.data:harbourvault': 'warn',
    });
    assert.deepEqual(states(result, 'cluster'), {
      'cluster.credentials:aks-edge': 'pass',
      'cluster.api:aks-edge': 'pass',
      'cluster.credentials:aks-harbour': 'pass',
      'cluster.api:aks-harbour': 'warn',
    });
    assert.deepEqual(violations(), []);
  });

  it('tells how long each step took, what it is needed for, and what to do about each that is not fine', async () => {
    const { steps } = await run('good');
    for (const one of steps) {
      if (one.state === 'warn') assert.ok((one.reason ?? '') !== '' && (one.nextStep ?? '') !== '', one.id);
      if (one.state !== 'skipped') assert.ok(one.durationMs !== undefined && one.neededFor.length > 0, one.id);
      for (const text of [one.reason, one.nextStep]) if (text !== undefined) assert.match(text, /[.!?]$/, one.id);
    }
  });

  it('only reads', async () => {
    await run('good');
    const posts = lab.requests().filter(({ method }) => method !== 'GET' && method !== 'HEAD');
    const kinds = new Set(
      posts.map(({ role, path }) => `${role.split('.')[0] ?? ''} ${path.slice(path.lastIndexOf('/') + 1)}`),
    );
    assert.deepEqual([...kinds].sort(), [
      'arm listClusterUserCredential',
      'arm resources',
      'entra token',
      'registry exchange',
      'registry token',
    ]);
  });

  it('streams each change, and ends without a spinner', async () => {
    const told: VerifyStep[] = [];
    const result = await run('good', { onStep: (one) => told.push(one) });
    assert.ok(told.some(({ state }) => state === 'pending'));
    assert.ok(told.some(({ state }) => state === 'running'));
    const last = new Map(told.map((one) => [one.id, one]));
    assert.deepEqual([...last.values()], result.steps);
    assert.ok(result.steps.every(({ state }) => state !== 'pending' && state !== 'running'));
  });

  describe('sign-in', () => {
    const refusals: readonly (readonly [string, string, string, RegExp, string])[] = [
      ['wrongTenant', 'a wrong tenant', 'tenant', /^No tenant with this ID in Custom cloud\.$/, 'AADSTS90002'],
      ['unknownApp', 'an unknown application', 'token.arm', /^This tenant has no application/, 'AADSTS700016'],
      ['wrongSecret', 'a wrong secret', 'token.arm', /^Azure refused the secret\. Check/, 'AADSTS7000215'],
      ['secretId', 'the Secret ID', 'token.arm', /It looks like the Secret ID/, 'AADSTS7000215'],
      [
        'expiredSecret',
        'an expired secret',
        'token.arm',
        /^This secret has expired\. Create a new one\.$/,
        'AADSTS7000222',
      ],
      [
        'disabledApp',
        'a disabled application',
        'token.arm',
        /^The application is disabled in this tenant/,
        'AADSTS7000112',
      ],
      ['blocked', 'Conditional Access', 'token.arm', /^A Conditional Access policy blocks/, 'AADSTS53003'],
    ];
    for (const [name, title, id, reason, code] of refusals) {
      it(`fails with ${title}, and blocks what needs a token`, async () => {
        const result = await run(name, { subscriptions: [production] });
        assert.equal(result.verdict, 'failed');
        const failed = step(result, id);
        assert.equal(failed.state, 'fail');
        assert.match(failed.reason ?? '', reason);
        assert.equal(failed.detail?.code, code);
        assert.match(failed.detail.traceId ?? '', /^[0-9a-f-]{36}$/);
        for (const blocked of [
          'token.acr',
          'token.graph',
          'graph.policy',
          `subscription:${production}`,
          `role.reader:${production}`,
        ]) {
          assert.equal(step(result, blocked).state, 'blocked', blocked);
        }
        assert.equal(step(result, 'network').state, 'pass');
        assert.deepEqual(
          lab.requests().filter(({ role, authorization }) => role === 'arm' && authorization.scheme !== 'none'),
          [],
        );
      });
    }

    it('links to the page where a new secret is made', async () => {
      const link = step(await run('expiredSecret', { subscriptions: [production] }), 'token.arm').link;
      assert.match(link?.uri ?? '', /^https:\/\/portal\.lab\.plimsoll\.test\/#view\/.*\/Credentials\/appId\//);
    });

    it('says why directory checks are left out', async () => {
      const result = await run('readerOnly');
      const directory = step(result, 'graph.directory');
      assert.equal(directory.state, 'warn');
      assert.equal(directory.reason, 'An administrator has not consented.');
      assert.match(directory.link?.uri ?? '', /CallAnAPI/);
    });

    it('goes without Microsoft Graph where the cloud has none', async () => {
      const { graphEndpoint: _none, ...cloud } = on.cloud;
      const result = await run('good', { cloud });
      assert.equal(step(result, 'token.graph').state, 'skipped');
      assert.equal(step(result, 'graph.policy').state, 'blocked');
    });
  });

  describe('network', () => {
    it('names a connection that is refused, and fails at the directory', async () => {
      const result = await run('good', { cloud: { ...on.cloud, authorityHost: 'https://127.0.0.1:9' } });
      assert.match(step(result, 'network').reason ?? '', /the connection was refused/);
      assert.equal(step(result, 'network').state, 'warn');
      assert.equal(step(result, 'tenant').state, 'fail');
      assert.equal(step(result, 'token.arm').state, 'blocked');
    });

    it('names a certificate that is not trusted', async () => {
      const result = await run('good', { cloud: { ...on.cloud, armEndpoint: lab.clusters.local.server } });
      assert.match(step(result, 'network').reason ?? '', /certificate is not trusted/);
      assert.match(step(result, 'network').nextStep ?? '', /inspects TLS/);
    });

    it('names a web page in between', async () => {
      lab.faults.add({ kind: 'html', role: 'entra', status: 200 });
      const result = await run('good');
      assert.match(step(result, 'network').reason ?? '', /web page/);
      assert.match(step(result, 'network').nextStep ?? '', /proxy/);
    });

    it('warns of a clock that is wrong by more than five minutes', async () => {
      lab.faults.configure({ dateSkewSeconds: 600 });
      const clock = step(await run('noRoles'), 'network');
      assert.deepEqual([clock.state, clock.reason], ['warn', 'The clock of this machine is 10 minutes behind.']);
      lab.faults.configure({ dateSkewSeconds: -420 });
      assert.equal(step(await run('noRoles'), 'network').reason, 'The clock of this machine is 7 minutes ahead.');
      lab.faults.configure({ dateSkewSeconds: 240 });
      assert.equal(step(await run('noRoles'), 'network').state, 'pass');
    });
  });

  describe('secret and data', () => {
    const now = Date.parse('2026-11-21T20:00:00Z');
    const clock = { now: () => new Date(now) };
    const secrets: readonly (readonly [string | undefined, string, RegExp])[] = [
      [undefined, 'skipped', /not known/],
      ['2026-11-01', 'warn', /^The secret expired on 2026-11-01\.$/],
      ['2026-11-22', 'warn', /^The secret expires today\.$/],
      ['2026-12-11', 'warn', /^The secret expires in 19 days\.$/],
      ['2027-11-01', 'pass', /^The secret expires on 2027-11-01\.$/],
    ];
    for (const [secretExpires, state, reason] of secrets) {
      it(`a secret that expires ${secretExpires ?? 'nobody knows when'}: ${state}`, async () => {
        const result = await run('noRoles', {
          deps: { ...on.deps, clock },
          connection: secretExpires === undefined ? {} : { secretExpires },
        });
        const expiry = step(result, 'secret.expiry');
        assert.equal(expiry.state, state);
        assert.match(expiry.reason ?? '', reason);
      });
    }

    it('tells age and source of the vulnerability data', async () => {
      const at = async (updatedAt?: string): Promise<VerifyStep> =>
        step(
          await run('noRoles', {
            deps: { ...on.deps, clock },
            vulnerabilityData: { source: 'osv.dev', ...(updatedAt === undefined ? {} : { updatedAt }) },
          }),
          'data.vulnerabilities',
        );
      const fresh = await at('2026-11-21T17:00:00Z');
      assert.deepEqual([fresh.state, fresh.reason], ['pass', 'From osv.dev, 3 hours old.']);
      const old = await at('2026-11-11T20:00:00Z');
      assert.deepEqual([old.state, old.reason], ['warn', 'From osv.dev, 10 days old.']);
      assert.equal((await at()).state, 'warn');
    });
  });

  describe('subscriptions and roles', () => {
    it('says that the identity sees nothing', async () => {
      const result = await run('noRoles');
      assert.equal(result.verdict, 'failed');
      assert.equal(step(result, 'subscription:none').reason, 'This identity sees no subscription.');
      assert.match(
        step(result, 'subscription:none').command?.text ?? '',
        /^az role assignment create --assignee a9911ca7/,
      );
    });

    it('does not say so when the list could not be read', async () => {
      lab.faults.add({ kind: 'status', role: 'arm', path: '/subscriptions\\?', status: 500 });
      const result = await run('good');
      assert.match(step(result, 'subscription:none').reason ?? '', /has a fault: it answered 500/);
      const named = await run('good', { subscriptions: [production] });
      assert.equal(step(named, `subscription:${production}`).state, 'pass');
    });

    it('says that a named one is not visible, and goes on with the others', async () => {
      const unknown = 'dead0000-2222-4000-8000-000000000000';
      const result = await run('good', { subscriptions: [unknown, production] });
      const missing = step(result, `subscription:${unknown}`);
      assert.equal(missing.state, 'warn');
      assert.match(missing.reason ?? '', /^The subscription is not visible to this identity\./);
      assert.equal(step(result, `role.reader:${unknown}`).state, 'blocked');
      assert.equal(step(result, `role.reader:${production}`).state, 'pass');
      assert.equal(result.verdict, 'gaps');
    });

    it('names the tenant that a subscription belongs to', async () => {
      const result = await run('otherTenant', { subscriptions: [production] });
      assert.equal(result.verdict, 'failed');
      assert.equal(
        step(result, `subscription:${production}`).reason,
        `This subscription belongs to the tenant ${lab.credentials.tenantId}, not to the one of this connection.`,
      );
    });

    it('warns of a locked one, and reads it', async () => {
      lab.faults.configure({ lockedSubscriptions: [production] });
      const result = await run('good', { subscriptions: [production] });
      assert.equal(
        step(result, `subscription:${production}`).reason,
        'The subscription is disabled; it can still be read.',
      );
      assert.equal(step(result, `role.reader:${production}`).state, 'pass');
    });

    it('gives the command for each missing role', async () => {
      const result = await run('good');
      const scope = `/subscriptions/${finance}`;
      const prefix = 'az role assignment create --assignee a9911ca7-0000-4000-8000-000000000001 --role';
      assert.equal(step(result, `role.reader:${finance}`).command?.text, `${prefix} "Reader" --scope ${scope}`);
      assert.equal(
        step(result, `role.securityReader:${finance}`).command?.text,
        `${prefix} "Security Reader" --scope ${scope}`,
      );
      assert.equal(
        step(result, `role.storageBlob:${finance}`).command?.text,
        `${prefix} "Storage Blob Data Reader" --scope ${scope}`,
      );
      assert.equal(
        step(result, `role.storageFile:${finance}`).command?.text,
        `${prefix} "Storage File Data Privileged Reader" --scope ${scope}`,
      );
      assert.equal(
        step(result, 'role.managementGroup').command?.text,
        `${prefix} "Management Group Reader" --scope /providers/Microsoft.Management/managementGroups/${lab.credentials.tenantId}`,
      );
      assert.match(
        step(result, `custom.webConfig:${finance}`).command?.text ?? '',
        /"Microsoft\.Web\/sites\/config\/list\/action"/,
      );
    });

    it('names a deny assignment that takes a role’s permissions away', async () => {
      const denial = {
        id: 'x',
        name: 'x',
        properties: {
          denyAssignmentName: 'locked by the data platform',
          scope: `/subscriptions/${production}`,
          permissions: [
            { actions: ['Microsoft.ContainerRegistry/*'], notActions: [], dataActions: [], notDataActions: [] },
          ],
          principals: [{ id: '00000000-0000-0000-0000-000000000000', type: 'SystemDefined' }],
        },
      };
      lab.faults.add({
        kind: 'status',
        role: 'arm',
        path: `${production}/providers/Microsoft.Authorization/denyAssignments`,
        status: 200,
        headers: asJson,
        text: JSON.stringify({ value: [denial] }),
      });
      const result = await run('good', { subscriptions: [production] });
      const reader = step(result, `role.reader:${production}`);
      assert.equal(reader.state, 'fail');
      assert.match(
        reader.reason ?? '',
        /The deny assignment 'locked by the data platform' takes the permission away\.$/,
      );
      assert.equal(step(result, `role.securityReader:${production}`).state, 'pass');
    });

    it('does not take Reader for a role that reads data', async () => {
      const result = await run('good', { subscriptions: [production] });
      assert.equal(step(result, `role.storageBlob:${production}`).state, 'warn');
      assert.equal(step(result, `role.securityReader:${production}`).reason, 'Security Reader (granted by Reader).');
    });

    const audit = {
      actions: [
        'Microsoft.Resources/*/read',
        'Microsoft.ContainerRegistry/*/read',
        'Microsoft.ContainerService/*/read',
        'Microsoft.Network/*/read',
        'Microsoft.Insights/*/read',
        'Microsoft.Authorization/*/read',
      ],
      notActions: [],
      dataActions: [],
      notDataActions: [],
    };

    function auditRole(createdOn: string): void {
      const id = `/subscriptions/${production}/providers/Microsoft.Authorization/roleDefinitions/c7570000-0000-4000-8000-00000000000a`;
      const reply = (value: object): string => JSON.stringify({ value: [value] });
      lab.faults.add({
        kind: 'status',
        role: 'arm',
        path: 'roleDefinitions',
        status: 200,
        headers: asJson,
        text: reply({
          id,
          name: 'c7570000-0000-4000-8000-00000000000a',
          type: 'x',
          properties: { roleName: 'Sec Audit', type: 'CustomRole', permissions: [audit] },
        }),
      });
      lab.faults.add({
        kind: 'status',
        role: 'arm',
        path: 'roleAssignments',
        status: 200,
        headers: asJson,
        text: reply({
          id: 'x',
          name: 'x',
          properties: {
            roleDefinitionId: id,
            principalId: 'p',
            principalType: 'ServicePrincipal',
            scope: `/subscriptions/${production}`,
            createdOn,
          },
        }),
      });
    }

    it('passes a custom role that holds the actions, and names it (acceptance 8)', async () => {
      auditRole('2026-01-12T09:30:00Z');
      lab.faults.add({
        kind: 'status',
        role: 'arm',
        path: `${production}/providers/Microsoft.Authorization/permissions`,
        status: 200,
        headers: asJson,
        text: JSON.stringify({ value: [audit] }),
      });
      const result = await run('good', { subscriptions: [production] });
      const reader = step(result, `role.reader:${production}`);
      assert.equal(reader.state, 'pass');
      assert.equal(reader.reason, "Reader (granted by custom role 'Sec Audit').");
      assert.equal(step(result, `role.securityReader:${production}`).state, 'warn');
    });

    it('waits for a role that was assigned minutes ago', async () => {
      auditRole('2026-11-21T19:57:00Z');
      const fault = lab.faults.add({
        kind: 'status',
        role: 'arm',
        path: 'Microsoft.Authorization/permissions',
        status: 200,
        headers: asJson,
        text: '{"value":[]}',
      });
      const clock = { now: () => new Date('2026-11-21T20:00:00Z') };
      const once = await run('good', { subscriptions: [production], deps: { ...on.deps, clock } });
      const fresh = step(once, `role.reader:${production}`);
      assert.equal(fresh.state, 'warn');
      assert.equal(fresh.reason, 'The role was assigned 3 minutes ago; Azure may need a few minutes.');
      let seen = '';
      const patient = await run('good', {
        subscriptions: [production],
        deps: { ...on.deps, clock },
        keepTryingMs: 20_000,
        retryEveryMs: 50,
        onStep: ({ id, state, reason }) => {
          if (id !== `role.reader:${production}` || state !== 'warn') return;
          seen = reason ?? '';
          lab.faults.remove(fault);
        },
      });
      assert.match(seen, /Retrying every 30 seconds\.$/);
      assert.equal(step(patient, `role.reader:${production}`).state, 'pass');
    });
  });

  describe('registries', () => {
    const only = { subscriptions: [] as string[] };

    it('that refuse tokens of Resource Manager pass with a note (acceptance 9)', async () => {
      const good = step(await run('good', only), 'registry.data:harbourprod');
      assert.equal(good.state, 'pass');
      assert.match(
        good.reason ?? '',
        /^This registry refuses tokens of Resource Manager; a registry-scoped one is used\./,
      );
    });

    it('with repository permissions and AcrPull alone name the two right roles (acceptance 9)', async () => {
      lab.faults.configure({
        revokedRoles: ['Container Registry Repository Reader', 'Container Registry Repository Catalog Lister'],
      });
      const result = await run('good', { subscriptions: [production] });
      for (const name of ['harbourprod', 'harbourshared']) {
        const one = step(result, `registry.data:${name}`);
        assert.equal(one.reason, 'Pull roles are not honoured by this registry.');
        assert.match(
          one.command?.text ?? '',
          /"Container Registry Repository Reader" .*\n.*"Container Registry Repository Catalog Lister"/,
        );
      }
    });

    it('say which half works', async () => {
      lab.faults.configure({ revokedRoles: ['Container Registry Repository Catalog Lister'] });
      const noCatalog = step(await run('good', { subscriptions: [production] }), 'registry.data:harbourshared');
      assert.equal(noCatalog.reason, 'May read images, may not list the repositories.');
      assert.match(noCatalog.command?.text ?? '', /Catalog Lister/);
      lab.faults.configure({ revokedRoles: ['Container Registry Repository Reader'] });
      const noRead = step(await run('good', { subscriptions: [production] }), 'registry.data:harbourshared');
      assert.equal(noRead.reason, 'May list the repositories, may not read their images.');
      assert.match(noRead.command?.text ?? '', /Repository Reader/);
    });

    it('whose role a condition limits say so', async () => {
      const limited = step(await run('good', only), 'registry.data:harbourshared');
      assert.equal(limited.state, 'warn');
      assert.match(limited.reason ?? '', /may read only some of its repositories: a condition limits the role\.$/);
    });

    it('with role permissions and no role name AcrPull', async () => {
      const body = JSON.stringify({
        errors: [{ code: 'UNAUTHORIZED', message: 'authentication required', detail: null }],
      });
      lab.faults.add({ kind: 'status', role: 'registry.admin', path: '/oauth2/exchange', status: 401, text: body });
      const one = step(await run('good', { subscriptions: [staging] }), 'registry.data:harbouredge');
      assert.equal(one.reason, 'May see the registry, may not read its images.');
      assert.match(one.command?.text ?? '', /--role "AcrPull" --scope .*harbouredge$/);
    });

    it('behind a firewall tell the address to allow', async () => {
      const one = step(await run('good', { subscriptions: [staging] }), 'registry.data:harbourvault');
      assert.equal(one.reason, "The registry's firewall rejects 203.0.113.7, as seen by Azure.");
      assert.equal(one.command?.text, 'az acr network-rule add --name harbourvault --ip-address 203.0.113.7');
    });

    it('with private connections only say where to run instead', async () => {
      lab.faults.add({ kind: 'status', role: 'registry.good', path: '/v2/', status: 403 });
      const one = step(await run('good', { subscriptions: [production] }), 'registry.data:harbourprod');
      assert.equal(one.reason, 'Not reachable from this computer: the registry accepts private connections only.');
      assert.match(one.nextStep ?? '', /remote inside its network/);
    });

    it('that cut the connection, or do not answer in time, are told in their own words', async () => {
      lab.faults.add({ kind: 'reset', role: 'registry.admin' });
      lab.faults.add({ kind: 'slow', role: 'registry.firewall', delayMs: 20_000 });
      const result = await run('good', { subscriptions: [staging], stepTimeoutMs: 3000 });
      assert.match(step(result, 'registry.data:harbouredge').reason ?? '', /the connection was cut\.$/);
      assert.match(step(result, 'registry.data:harbourvault').reason ?? '', /no answer within 3 s\.$/);
      assert.equal(step(result, 'cluster.api:aks-edge').state, 'pass', 'the others went on');
    });

    it('whose blobs cannot be had are not fine', async () => {
      lab.faults.add({ kind: 'status', role: 'dataEndpoint', status: 403 });
      const one = step(await run('good', { subscriptions: [production] }), 'registry.data:harbourshared');
      assert.equal(one.state, 'warn');
      assert.match(one.reason ?? '', /^Lists images, but cannot read their layers\./);
    });

    it('beyond ten are counted, not tested', async () => {
      const many = Array.from({ length: 12 }, (_, index) => ({
        id: `/subscriptions/${staging}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/many${index}`,
        name: `many${index}`,
        location: 'westeurope',
        sku: { name: 'Basic' },
        properties: { loginServer: '127.0.0.1:9', provisioningState: 'Succeeded' },
      }));
      lab.faults.add({
        kind: 'status',
        role: 'arm',
        path: `${staging}/providers/Microsoft.ContainerRegistry/registries\\?`,
        status: 200,
        headers: asJson,
        text: JSON.stringify({ value: many }),
      });
      const result = await run('good', { subscriptions: [staging] });
      const tested = result.steps.filter(({ id }) => /^registry\.data:many/.test(id));
      assert.equal(tested.length, 10);
      assert.ok(tested.every(({ reason }) => /the connection was refused/.test(reason ?? '')));
      const more = step(result, 'registry.data:more');
      assert.deepEqual([more.title, more.state], ['2 more registries', 'skipped']);
    });
  });

  describe('clusters', () => {
    it('that are stopped are not tried', async () => {
      lab.faults.configure({ stoppedClusters: ['aks-edge'] });
      const result = await run('good', { subscriptions: [staging] });
      const api = step(result, 'cluster.api:aks-edge');
      assert.deepEqual([api.state, api.reason], ['warn', 'The cluster is stopped.']);
      assert.equal(lab.requests().filter(({ role }) => role === 'cluster.local').length, 0);
    });

    it('that give no credentials name the role', async () => {
      lab.faults.configure({ revokedRoles: ['Azure Kubernetes Service Cluster User Role'] });
      const result = await run('good', { subscriptions: [production] });
      const credentials = step(result, 'cluster.credentials:aks-harbour');
      assert.equal(credentials.reason, 'May see the cluster, may not get credentials for it.');
      assert.match(credentials.command?.text ?? '', /"Azure Kubernetes Service Cluster User Role"/);
      assert.equal(step(result, 'cluster.api:aks-harbour').state, 'blocked');
    });

    it('that let in but list nothing name the role', async () => {
      lab.faults.configure({ revokedRoles: ['Azure Kubernetes Service RBAC Reader'] });
      const api = step(await run('good', { subscriptions: [production] }), 'cluster.api:aks-harbour');
      assert.equal(api.reason, 'May reach the cluster, may not list workloads.');
      assert.match(api.command?.text ?? '', /"Azure Kubernetes Service RBAC Reader"/);
    });

    it('that show workloads but no gateways and bindings say what stays unknown', async () => {
      const api = step(await run('good', { subscriptions: [production] }), 'cluster.api:aks-harbour');
      assert.match(api.reason ?? '', /^Exposure and rights stay partly unknown\./);
      assert.match(api.command?.text ?? '', /"Microsoft\.ContainerService\/managedClusters\/\*\/read"/);
    });

    it('whose list is not understood leave the rest alone', async () => {
      lab.faults.add({ kind: 'html', role: 'arm', path: 'Microsoft.ContainerRegistry/registries\\?', status: 200 });
      const result = await run('good', { subscriptions: [production] });
      assert.deepEqual(states(result, 'registry'), { [`registry.data:of:${production}`]: 'warn' });
      assert.match(step(result, `registry.data:of:${production}`).reason ?? '', /^Cannot understand the answer/);
      assert.equal(step(result, 'cluster.credentials:aks-harbour').state, 'pass');
    });

    it('with their own RBAC give a role binding for the object id', async () => {
      const raw = {
        id: lab.clusters.entra.resourceId,
        name: 'aks-harbour',
        type: 'x',
        location: 'westeurope',
        properties: {
          fqdn: lab.clusters.entra.fqdn,
          powerState: { code: 'Running' },
          aadProfile: { managed: true, enableAzureRBAC: false },
        },
      };
      lab.faults.configure({ revokedRoles: ['Azure Kubernetes Service RBAC Reader'] });
      lab.faults.add({
        kind: 'status',
        role: 'arm',
        path: 'managedClusters\\?',
        status: 200,
        headers: asJson,
        text: JSON.stringify({ value: [raw] }),
      });
      const api = step(await run('good', { subscriptions: [production] }), 'cluster.api:aks-harbour');
      assert.equal(api.reason, 'The cluster uses its own RBAC.');
      assert.match(
        api.command?.text ?? '',
        /kind: ClusterRoleBinding[\s\S]*name: 5e71ce00-0000-4000-8000-000000000001/,
      );
    });

    it('whose API does not answer tell why, while the others load (acceptance 7)', async () => {
      lab.faults.add({ kind: 'slow', role: 'cluster.entra', delayMs: 60_000 });
      const result = await run('good');
      const api = step(result, 'cluster.api:aks-harbour');
      assert.equal(api.state, 'warn');
      assert.match(api.reason ?? '', /^Not reachable from this computer\. .*answers only to authorised addresses/);
      assert.equal(step(result, 'cluster.api:aks-edge').state, 'pass');
      assert.ok(result.steps.every(({ state }) => state !== 'running' && state !== 'pending'));
    });
  });

  it('leaves out what the connection leaves out', async () => {
    const result = await run('good', { connection: { capabilities: ['posture'] } });
    assert.deepEqual(states(result, 'registry'), { 'registry.data': 'skipped' });
    assert.deepEqual(states(result, 'cluster'), { 'cluster.api': 'skipped' });
    assert.equal(lab.requests().filter(({ role }) => /registry|cluster/.test(role)).length, 0);
  });

  it('stops within two seconds, and keeps what it knew', async () => {
    lab.faults.add({ kind: 'slow', role: 'registry', delayMs: 20_000 });
    const stop = new AbortController();
    let at = 0;
    const result = await run('good', {
      signal: stop.signal,
      onStep: ({ group, state }) => {
        if (group !== 'registry' || state !== 'running' || at !== 0) return;
        at = performance.now();
        stop.abort();
      },
    });
    assert.ok(at > 0 && performance.now() - at < 2000);
    assert.equal(step(result, 'token.arm').state, 'pass');
    assert.ok(result.steps.some(({ state }) => state === 'cancelled'));
    assert.ok(result.steps.every(({ state }) => state !== 'pending' && state !== 'running'));
  });

  it('puts no secret and no token into steps, errors or the log (acceptance 5)', async () => {
    const apart = onLab(lab);
    const seen: string[] = [];
    for (const name of Object.keys(lab.credentials.named)) {
      const result = await verify({
        connection: apart.connection,
        secret: apart.secret(name, [production, staging]),
        cloud: apart.cloud,
        deps: apart.deps,
        ranFrom: 'this computer',
        secretExpiryWarningDays: 30,
        signal: never,
        onStep: (one) => seen.push(JSON.stringify(one)),
      });
      seen.push(JSON.stringify(result));
    }
    apart.close();
    const all = [...seen, ...apart.lines].join('\n');
    assert.ok(apart.lines.length > 50, `${apart.lines.length} lines are too few to say anything`);
    for (const { clientSecret } of Object.values(lab.credentials.named)) {
      const base64 = Buffer.from(clientSecret).toString('base64');
      for (const form of [clientSecret, encodeURIComponent(clientSecret), base64]) assert.ok(!all.includes(form));
    }
    assert.ok(!/eyJ[\w-]{10}/.test(all), 'no token of any kind');
    assert.ok(!/PRIVATE KEY|LS0tLS1/.test(all), 'nothing of a kubeconfig');
    assert.ok(!/[?&]sig=(?!\[)/.test(all), 'no signed address');
  });
});
