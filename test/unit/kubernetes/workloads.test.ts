import assert from 'node:assert/strict';
import { controllerSchema, cronJobSchema, podSchema, serviceAccountSchema } from '../../../src/kubernetes/objects.ts';
import { buildWorkloads, digestOfImageId } from '../../../src/kubernetes/workloads.ts';

const cluster = '/subscriptions/S/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks';
const digest = `sha256:${'1'.repeat(64)}`;

const owned = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, controller: true }] });

function pod(name: string, extra: { metadata?: object; spec?: object; status?: object } = {}) {
  return podSchema.parse({
    metadata: { name, namespace: 'shop', ...extra.metadata },
    spec: { containers: [{ name: 'app', image: 'contoso.azurecr.io/app:1' }], ...extra.spec },
    status: {
      phase: 'Running',
      containerStatuses: [
        { name: 'app', imageID: `contoso.azurecr.io/app@${digest}`, state: { running: { startedAt: 'x' } } },
      ],
      ...extra.status,
    },
  });
}

const controller = (name: string, metadata: object = {}, spec: object = {}) =>
  controllerSchema.parse({ metadata: { name, namespace: 'shop', ...metadata }, spec });

describe('workloads of a cluster', () => {
  it('follow the owners from pod to deployment and to cron job', () => {
    const workloads = buildWorkloads(cluster, {
      pods: [
        pod('orders-abc-1', { metadata: owned('ReplicaSet', 'orders-abc') }),
        pod('orders-abc-2', { metadata: owned('ReplicaSet', 'orders-abc') }),
        pod('night-1-x', { metadata: owned('Job', 'night-1') }),
        pod('lonely'),
        pod('db-0', { metadata: owned('StatefulSet', 'db') }),
      ],
      deployments: [controller('orders', { labels: { app: 'orders' } }, { replicas: 2 })],
      replicaSets: [
        controller('orders-abc', owned('Deployment', 'orders')),
        controller('orders-old', owned('Deployment', 'orders')),
      ],
      statefulSets: [controller('db')],
      daemonSets: [],
      jobs: [controller('night-1', owned('CronJob', 'night'))],
      cronJobs: [cronJobSchema.parse({ metadata: { name: 'night', namespace: 'shop' }, spec: {} })],
    });
    assert.deepEqual(
      workloads.map(({ kind, name, replicas }) => [kind, name, replicas]),
      [
        ['CronJob', 'night', 1],
        ['Deployment', 'orders', 2],
        ['Pod', 'lonely', 1],
        ['StatefulSet', 'db', 1],
      ],
    );
    assert.equal(
      workloads[1]?.id,
      'k8s:/subscriptions/s/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/aks/shop/deployment/orders',
    );
    assert.deepEqual(workloads[1].labels, { app: 'orders' });
    assert.deepEqual(workloads[1].containers[0], {
      pod: 'orders-abc-1',
      container: 'app',
      init: false,
      image: 'contoso.azurecr.io/app:1',
      digest,
      running: true,
      securityContext: {
        addedCapabilities: [],
        droppedCapabilities: [],
        hostNamespaces: [],
        hostPaths: [],
        tokenMounted: true,
      },
    });
  });

  it('find the deployment by the label of its pods when replica sets may not be read', () => {
    const [workload] = buildWorkloads(cluster, {
      pods: [
        pod('orders-abc-1', {
          metadata: { ...owned('ReplicaSet', 'orders-abc'), labels: { 'pod-template-hash': 'abc' } },
        }),
      ],
    });
    assert.equal(workload?.kind, 'Deployment');
    assert.equal(workload.name, 'orders');
  });

  it('keep a workload without pods, and leave finished pods out', () => {
    const workloads = buildWorkloads(cluster, {
      pods: [pod('job-1', { metadata: owned('Job', 'once'), status: { phase: 'Succeeded' } })],
      deployments: [controller('asleep', {}, { replicas: 0 })],
      jobs: [controller('once')],
    });
    assert.deepEqual(
      workloads.map(({ name, replicas, containers }) => [name, replicas, containers.length]),
      [
        ['asleep', 0, 0],
        ['once', 0, 0],
      ],
    );
  });

  it('take the wanted replicas when pods may not be read', () => {
    const [workload] = buildWorkloads(cluster, { deployments: [controller('orders', {}, { replicas: 3 })] });
    assert.equal(workload?.replicas, 3);
  });

  it('tell what a container may do on its node', () => {
    const [workload] = buildWorkloads(cluster, {
      pods: [
        pod('a', {
          spec: {
            hostPID: true,
            serviceAccountName: 'quiet',
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            volumes: [
              { name: 'root', hostPath: { path: '/' } },
              { name: 'tmp', emptyDir: {} },
            ],
            containers: [
              {
                name: 'app',
                image: 'x',
                securityContext: {
                  privileged: true,
                  runAsUser: 0,
                  readOnlyRootFilesystem: true,
                  capabilities: { add: ['SYS_ADMIN'], drop: ['ALL'] },
                },
                volumeMounts: [
                  { name: 'root', mountPath: '/host', readOnly: true },
                  { name: 'tmp', mountPath: '/tmp' },
                ],
              },
            ],
          },
        }),
      ],
      serviceAccounts: [
        serviceAccountSchema.parse({
          metadata: { name: 'quiet', namespace: 'shop' },
          automountServiceAccountToken: false,
        }),
      ],
    });
    assert.deepEqual(workload?.containers[0]?.securityContext, {
      privileged: true,
      runAsNonRoot: true,
      runAsUser: 0,
      readOnlyRootFilesystem: true,
      addedCapabilities: ['SYS_ADMIN'],
      droppedCapabilities: ['ALL'],
      seccompProfile: 'RuntimeDefault',
      hostNamespaces: ['pid'],
      hostPaths: [{ path: '/', readOnly: true }],
      tokenMounted: false,
    });
    assert.equal(workload.serviceAccount, 'quiet');
  });

  it('believe a token mount more than any setting', () => {
    const [workload] = buildWorkloads(cluster, {
      pods: [
        pod('a', {
          spec: {
            automountServiceAccountToken: false,
            containers: [
              {
                name: 'app',
                volumeMounts: [
                  { name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
                ],
              },
            ],
          },
        }),
      ],
    });
    assert.equal(workload?.containers[0]?.securityContext.tokenMounted, true);
  });

  it('survive fields of other types', () => {
    const odd = podSchema.parse({
      metadata: { name: 'a', labels: 7, ownerReferences: 'x' },
      spec: { containers: [{ name: 'app', image: 5, securityContext: [] }, 'x', {}], volumes: {} },
      status: { containerStatuses: [null, { name: 'app', imageID: 4 }] },
    });
    const [workload] = buildWorkloads(cluster, { pods: [odd] });
    assert.equal(workload?.containers.length, 1);
  });
});

describe('digest of a running image', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    [`contoso.azurecr.io/team-a/api@${digest}`, digest],
    [`docker-pullable://contoso.azurecr.io/team-a/api@${digest}`, digest],
    [`docker://${digest}`, digest],
    [digest, digest],
    ['', undefined],
    ['contoso.azurecr.io/team-a/api:1', undefined],
    [`x@${digest}0`, undefined],
    ['sha256:short', undefined],
  ];
  for (const [imageId, expected] of cases) {
    it(`of "${imageId.slice(0, 40)}" is ${expected === undefined ? 'unknown' : 'read'}`, () => {
      assert.equal(digestOfImageId(imageId), expected);
    });
  }
});
