import type { ArmResource, ReadError, Snapshot } from '../inventory/types.ts';
import { allChecks } from './checks/index.ts';
import { SnapshotView, type Subject, comparableId, subscriptionOf, typeOfId, typeOfList } from './snapshot-view.ts';
import type { Check, CheckResult } from './types.ts';
import { isNonEmptyText, isObject } from './values.ts';

/**
 * Judges a snapshot with all checks, or with some. Pure and synchronous. Order: by check as in the catalogue, then as
 * the snapshot lists the resources. A check that finds nothing to judge reports nothing; want of access never looks
 * like that.
 */
export function judgeSnapshot(snapshot: Snapshot, checks: readonly Check[] = allChecks): CheckResult[] {
  const view = new SnapshotView(snapshot);
  const results: CheckResult[] = [];
  for (const check of checks) {
    if (check.perSubscriptionWith === undefined) judgeResources(check, view, results);
    else judgeSubscriptions(check, check.perSubscriptionWith, view, results);
  }
  return results;
}

function judgeResources(check: Check, view: SnapshotView, results: CheckResult[]): void {
  for (const subject of view.ofType(check.target)) {
    const result = judgeOne(check, subject, view);
    if (result !== undefined) results.push(result);
  }
  const known = view.subscriptionsWith(check.target);
  const target = check.target.toLowerCase();
  for (const [id, error] of view.errors()) {
    // A target that is known only because it could not be read.
    if (typeOfId(id) === target && view.resource(id) === undefined) results.push(denied(check, error.id, error));
    // A list below a resource group: nothing names its members.
    if (typeOfList(id) === target && id !== `${subscriptionOf(id)}/providers/${target}`)
      results.push(denied(check, error.id, error));
  }
  for (const subscription of view.subscriptions()) {
    // The whole list could not be read: want of access is never silence. An error on something above the list says the
    // same of each member that is known.
    const list = `${subscription}/providers/${target}`;
    const error = view.errorOver(list);
    if (error === undefined) continue;
    const named = comparableId(error.id) === list;
    if (named || !known.has(subscription)) results.push(denied(check, view.writtenSubscription(subscription), error));
  }
}

function judgeSubscriptions(check: Check, holding: string, view: SnapshotView, results: CheckResult[]): void {
  for (const subscription of view.subscriptionsWith(holding)) {
    const id = view.writtenSubscription(subscription);
    const stand: ArmResource = {
      id,
      type: 'Microsoft.Resources/subscriptions',
      name: id.slice(id.lastIndexOf('/') + 1),
      properties: {},
    };
    const result = judgeOne(check, view.subject(stand, id), view);
    if (result !== undefined) results.push(result);
  }
}

function judgeOne(check: Check, subject: Subject, view: SnapshotView): CheckResult | undefined {
  const { resource, id } = subject;
  if (check.applies?.(resource) === false) return undefined;
  if (subject.error !== undefined) return denied(check, id, subject.error);
  const inputs: (readonly ArmResource[])[] = [];
  for (const input of check.inputs ?? []) {
    const at = `${subject.comparable}/${input.path}`;
    if (input.kind === 'collection') {
      const error = view.errorOver(at, subject.comparable) ?? view.errorInside(at);
      if (error !== undefined) return denied(check, id, error);
      inputs.push(view.members(at));
    } else {
      const found = view.resource(at);
      const error = view.errorOver(at, subject.comparable);
      if (error !== undefined) return denied(check, id, error);
      if (found === undefined) return notRead(check, id, at);
      inputs.push([found]);
    }
  }
  const spoilt = firstUnreadable(resource, inputs);
  if (spoilt !== undefined) {
    const name = isNonEmptyText(spoilt.object.id) ? spoilt.object.id : id;
    return { check: check.id, resource: id, status: 'unreadable', reason: `${name}: ${spoilt.reason}`, evidence: [] };
  }
  const verdict = check.judge(resource, inputs);
  return {
    check: check.id,
    resource: id,
    status: verdict.pass ? 'pass' : 'fail',
    reason: verdict.reason,
    evidence: verdict.evidence,
  };
}

function firstUnreadable(
  resource: ArmResource,
  inputs: readonly (readonly ArmResource[])[],
): { readonly object: ArmResource; readonly reason: string } | undefined {
  const own = unreadable(resource);
  if (own !== undefined) return { object: resource, reason: own };
  for (const objects of inputs) {
    for (const object of objects) {
      const reason = unreadable(object);
      if (reason !== undefined) return { object, reason };
    }
  }
  return undefined;
}

/** Why an object cannot be judged as such. */
function unreadable(object: ArmResource): string | undefined {
  if (!isNonEmptyText(object.id)) return 'it has no id';
  if (!isNonEmptyText(object.type)) return 'it has no type';
  if (!isObject(object.properties)) return 'its properties are missing';
  return undefined;
}

function denied(check: Check, resource: string, error: ReadError): CheckResult {
  const action = error.action === undefined ? '' : `; missing action: ${error.action}`;
  return {
    check: check.id,
    resource,
    status: 'denied',
    reason: `No access to ${error.id} (${error.status} ${error.code})${action}`,
    evidence: [{ path: error.id, value: `${error.status} ${error.code}` }],
  };
}

function notRead(check: Check, resource: string, input: string): CheckResult {
  return {
    check: check.id,
    resource,
    status: 'denied',
    reason: `${input} was not read, although it always exists`,
    evidence: [{ path: input, value: null }],
  };
}
