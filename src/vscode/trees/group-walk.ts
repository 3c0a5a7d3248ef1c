import type { FindingRow, FindingsPage } from '../../report/contract.ts';
import type { GroupRow } from './finding-item.ts';

/** A group with the row at which it begins in the unfolded result. */
export interface PlacedGroup {
  readonly row: GroupRow;
  readonly at: number;
}

/** Rows of the unfolded result from `offset` on. */
export type ReadRows = (offset: number, limit: number) => Promise<Pick<FindingsPage, 'rows' | 'totalRows'>>;

/**
 * Finds the groups of a result that is only served row by row, skipping the findings of large groups.
 * Stops after `most` groups; `next` is then the row of the group that follows.
 */
export async function walkGroups(
  read: ReadRows,
  from: number,
  most: number,
  signal: AbortSignal,
): Promise<{ readonly groups: readonly PlacedGroup[]; readonly next: number | undefined; readonly totalRows: number }> {
  const window = 200;
  const groups: PlacedGroup[] = [];
  let offset = from;
  for (;;) {
    signal.throwIfAborted();
    const page = await read(offset, window);
    let end = offset;
    for (const [index, row] of page.rows.entries()) {
      if (row.type !== 'group') continue;
      const at = offset + index;
      if (groups.length >= most) return { groups, next: at, totalRows: page.totalRows };
      groups.push({ row, at });
      end = at + 1 + visibleFindings(row);
    }
    const next = Math.max(end, offset + page.rows.length);
    if (page.rows.length === 0 || next >= page.totalRows) return { groups, next: undefined, totalRows: page.totalRows };
    offset = next;
  }
}

function visibleFindings(row: FindingRow & { type: 'group' }): number {
  return row.expanded ? row.count : 0;
}
