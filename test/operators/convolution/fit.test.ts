import { expect, it } from 'vitest';
import { candidatesOf } from '../../../src/catalogue/candidates.js';
import type { Machine } from '../../../src/machine/machine.js';
import { avx2 } from '../../../src/machine/rates/zen3.js';
import { convolutionAlgorithms } from '../../../src/operators/convolution/algorithms.js';
import { sparsePlans } from '../../../src/operators/convolution/calibration/densities.js';
import { fitOf, fitRates, type Sample } from '../../../src/operators/convolution/calibration/fit.js';
import { calibrationProblems } from '../../../src/operators/convolution/calibration/layers.js';
import { contenders, type PlannerOptions } from '../../../src/planner/planner.js';

const caches = { l1: 32 << 10, l2: 512 << 10, l3: 32 << 20 };
const table = { name: 'avx2', width: 8, gemmRows: 6, positionKernels: 4, outerVectors: 3 };
const machine = (rates = avx2): Machine => ({ table, cores: 1, rates, caches });

/** Passes of a machine that the model describes exactly, whose transforms are slower and whose memory is nearer. */
const truth: Machine = machine({
  ...avx2,
  input: { ...avx2.input, perMove: 3 * avx2.input.perMove, perRow: 2 * avx2.input.perRow },
  output: { ...avx2.output, perMove: 3 * avx2.output.perMove },
  direct: { ...avx2.direct, rate: 0.6 },
});

function samplesOf(count: number): Sample[][] {
  const problems = calibrationProblems();
  return Array.from({ length: count }, (_, i) => {
    const problem = problems.next().value!;
    const options: PlannerOptions = {
      ...{ algorithms: convolutionAlgorithms, algorithm: 'auto', errorLimit: 2.5, machine: machine() },
      candidates: candidatesOf(problem, {}),
    };
    // Every third problem was timed while something else took half of the machine.
    const slow = i % 3 === 0 ? 2 : 1;
    return contenders(problem, options, 4).map((choice) => {
      const row = convolutionAlgorithms.find(({ name }) => name === choice.algorithm)!;
      const { stages, total } = row.cost(problem, choice, truth);
      const output = row.kind === 'direct' ? 0 : stages.output;
      const product = total - stages.input - output - truth.rates.perPass;
      return {
        ...{ problem, row, settled: choice },
        measured: {
          input: slow * stages.input,
          product: slow * product,
          output: slow * output,
          total: slow * total,
        },
      };
    });
  });
}

it('finds the rates of a machine that the model describes, whatever disturbs it', { timeout: 60_000 }, () => {
  const samples = samplesOf(60);
  const rates = fitRates(samples.slice(0, 45), machine());
  const [before, after] = [machine(), machine(rates)].map((each) => fitOf(samples.slice(45), each));
  expect(after!.median).toBeLessThan(before!.median / 2);
  expect(after!.percentile95).toBeLessThan(0.7 * before!.percentile95);
  expect(rates.direct.rate / rates.products.rate).toBeCloseTo(0.6 / 0.95, 1);
  for (const stage of ['input', 'output'] as const)
    expect(rates[stage].perMove).toBeGreaterThan(2 * avx2[stage].perMove);
  // What one thread cannot tell stays.
  expect(rates.threads).toEqual(avx2.threads);
});

it('says up to which density sparse weights are taken, by the rates', () => {
  const [usual, slow] = [avx2, { ...avx2, sparse: { ...avx2.sparse, rate: avx2.sparse.rate / 4 } }].map(
    (rates) => sparsePlans(machine(rates)),
  );
  for (const [layer, density] of usual!) {
    expect(density, layer).toBeLessThan(0.6);
    expect(slow!.get(layer)!, layer).toBeLessThanOrEqual(density / 2);
  }
  // A single tap leaves nothing to save but zeros.
  expect(usual!.get('1x1 256→64 @56²')!).toBeGreaterThan(2 * usual!.get('3x3 256→256 @56²')!);
});
