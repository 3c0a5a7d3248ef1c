/** One line of `npm run bench`. */
export interface BenchRow {
  readonly name: string;
  readonly figure: number;
  readonly unit: string;
  /** What the same machine needed in the same run for the least that could do: a bare gunzip, an idle process. */
  readonly floor?: number;
  /** `figure` over `floor`. The budget bounds it where there is one, else it bounds `figure`. */
  readonly ratio?: number;
  readonly budget: number;
}

/** What every file of benches exports. */
export type Bench = () => Promise<BenchRow[]>;

export function isWithinBudget({ figure, ratio, budget }: BenchRow): boolean {
  return (ratio ?? figure) <= budget;
}

/** The middle of the values; of two middles the greater. Throws RangeError when there are none. */
export function median(values: readonly number[]): number {
  const middle = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new RangeError('There is no middle of nothing');
  return middle;
}

/** Three significant digits are all that such measurements are good for. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
