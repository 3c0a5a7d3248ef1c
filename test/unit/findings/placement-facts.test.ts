import assert from 'node:assert/strict';
import { placementFacts } from '../../../src/findings/facts.ts';
import type { Exposure } from '../../../src/kubernetes/types.ts';
import { now, placement, valueOf, type PlacementParts } from './support.ts';

const alone = { pods: 1, clusters: 1 };
const facts = (parts: PlacementParts = {}, totals = alone) => placementFacts(placement(parts), totals, now);

describe('facts on a running container', () => {
  it('say where it runs, in how many replicas, and how old the news is', () => {
    const running = facts().find(({ id }) => id === 'runtime.running');
    assert.deepEqual(running, {
      id: 'runtime.running',
      value: true,
      ageHours: 2,
      values: { n: '2', workload: 'Deployment/orders' },
    });
  });

  it('ten pods, or three clusters, are many', () => {
    assert.equal(valueOf(facts({}, { pods: 9, clusters: 2 }), 'runtime.replicas'), undefined);
    assert.equal(valueOf(facts({}, { pods: 10, clusters: 1 }), 'runtime.replicas'), true);
    assert.equal(valueOf(facts({}, { pods: 3, clusters: 3 }), 'runtime.replicas'), true);
  });

  it('only an image of Microsoft in a namespace of AKS is managed by Azure', () => {
    const of = (namespace: string, image: string) =>
      valueOf(facts({ workload: { namespace }, container: { image } }), 'runtime.system-namespace');
    assert.equal(of('kube-system', 'mcr.microsoft.com/oss/kubernetes/coredns:1.11'), true);
    assert.equal(of('kube-system', 'evil.example/mcr.microsoft.com:1'), undefined);
    assert.equal(of('kube-system', 'evil.example/x.mcr.microsoft.com/coredns:1'), undefined);
    assert.equal(of('shop', 'mcr.microsoft.com/oss/kubernetes/coredns:1.11'), undefined);
  });

  it('tell writing to the node from reading it', () => {
    const paths = (...hostPaths: { path: string; readOnly: boolean }[]) => {
      const found = facts({ security: { hostPaths } });
      return [valueOf(found, 'runtime.hostpath-write'), valueOf(found, 'runtime.hostpath-read')];
    };
    for (const path of ['/', '/etc', '/etc/ssl', '/var', '/root/.ssh', '/var/lib/kubelet/pods', '/run/docker.sock']) {
      assert.deepEqual(paths({ path, readOnly: false }), [true, undefined], path);
      assert.deepEqual(paths({ path, readOnly: true }), [undefined, true], path);
    }
    for (const path of ['/data', '/var/log', '/etcetera']) {
      assert.deepEqual(paths({ path, readOnly: false }), [undefined, undefined], path);
    }
    assert.deepEqual(paths({ path: '/etc', readOnly: true }, { path: '/root', readOnly: false }), [true, undefined]);
  });

  it('know dangerous capabilities, and SYS_PTRACE only beside the processes of the node', () => {
    const of = (addedCapabilities: string[], hostNamespaces: ('pid' | 'network')[] = []) =>
      facts({ security: { addedCapabilities, hostNamespaces } }).find(({ id }) => id === 'runtime.capabilities')
        ?.values;
    assert.deepEqual(of(['SYS_ADMIN', 'CAP_BPF', 'NET_ADMIN']), { caps: 'SYS_ADMIN, CAP_BPF' });
    assert.deepEqual(of(['ALL']), { caps: 'ALL' });
    assert.equal(of(['SYS_PTRACE'], ['network']), undefined);
    assert.deepEqual(of(['SYS_PTRACE'], ['pid']), { caps: 'SYS_PTRACE' });
  });

  it('a mounted token is known, what it may do is not', () => {
    const mounted = facts({ security: { tokenMounted: true } });
    assert.equal(valueOf(mounted, 'runtime.sa-token-mounted'), true);
    assert.equal(valueOf(mounted, 'runtime.sa-token-powerful'), 'unknown');
    assert.equal(valueOf(facts(), 'runtime.sa-token-mounted'), undefined);
  });

  it("the container's own user goes before the image's", () => {
    const root = (security: PlacementParts['security'] & object) => valueOf(facts({ security }), 'image.root-user');
    assert.equal(root({ runAsNonRoot: true }), false);
    assert.equal(root({ runAsUser: 1000 }), false);
    assert.equal(root({ runAsUser: 0 }), undefined);
    assert.equal(root({}), undefined);
  });

  it('hardened is proven by all five, and by nothing less', () => {
    const all = {
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      droppedCapabilities: ['all'],
      seccompProfile: 'RuntimeDefault',
      tokenMounted: false,
    };
    const hardened = (more: PlacementParts['security']) =>
      valueOf(facts({ security: { ...all, ...more } }), 'runtime.hardened');
    assert.equal(hardened({}), true);
    assert.equal(hardened({ runAsNonRoot: false }), undefined);
    assert.equal(hardened({ readOnlyRootFilesystem: false }), undefined);
    assert.equal(hardened({ droppedCapabilities: ['NET_RAW'] }), undefined);
    assert.equal(hardened({ seccompProfile: 'Unconfined' }), undefined);
    assert.equal(hardened({ tokenMounted: true }), undefined);
  });
});

describe('facts on exposure', () => {
  const route = (factor: string, ref: string) => ({
    class: 'internet' as const,
    factor,
    ref,
    field: 'status',
    value: 'x',
    values: { ip: '203.0.113.7' },
  });
  const of = (exposure: Exposure) => facts({ workload: { exposure } }).filter(({ id }) => id.startsWith('exposure.'));

  it('lead to the object that proves them, one for each class', () => {
    const routes = [
      route('exposure.public-lb', 'k8s:c/shop/service/a'),
      route('exposure.public-lb', 'k8s:c/shop/service/b'),
      route('exposure.ingress-host', 'k8s:c/shop/ingress/web'),
    ];
    assert.deepEqual(
      of({ class: 'internet', routes, missing: [] }).map(({ id, evidenceId }) => [id, evidenceId]),
      [
        ['exposure.public-lb', 'k8s:c/shop/service/a'],
        ['exposure.ingress-host', 'k8s:c/shop/ingress/web'],
      ],
    );
  });

  it('stay open where a read failed, and say which', () => {
    const found = of({
      class: 'unknown',
      routes: [route('exposure.public-lb', 'k8s:c/shop/service/a')],
      missing: ['/apis/networking.k8s.io/v1/ingresses: 403'],
    });
    assert.equal(valueOf(found, 'exposure.public-lb'), true);
    assert.equal(valueOf(found, 'exposure.ingress-host'), 'unknown');
    assert.equal(valueOf(found, 'exposure.source-limited'), 'unknown');
    assert.match(found.find(({ value }) => value === 'unknown')?.why ?? '', /ingresses: 403/);
  });
});
