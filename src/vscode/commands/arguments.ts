import type { AssetNode } from '../../engine-contract.ts';
import type { AssetTree } from '../trees/asset-tree.ts';
import type { FindingsNode } from '../trees/findings-tree.ts';

/** The node that a menu handed over (the node itself) or a link or item named by its id. */
export function assetNodeOf(argument: unknown, tree: Pick<AssetTree, 'node'>): AssetNode | undefined {
  const id = idOf(argument);
  return id === undefined ? undefined : tree.node(id);
}

/** Id of a finding: from a tree item, a link (`finding id`), or the report. */
export function findingIdOf(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument;
  return isFindingNode(argument) ? argument.row.id : undefined;
}

/** The findings of a selection, else the one that the command was called on. */
export function findingIdsOf(argument: unknown, selection: unknown): readonly string[] {
  const nodes: readonly unknown[] = Array.isArray(selection) && selection.length > 0 ? selection : [argument];
  return nodes.flatMap((node) => findingIdOf(node) ?? []);
}

function idOf(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument;
  if (typeof argument !== 'object' || argument === null || !('id' in argument)) return undefined;
  return typeof argument.id === 'string' ? argument.id : undefined;
}

function isFindingNode(argument: unknown): argument is FindingsNode & { type: 'finding' } {
  return (
    typeof argument === 'object' &&
    argument !== null &&
    'type' in argument &&
    argument.type === 'finding' &&
    'row' in argument &&
    typeof argument.row === 'object' &&
    argument.row !== null &&
    'id' in argument.row &&
    typeof argument.row.id === 'string'
  );
}
