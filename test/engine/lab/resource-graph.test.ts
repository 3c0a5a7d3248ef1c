import assert from 'node:assert/strict';
import { ResourceGraphClient } from '@azure/arm-resourcegraph';
import { ClientSecretCredential } from '@azure/identity';
import { at, isArray, textOf, type Json, type JsonObject } from '../../lab/json.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { armToken, ask, type Answer } from './support.ts';

describe('lab: Resource Graph', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab({ images: 'specimens' });
  });
  after(() => lab.stop());
  afterEach(() => {
    lab.faults.reset();
    lab.clearRequests();
  });

  const query = async (text: string, body: JsonObject = {}, name = 'good', version = '2024-04-01'): Promise<Answer> =>
    ask(lab, `${lab.customCloud.armEndpoint}/providers/Microsoft.ResourceGraph/resources?api-version=${version}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await armToken(lab, name)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: text, ...body }),
    });
  const rowsOf = (answer: Answer): readonly Json[] => {
    assert.equal(answer.status, 200, answer.text);
    return isArray(answer.json['data']) ? answer.json['data'] : [];
  };
  const detail = (answer: Answer): string | undefined => {
    const details = at(answer.json, 'error', 'details');
    return isArray(details) ? textOf(at(details[0], 'code')) : undefined;
  };

  it('pages through everything with the SDK client', async () => {
    const { tenantId, clientId, clientSecret } = lab.credentials;
    const client = new ResourceGraphClient(
      new ClientSecretCredential(tenantId, clientId, clientSecret, {
        authorityHost: lab.customCloud.authorityHost,
        disableInstanceDiscovery: true,
        tlsOptions: { ca: lab.caPem },
      }),
      {
        endpoint: lab.customCloud.armEndpoint,
        credentials: { scopes: [`${lab.customCloud.armAudience}/.default`] },
        tlsOptions: { ca: lab.caPem },
      },
    );
    const ids = new Set<unknown>();
    let skipToken: string | undefined;
    let pages = 0;
    do {
      const answer = await client.resources({
        subscriptions: [lab.credentials.subscriptionId, lab.credentials.subscriptionId2],
        query: 'resources | project id, type | order by id asc',
        options: { top: 1000, resultFormat: 'objectArray', ...(skipToken === undefined ? {} : { skipToken }) },
      });
      for (const row of answer.data as { id: string }[]) ids.add(row.id);
      assert.equal(answer.resultTruncated, 'false');
      skipToken = answer.skipToken;
      pages += 1;
      if (skipToken === undefined) assert.equal(ids.size, answer.totalRecords);
    } while (skipToken !== undefined);
    assert.ok(pages >= 3, `${pages} pages`);
    assert.ok(ids.size >= 46, `${ids.size} resources`);
  });

  it('answers the queries of the product', async () => {
    const subscriptions = rowsOf(
      await query(
        "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' | project id, subscriptionId, name, tenantId, state = properties.state, ancestors = properties.managementGroupAncestorsChain | order by id asc",
      ),
    );
    assert.deepEqual(
      subscriptions.map((row) => [at(row, 'name'), at(row, 'state')]),
      [
        ['Harbour Production', 'Enabled'],
        ['Harbour Staging', 'Enabled'],
        ['Harbour Finance', 'Enabled'],
      ],
    );
    assert.deepEqual(at(subscriptions[0], 'ancestors'), [
      { name: 'mg-harbour', displayName: 'Harbour' },
      { name: lab.credentials.tenantId, displayName: 'Tenant Root Group' },
    ]);
    const containers = rowsOf(
      await query(
        "resources | where type in~ ('Microsoft.ContainerRegistry/registries','microsoft.containerservice/managedclusters') | project id, type, name, location, resourceGroup, subscriptionId, tags, sku, identity, properties | order by name asc",
      ),
    );
    assert.deepEqual(
      containers.map((row) => [at(row, 'name'), at(row, 'type'), at(row, 'resourceGroup')]),
      [
        ['aks-edge', 'microsoft.containerservice/managedclusters', 'rg-edge'],
        ['aks-harbour', 'microsoft.containerservice/managedclusters', 'rg-harbour'],
        ['harbouredge', 'microsoft.containerregistry/registries', 'rg-edge'],
        ['harbourprod', 'microsoft.containerregistry/registries', 'rg-harbour'],
        ['harbourshared', 'microsoft.containerregistry/registries', 'rg-harbour'],
        ['harbourvault', 'microsoft.containerregistry/registries', 'rg-edge'],
      ],
    );
    const assignments = rowsOf(
      await query(
        "authorizationresources | where type =~ 'microsoft.authorization/roleassignments' and properties.principalId == '5e71ce00-0000-4000-8000-000000000002' | project id, properties | order by id asc",
      ),
    );
    assert.equal(assignments.length, 1);
    const plans = rowsOf(
      await query(
        "securityresources | where type =~ 'microsoft.security/pricings' and name in~ ('Containers','CloudPosture') | project id, name, subscriptionId, tier = properties.pricingTier, extensions = properties.extensions | order by id asc",
      ),
    );
    assert.deepEqual(
      plans.map((row) => [at(row, 'name'), at(row, 'tier')]),
      [
        ['CloudPosture', 'Standard'],
        ['Containers', 'Standard'],
        ['CloudPosture', 'Free'],
        ['Containers', 'Free'],
      ],
    );
  });

  it('finds Defender findings of both generations', async () => {
    const grouped = rowsOf(
      await query(
        "securityresources | where type =~ 'microsoft.security/assessments/subassessments' | extend assessmentKey = extract('/assessments/([^/]+)/', 1, tolower(id)) | where assessmentKey in ('c0b7cfc6-3172-465a-b378-53c7ff2cc0d5', 'c609cf0f-71ab-41e9-a3c6-9a1f7fe1b8d5') | project id, subscriptionId, assessmentKey, properties | order by id asc",
      ),
    );
    assert.equal(grouped.length, 2);
    const individual = rowsOf(
      await query(
        "securityresources | where type =~ 'microsoft.security/assessments' and properties.metadata.recommendationCategory == 'SoftwareUpdate' | where properties.resourceDetails.Source =~ 'Azure' and properties.status.code =~ 'Unhealthy' | extend resourceType = tolower(tostring(properties.resourceDetails.ResourceType)) | where resourceType endswith '.containerimage' or resourceType == 'k8s-container' | extend cves = parse_json(tostring(properties.additionalData.CvesDetails)) | project id, name, cve = cves[0].cveId | order by id asc",
      ),
    );
    assert.deepEqual(
      individual.map((row) => at(row, 'cve')),
      ['CVE-2025-15467'],
    );
  });

  it('gives no page token without a projected id, and says that rows are missing', async () => {
    const answer = await query('resources | project name', { options: { $top: 5 } });
    assert.equal(rowsOf(answer).length, 5);
    assert.equal(answer.json['resultTruncated'], 'true');
    assert.equal(answer.json['$skipToken'], undefined);
  });

  it('stops paging at a limit, and counts', async () => {
    const limited = await query('resources | project id | limit 7', { options: { $top: 5 } });
    assert.equal(limited.json['$skipToken'], undefined);
    const counted = await query("resources | where type =~ 'microsoft.storage/storageaccounts' | count");
    assert.deepEqual(rowsOf(counted), [{ Count: 3 }]);
    const grouped = await query('resources | summarize n = count() by location | order by location asc');
    assert.deepEqual(
      rowsOf(grouped).map((row) => at(row, 'location')),
      ['global', 'northeurope', 'westeurope'],
    );
  });

  it('filters rows by role without a word', async () => {
    const text =
      "resources | where type =~ 'microsoft.containerregistry/registries' | project id, name | order by name asc";
    const names = async (name: string): Promise<(Json | undefined)[]> =>
      rowsOf(await query(text, {}, name)).map((row) => at(row, 'name'));
    assert.deepEqual(await names('good'), ['harbouredge', 'harbourprod', 'harbourshared', 'harbourvault']);
    assert.deepEqual(await names('readerOnly'), ['harbourprod', 'harbourshared']);
    assert.deepEqual(await names('pullOnly'), []);
    const denied = await query('resources | project id', { subscriptions: [lab.credentials.deniedSubscriptionId] });
    assert.deepEqual(rowsOf(denied), []);
    assert.equal(detail(await query(text, {}, 'noRoles')), 'NoValidSubscriptionsInQueryRequest');
  });

  it('names what is wrong with a query', async () => {
    assert.equal(detail(await query('resourses | project id')), 'UnknownTable');
    assert.equal(detail(await query('resources | where type ~~ 1')), 'ParserFailure');
    assert.equal(detail(await query('resources | project idd')), 'InvalidQuery');
    assert.equal(
      detail(await query('resources | project id', { options: { $skipToken: 'bm9uc2Vuc2U=' } })),
      'InvalidSkipToken',
    );
  });

  it('understands quotes, case and terms', async () => {
    const names = async (condition: string): Promise<(Json | undefined)[]> =>
      rowsOf(await query(`resources | where ${condition} | project id, name | order by name asc`)).map((row) =>
        at(row, 'name'),
      );
    assert.deepEqual(await names("name == 'KV-harbour'"), []);
    assert.deepEqual(await names("name =~ 'KV-harbour'"), ['kv-harbour']);
    assert.deepEqual(await names("name has 'harbour' and type has 'vaults'"), ['kv-harbour']);
    assert.deepEqual(await names("name == 'it\\'s' or name == @'it''s'"), []);
    assert.deepEqual(
      await names("type =~ 'microsoft.keyvault/vaults' and properties.enableRbacAuthorization == true"),
      ['kv-harbour'],
    );
    assert.deepEqual(await names("type =~ 'microsoft.keyvault/vaults' and not(properties.enableRbacAuthorization)"), [
      'kv-staging',
    ]);
    assert.deepEqual(await names("tags.env =~ 'prod'"), ['harbourprod']);
  });

  it('takes both api-versions, and tables on request', async () => {
    const answer = await query(
      'resourcecontainers | project id | limit 1',
      { options: { resultFormat: 'table' } },
      'good',
      '2021-03-01',
    );
    assert.deepEqual(at(answer.json, 'data', 'columns'), [{ name: 'id', type: 'object' }]);
  });

  it('tells its quota, and keeps it when told to', async () => {
    const first = await query('resources | count');
    assert.match(first.headers['x-ms-user-quota-remaining'] ?? '', /^\d+$/);
    assert.match(first.headers['x-ms-user-quota-resets-after'] ?? '', /^00:00:0[1-5]$/);
    lab.faults.configure({ enforceQuotas: true });
    const answers = await Promise.all(Array.from({ length: 20 }, () => query('resources | count', {}, 'readerOnly')));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length >= 5, `${refused.length} of 20 refused`);
    assert.match(refused[0]?.headers['retry-after'] ?? '', /^[1-5]$/);
    assert.equal(detail(refused[0]!), 'RateLimiting');
  });

  it('is asked with JSON alone', async () => {
    const answer = await ask(
      lab,
      `${lab.customCloud.armEndpoint}/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${await armToken(lab)}`, 'content-type': 'text/plain' },
        body: '{"query":"resources"}',
      },
    );
    assert.equal(answer.status, 415);
  });

  it('holds as many generated resources as asked for, a thousand to a page', async () => {
    const large = await startLab({ images: 'specimens', resources: 2500 });
    try {
      const ids = new Set<string>();
      let token: string | undefined;
      let pages = 0;
      const authorization = `Bearer ${await armToken(large)}`;
      do {
        const answer: Answer = await ask(
          large,
          `${large.customCloud.armEndpoint}/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01`,
          {
            method: 'POST',
            headers: { authorization, 'content-type': 'application/json' },
            body: JSON.stringify({
              query: "resources | where tags.generated == 'true' | project id | order by id asc",
              options: { $top: 1000, ...(token === undefined ? {} : { $skipToken: token }) },
            }),
          },
        );
        for (const row of rowsOf(answer)) ids.add(textOf(at(row, 'id')) ?? '');
        token = textOf(answer.json['$skipToken']);
        pages += 1;
      } while (token !== undefined);
      assert.equal(ids.size, 2500);
      assert.equal(pages, 3);
    } finally {
      await large.stop();
    }
  });
});
