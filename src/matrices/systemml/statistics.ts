/** What operators counted since statistics were switched on or reset. */
export interface OperatorStatistics {
  /** Calls by how their operands came: 'conv2d dense dense', 'conv2d sparse dense', … */
  readonly calls: Readonly<Record<string, number>>;
  /** Milliseconds in products of matrices, in unfolding and in adding up, of operators that do these apart. */
  readonly milliseconds: Readonly<Record<Phase, number>>;
}

export type Phase = 'product' | 'im2col' | 'col2im';

let calls: Record<string, number> | undefined;
let milliseconds: Record<Phase, number> = { product: 0, im2col: 0, col2im: 0 };

/** Begins to count, from nothing; counting costs little, and is off until somebody asks. */
export function startStatistics(): void {
  calls = {};
  milliseconds = { product: 0, im2col: 0, col2im: 0 };
}

/** Counts no more. @returns what was counted, or nothing if it was off */
export function stopStatistics(): OperatorStatistics | undefined {
  const counted = statistics();
  calls = undefined;
  return counted;
}

/** What was counted so far; undefined while it is off. */
export function statistics(): OperatorStatistics | undefined {
  return calls && { calls: { ...calls }, milliseconds: { ...milliseconds } };
}

export function countCall(name: string, ...operands: readonly boolean[]): void {
  if (calls === undefined) return;
  const key = [name, ...operands.map((sparse) => (sparse ? 'sparse' : 'dense'))].join(' ');
  calls[key] = (calls[key] ?? 0) + 1;
}

/** Runs something, and counts its time for a phase. */
export async function timed<T>(phase: Phase, work: () => T | Promise<T>): Promise<T> {
  if (calls === undefined) return work();
  const begin = performance.now();
  try {
    return await work();
  } finally {
    milliseconds[phase] += performance.now() - begin;
  }
}
