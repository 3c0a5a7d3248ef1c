import assert from 'node:assert/strict';
import { connect } from 'node:tls';
import { parse } from 'yaml';
import { at, isArray, textOf, type Json } from '../../lab/json.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { accessToken, armToken, ask, bearer, type Answer } from './support.ts';

const serverId = '6dae42f8-4368-4678-94ff-3960e28e3630';

describe('lab: Kubernetes', () => {
  let lab: Lab;
  let entraCa: string;
  let local: { readonly ca: string; readonly cert: string; readonly key: string; readonly token: string };

  const kubeconfig = async (key: 'local' | 'entra'): Promise<Json> => {
    const url = `${lab.customCloud.armEndpoint}${lab.clusters[key].resourceId}/listClusterUserCredential?api-version=2026-06-01&format=exec`;
    const answer = await ask(lab, url, { method: 'POST', ...bearer(await armToken(lab)) });
    const value = textOf(at((answer.json['kubeconfigs'] as Json[])[0], 'value')) ?? '';
    return parse(Buffer.from(value, 'base64').toString('utf8')) as Json;
  };
  const first = (value: Json | undefined): Json | undefined => (isArray(value) ? value[0] : undefined);
  const pem = (value: Json | undefined): string => Buffer.from(textOf(value) ?? '', 'base64').toString('utf8');

  before(async () => {
    lab = await startLab({ images: 'specimens' });
    entraCa = pem(at(first(at(await kubeconfig('entra'), 'clusters')), 'cluster', 'certificate-authority-data'));
    const config = await kubeconfig('local');
    const user = at(first(at(config, 'users')), 'user');
    local = {
      ca: pem(at(first(at(config, 'clusters')), 'cluster', 'certificate-authority-data')),
      cert: pem(at(user, 'client-certificate-data')),
      key: pem(at(user, 'client-key-data')),
      token: textOf(at(user, 'token')) ?? '',
    };
  });
  after(() => lab.stop());
  beforeEach(() => lab.clearRequests());
  afterEach(() => lab.faults.reset());

  const entra = async (path: string, name = 'good', headers: Record<string, string> = {}): Promise<Answer> => {
    const token = await accessToken(lab, name, `${serverId}/.default`);
    return ask(lab, `${lab.clusters.entra.server}${path}`, {
      ca: entraCa,
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
  };
  const edge = async (path: string): Promise<Answer> => ask(lab, `${lab.clusters.local.server}${path}`, local);
  const items = (answer: Answer): readonly Json[] => {
    assert.equal(answer.status, 200, answer.text);
    return answer.json['items'] as Json[];
  };
  const named = (list: readonly Json[], name: string): Json | undefined =>
    list.find((item) => at(item, 'metadata', 'name') === name);

  it('has an authority of its own for each cluster', async () => {
    const trusts = async (server: string, ca: string): Promise<boolean> =>
      new Promise((resolve) => {
        const { hostname, port } = new URL(server);
        const socket = connect({ host: hostname, port: Number(port), ca }, () => {
          socket.destroy();
          resolve(true);
        });
        socket.on('error', () => resolve(false));
      });
    assert.deepEqual(
      [
        await trusts(lab.clusters.entra.server, entraCa),
        await trusts(lab.clusters.local.server, local.ca),
        await trusts(lab.clusters.entra.server, local.ca),
        await trusts(lab.clusters.entra.server, lab.caPem),
      ],
      [true, true, false, false],
    );
  });

  it('knows tokens of its own audience, and nothing else', async () => {
    assert.equal((await entra('/version')).json['gitVersion'], 'v1.33.4');
    const bare = await ask(lab, `${lab.clusters.entra.server}/version`, { ca: entraCa });
    assert.deepEqual([bare.status, bare.json['reason']], [401, 'Unauthorized']);
    const arm = await ask(lab, `${lab.clusters.entra.server}/version`, { ca: entraCa, ...bearer(await armToken(lab)) });
    assert.equal(arm.status, 401);
    assert.equal(lab.requests().at(-1)?.violation, 'a token that was not made for Kubernetes');
  });

  it('knows the client certificate and the token of the local account, and no Entra token', async () => {
    assert.equal((await edge('/version')).status, 200);
    const { server } = lab.clusters.local;
    assert.equal((await ask(lab, `${server}/version`, { ca: local.ca, ...bearer(local.token) })).status, 200);
    assert.equal((await ask(lab, `${server}/version`, { ca: local.ca })).status, 401);
    const token = await accessToken(lab, 'good', `${serverId}/.default`);
    assert.equal((await ask(lab, `${server}/version`, { ca: local.ca, ...bearer(token) })).status, 401);
  });

  it('opens what RBAC Reader opens, and refuses the rest as Azure words it', async () => {
    for (const path of [
      '/api/v1/pods',
      '/apis/apps/v1/deployments',
      '/apis/networking.k8s.io/v1/ingresses',
      '/apis/discovery.k8s.io/v1/endpointslices',
      '/api/v1/serviceaccounts',
    ]) {
      assert.equal((await entra(`${path}?limit=1`)).status, 200, path);
    }
    for (const path of [
      '/apis/rbac.authorization.k8s.io/v1/clusterroles',
      '/apis/networking.k8s.io/v1/ingressclasses',
      '/apis/gateway.networking.k8s.io/v1/gateways',
      '/api/v1/secrets',
      '/api/v1/nodes',
    ]) {
      const refused = await entra(path);
      assert.equal(refused.status, 403, path);
      assert.match(
        refused.text,
        /User does not have access to the resource in Azure\. Update role assignment to allow access\./,
      );
    }
    assert.match(
      (await entra('/api/v1/pods', 'readerOnly')).text,
      /pods is forbidden: User \\"5e71ce00-0000-4000-8000-000000000002\\" cannot list resource \\"pods\\" in API group \\"\\" at the cluster scope/,
    );
  });

  it('has no Gateway API where it is not installed, and shows bindings to cluster-admin', async () => {
    assert.equal((await edge('/apis/gateway.networking.k8s.io/v1/gateways')).status, 404);
    assert.ok(named(items(await edge('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings')), 'build-agents'));
  });

  it('pages lists, and lets continue tokens grow old', async () => {
    const names: Json[] = [];
    let next = '';
    let pages = 0;
    do {
      const answer = await entra(`/api/v1/pods?limit=500${next === '' ? '' : `&continue=${next}`}`);
      names.push(...items(answer));
      next = textOf(at(answer.json, 'metadata', 'continue')) ?? '';
      pages += 1;
    } while (next !== '');
    assert.ok(pages > 1);
    assert.equal(
      new Set(
        names.map(
          (pod) => `${textOf(at(pod, 'metadata', 'namespace')) ?? ''}/${textOf(at(pod, 'metadata', 'name')) ?? ''}`,
        ),
      ).size,
      names.length,
    );
    lab.faults.add({ kind: 'expireContinue', role: 'cluster', times: 1 });
    const page = await entra('/apis/apps/v1/replicasets?limit=2');
    const expired = await entra(
      `/apis/apps/v1/replicasets?limit=2&continue=${textOf(at(page.json, 'metadata', 'continue')) ?? ''}`,
    );
    // the fault met the first page, which has nothing to expire
    assert.equal(expired.status, 200);
    lab.faults.add({ kind: 'expireContinue', role: 'cluster', path: 'continue=' });
    const gone = await entra(
      `/apis/apps/v1/replicasets?limit=2&continue=${textOf(at(page.json, 'metadata', 'continue')) ?? ''}`,
    );
    assert.deepEqual([gone.status, gone.json['reason']], [410, 'Expired']);
    assert.ok(at(gone.json, 'metadata', 'continue'));
  });

  it('answers for one namespace, one object, and metadata alone', async () => {
    const shop = items(await entra('/api/v1/namespaces/shop/services'));
    assert.deepEqual(
      shop.map((one) => at(one, 'metadata', 'name')),
      ['orders', 'storefront'],
    );
    assert.equal(at((await entra('/apis/apps/v1/namespaces/shop/deployments/orders')).json, 'kind'), 'Deployment');
    const partial = await entra('/apis/apps/v1/namespaces/shop/deployments', 'good', {
      accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    });
    assert.equal(partial.json['kind'], 'PartialObjectMetadataList');
    assert.equal(at(items(partial)[0], 'spec'), undefined);
  });

  it('runs workloads behind a public load balancer, an ingress, an internal load balancer and nothing', async () => {
    const services = items(await entra('/api/v1/services'));
    assert.equal(at(named(services, 'orders'), 'spec', 'type'), 'LoadBalancer');
    assert.equal(at(first(at(named(services, 'orders'), 'status', 'loadBalancer', 'ingress')), 'ip'), '20.101.44.17');
    assert.equal(at(named(services, 'storefront'), 'spec', 'type'), 'ClusterIP');
    assert.equal(
      at(
        named(services, 'legacy-report'),
        'metadata',
        'annotations',
        'service.beta.kubernetes.io/azure-load-balancer-internal',
      ),
      'true',
    );
    const ingress = items(await entra('/apis/networking.k8s.io/v1/ingresses'))[0];
    assert.equal(at(ingress, 'spec', 'ingressClassName'), 'webapprouting.kubernetes.azure.com');
    const edgeServices = items(await edge('/api/v1/services'));
    assert.equal(
      edgeServices.some((one) => at(one, 'metadata', 'name') === 'ledger'),
      false,
    );
    assert.ok(named(items(await edge('/apis/apps/v1/statefulsets')), 'ledger'));
  });

  it('tells running images by manifest and by index, a finished job, and a pod that has not started', async () => {
    const proxy = lab.specimens.images.find(({ name }) => name === 'proxy')!;
    const base = `${lab.registries.acronly.loginServer}/platform/proxy@`;
    const statuses = async (answer: Promise<Answer>, label: string): Promise<(string | undefined)[]> =>
      items(await answer)
        .filter((pod) => at(pod, 'metadata', 'labels', 'app') === label)
        .map((pod) => textOf(at(first(at(pod, 'status', 'containerStatuses')), 'imageID')));
    assert.deepEqual((await statuses(edge('/api/v1/namespaces/edge/pods'), 'gateway')).sort(), [
      `${base}${proxy.indexDigest ?? ''}`,
      `docker-pullable://${base}${proxy.digest}`,
    ]);
    assert.ok((await statuses(edge('/api/v1/namespaces/edge/pods'), 'status')).includes(''));
    const finished = items(await entra('/api/v1/namespaces/back-office/pods')).find(
      (pod) => at(pod, 'metadata', 'labels', 'app') === 'reports',
    );
    assert.equal(at(finished, 'status', 'phase'), 'Succeeded');
    assert.equal(at(first(at(finished, 'metadata', 'ownerReferences')), 'kind'), 'Job');
  });

  it('hangs up when stopped, and refuses whatever is no read', async () => {
    lab.faults.configure({ stoppedClusters: ['aks-harbour'] });
    await assert.rejects(entra('/version'));
    lab.faults.reset();
    const token = await accessToken(lab, 'good', `${serverId}/.default`);
    const answer = await ask(lab, `${lab.clusters.entra.server}/api/v1/namespaces/shop/pods/x`, {
      method: 'DELETE',
      ca: entraCa,
      ...bearer(token),
    });
    assert.equal(answer.status, 405);
    assert.equal(lab.requests().at(-1)?.violation, 'not a read: DELETE');
  });
});
