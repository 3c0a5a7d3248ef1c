import assert from 'node:assert/strict';
import type { AzureSession } from '../../../src/azure/session.ts';
import { startLab, type Lab } from '../../lab/main.ts';
import { onLab, type OnLab } from './session-on-lab.ts';

describe('asking Resource Graph', function () {
  this.timeout(60_000);
  let lab: Lab;
  let on: OnLab;
  let session: AzureSession;
  const never = new AbortController().signal;
  const query = 'resources | project id, name, type | order by id asc';

  before(async () => {
    lab = await startLab({ images: 'specimens' });
    on = onLab(lab);
  });
  beforeEach(() => {
    lab.faults.reset();
    lab.clearRequests();
    session = on.session('good');
  });
  after(async () => {
    on.close();
    await lab.stop();
  });

  async function ids(
    by: AzureSession,
    subscriptions?: readonly string[],
  ): Promise<{ ids: unknown[]; truncated: boolean }> {
    const found: unknown[] = [];
    let truncated = false;
    for await (const page of by.query({ query, ...(subscriptions === undefined ? {} : { subscriptions }) }, never)) {
      found.push(...page.rows.map(({ id }) => id));
      truncated ||= page.truncated;
    }
    return { ids: found, truncated };
  }

  it('follows its pages to the end, each row once', async () => {
    const all = await ids(session);
    assert.ok(all.ids.length > 40);
    assert.equal(new Set(all.ids).size, all.ids.length);
    assert.equal(all.truncated, false);
    const asked = lab.requests().filter(({ path }) => /ResourceGraph/i.test(path));
    assert.equal(asked.length, Math.ceil(all.ids.length / 20));
    assert.ok(
      asked.every(({ body, query: parameters }) => body.includes('objectArray') && parameters.includes('2024-04-01')),
    );
  });

  it('asks for some subscriptions alone', async () => {
    const some = await ids(session, [lab.credentials.subscriptionId2]);
    assert.ok(some.ids.length > 0);
    assert.ok(some.ids.every((id) => String(id).includes(lab.credentials.subscriptionId2)));
  });

  it('tells when rows were left out', async () => {
    const pages = [];
    for await (const page of session.query({ query: 'resources | project name', top: 10 }, never)) pages.push(page);
    assert.equal(pages.length, 1);
    assert.equal(pages[0]?.truncated, true, 'without an id there is no next page');
  });

  it('asks for fewer rows when a page was too large', async () => {
    const whole = await ids(session);
    lab.clearRequests();
    const body = JSON.stringify({
      error: { code: 'ResponsePayloadTooLarge', message: 'Response payload size is 17 MB.' },
    });
    lab.faults.add({ kind: 'status', role: 'arm', path: 'ResourceGraph', status: 400, text: body, times: 1 });
    assert.deepEqual(await ids(session), whole);
    const tops = lab
      .requests()
      .flatMap(({ path, body: sent }) =>
        /ResourceGraph/i.test(path) ? [Number(/"\$top":(\d+)/.exec(sent)?.[1])] : [],
      );
    assert.deepEqual(tops.slice(0, 2), [1000, 250]);
  });

  it('keeps to the quota that the answers tell', async () => {
    lab.faults.configure({ enforceQuotas: true });
    const fresh = on.session('readerOnly');
    for (let round = 0; round < 9; round++) await ids(fresh, [lab.credentials.subscriptionId]);
    const asked = lab.requests().filter(({ path }) => /ResourceGraph/i.test(path));
    assert.ok(asked.length > 16, `${asked.length} queries are more than the window holds`);
    assert.deepEqual(
      asked.filter(({ status }) => status === 429),
      [],
    );
  });

  it('tries again when it was throttled all the same', async () => {
    lab.faults.add({ kind: 'status', role: 'arm', path: 'ResourceGraph', status: 429, retryAfter: 1, times: 1 });
    assert.ok((await ids(session)).ids.length > 40);
  });

  it('says that no subscription is visible, instead of an empty list', async () => {
    await assert.rejects(ids(on.session('noRoles')), {
      code: 'access-denied',
      serviceCode: 'NoValidSubscriptionsInQueryRequest',
    });
  });

  it('stops between pages', async () => {
    const stop = new AbortController();
    await assert.rejects(
      async () => {
        for await (const page of session.query({ query }, stop.signal)) if (page.rows.length > 0) stop.abort();
      },
      { name: 'AbortError' },
    );
    assert.equal(lab.requests().filter(({ path }) => /ResourceGraph/i.test(path)).length, 1);
  });
});
