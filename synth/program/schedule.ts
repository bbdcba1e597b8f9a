import { randomNumbers } from '../random.js';
import { costOf, operandsOf, type Program, type Value } from './program.js';

/** An attempt's time grows with the square of the operations. */
const attemptsFor = (operations: number) =>
  Math.max(8, Math.min(200, Math.round(1e5 / (operations + 1) ** 2)));

/**
 * Orders the operations so that few values are live at once: sixteen vector registers hold everything on AVX2,
 * thirty-two on AVX-512. Neither the operations nor their operands change, hence no result does.
 *
 * A greedy list scheduler, repeated with ties broken at random; the best order wins.
 */
export function schedule(program: Program, seed = 1): Program {
  const random = randomNumbers(seed);
  let best = program;
  let fewest = costOf(program).registers;
  const attempts = attemptsFor(program.operations.length);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const ordered = reorder(program, listOrder(program, random));
    const { registers } = costOf(ordered);
    if (registers < fewest) {
      best = ordered;
      fewest = registers;
    }
  }
  return best;
}

/** Always takes the ready operation after which the fewest values are live. */
function listOrder({ inputs, operations, outputs }: Program, random: () => number): number[] {
  const usesLeft: number[] = Array(inputs + operations.length).fill(0);
  for (const each of operations) for (const operand of operandsOf(each)) usesLeft[operand]!++;
  const stored = new Set<Value | undefined>(outputs);
  const done = new Set<Value>(Array.from({ length: inputs }, (_, input) => input));
  const live = new Set<Value>();
  const waiting = new Set(operations.keys());
  const order: number[] = [];

  const growth = (index: number): number => {
    const operands = operandsOf(operations[index]!);
    const loaded = operands.filter((value) => !live.has(value)).length;
    const freed = operands.filter((value) => usesLeft[value] === 1).length;
    return loaded - freed + (usesLeft[inputs + index]! > 0 ? 1 : 0) - (stored.has(inputs + index) ? 0.25 : 0);
  };

  while (waiting.size > 0) {
    const ready = [...waiting].filter((index) => operandsOf(operations[index]!).every((v) => done.has(v)));
    const ranked = ready.map((index) => ({ index, rank: growth(index) + random() * 0.9 }));
    const { index } = ranked.reduce((least, each) => (each.rank < least.rank ? each : least));
    for (const operand of operandsOf(operations[index]!)) {
      live.add(operand);
      if (--usesLeft[operand]! === 0) live.delete(operand);
    }
    if (usesLeft[inputs + index]! > 0) live.add(inputs + index);
    done.add(inputs + index);
    waiting.delete(index);
    order.push(index);
  }
  return order;
}

function reorder(program: Program, order: readonly number[]): Program {
  const { inputs, operations, outputs } = program;
  const renamed = new Map<Value, Value>(Array.from({ length: inputs }, (_, input) => [input, input]));
  for (const [position, index] of order.entries()) renamed.set(inputs + index, inputs + position);
  const rename = (value: Value) => renamed.get(value)!;
  return {
    inputs,
    operations: order.map((index) => {
      const each = operations[index]!;
      return {
        ...each,
        left: rename(each.left),
        right: each.right === undefined ? undefined : rename(each.right),
      };
    }),
    outputs: outputs.map((value) => (value === undefined ? undefined : rename(value))),
  };
}
