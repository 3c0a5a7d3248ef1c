import type { VerifyStep } from '../../connectivity/types.ts';
import type { AssetNode } from '../../engine-contract.ts';

/**
 * The steps of a verification while it runs, as nodes: those that the tree has already, brought up to date, and new ones
 * for the rest. The order is that of the steps.
 */
export function overlaySteps(
  parent: AssetNode,
  known: readonly AssetNode[],
  steps: readonly VerifyStep[],
): readonly AssetNode[] {
  const byStep = new Map(known.flatMap((node) => (node.step === undefined ? [] : [[node.step.id, node] as const])));
  return steps.map((step) => {
    const node = byStep.get(step.id);
    const flags = [
      `state-${step.state}`,
      ...(step.command === undefined ? [] : ['hasCommand']),
      ...(step.link === undefined ? [] : ['hasLink']),
    ].sort();
    return {
      id: node?.id ?? `${parent.id}/${step.id}`,
      kind: 'step',
      label: step.title,
      flags,
      hasChildren: false,
      connectionId: parent.connectionId,
      facts: node?.facts ?? [],
      step,
    };
  });
}
