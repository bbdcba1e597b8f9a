import { describe, expect, it } from 'vitest';
import { integerConstant } from '../../src/graph/literal.js';
import { Builder, Network, Tensor } from '../../src/index.js';
import { isas } from '../layers/cases.js';

const shapes = [
  [2, 5, 7],
  [1, 19, 6, 9],
  [3, 33, 4, 5, 6],
  [2, 16, 1, 130],
  [1, 3, 300, 300],
  [4, 8, 1, 1],
];
const PASS = 'elementwise functions inside of reductions';

/** Sums over all but the channels of (x − s)² and of y (x − s), means of them, and the largest of |x + y|. */
function graphOf(shape: readonly number[], keepdims: number) {
  const b = new Builder();
  const [x, y] = [b.input('x', shape), b.input('y', shape)];
  const perChannel = [shape[1]!, ...shape.slice(2).map(() => 1)];
  const { data } = Tensor.random(perChannel, { seed: 3 });
  const shift = b.constant({ type: 'float32', shape: perChannel, data });
  const axes = b.constant(integerConstant(shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]))));
  const centred = () => b.node('Sub', [x, shift]);
  const reduce = (operation: string, value: ReturnType<typeof centred>) =>
    b.node(`Reduce${operation}`, [value, axes], { keepdims });
  return b.build({
    squares: reduce('SumSquare', centred()),
    products: reduce('Sum', b.node('Mul', [centred(), y])),
    mean: reduce('Mean', b.node('Mul', [centred(), y])),
    most: reduce('Max', b.node('Abs', [b.add(x, y)])),
  });
}

describe('reductions of what elementwise functions make', () => {
  it.each(shapes.map((shape) => [shape.join(' × '), shape] as const))(
    '%s: the same bits in one pass',
    async (_, shape) => {
      const inputs = { x: Tensor.random(shape, { seed: 1 }), y: Tensor.random(shape, { seed: 2 }) };
      for (const isa of isas())
        for (const keepdims of [0, 1])
          for (const threads of [1, 2]) {
            const graph = graphOf(shape, keepdims);
            const [fused, apart] = [[], [PASS]].map(
              (withoutPasses) => new Network(graph, { isa, threads, withoutPasses }),
            );
            const [found, wanted] = [await fused!.run(inputs), await apart!.run(inputs)];
            const { nodes } = await fused!.plan({ x: shape, y: shape });
            expect(nodes.some(({ operator }) => operator === 'ReduceFused')).toBe(
              shape.slice(2).some((size) => size > 1),
            );
            for (const name of graph.outputs) {
              expect(found[name]!.shape).toEqual(wanted[name]!.shape);
              expect(found[name]!.data, `${name}, ${isa}, ${threads} threads`).toEqual(wanted[name]!.data);
            }
            fused!.dispose();
            apart!.dispose();
          }
    },
  );
});
