import { Convolution, forgetWisdom, type LayerOptions, type Plan, Tensor } from '../../src/index.js';
import type { Rank } from '../../src/problem/problem.js';
import { makeData, requireRight } from '../../src/report/oracle.js';
import type { RandomLayer } from './layers.js';

/** How a layer ran in one of the ways that are compared. */
export interface Timed {
  /** What ran: `direct`, or F(S, G) per axis. */
  readonly runs: string;
  /** Of the fastest call. */
  readonly ms: number;
  /** Bytes of the input over the time of the input stage; null where that stage is part of the products. */
  readonly inputGbs: number | null;
}

/** A line of the results. */
export interface Comparison {
  readonly seed: number;
  /** Which of the seed's layers. */
  readonly index: number;
  readonly layer: string;
  readonly batch: number;
  readonly isa: string;
  readonly threads: number;
  /** As ordinary code gets it. */
  readonly plan: Timed;
  readonly direct: Timed;
  /** The fastest of the planner's contenders when they were timed. */
  readonly measured: Timed;
}

/** Enough to find a misplaced tap; they are few, as there are a thousand layers. */
const SAMPLES = 256;
/** Calls of all ways in turn go on for so long, and longer where the default plan seems to lose. */
const MILLISECONDS = 120;
const LONGER = 480;
const LEAST_ROUNDS = 4;
/** What seems slower by this factor is timed longer. */
const SEEMS_SLOWER = 1.03;

/**
 * Checks a layer's default plan against double precision, then times it in turn with direct convolution and with the plan
 * that measuring finds.
 *
 * @throws Error when a result is wrong
 */
export function compare(
  { layer, batch }: RandomLayer,
  at: Pick<Comparison, 'seed' | 'index' | 'isa' | 'threads'>,
): Comparison {
  const { inChannels, outChannels, input, kernel, stride, padding } = layer;
  const data = makeData(layer, batch, SAMPLES);
  const x = Tensor.zeros([batch, inChannels, ...input]);
  x.data.set(data.input);
  const make = (change: Partial<LayerOptions>) =>
    new Convolution(
      kernel.length as Rank,
      {
        inChannels,
        outChannels,
        kernelSize: kernel,
        stride,
        padding,
        isa: at.isa,
        threads: at.threads,
        ...change,
      },
      { weight: data.weight },
    );
  const all = [make({}), make({ algorithm: 'direct' }), make({ effort: 'measure' })].map(
    (conv) => new Way(conv, x),
  );
  forgetWisdom();
  // What runs the same is timed once, and then no noise tells the ways apart.
  const byRun = new Map(all.toReversed().map((way) => [way.run, way]));
  const ways = [...byRun.values()];
  for (const { plan, result } of ways)
    requireRight(
      layer.name,
      data.samples.map((position) => result.data[position]!),
      data,
      plan.expectedError,
    );
  runInTurn(ways, MILLISECONDS);
  const [plan, direct, measured] = all.map(({ run }) => byRun.get(run)!) as [Way, Way, Way];
  if (ways.some(({ ms }) => plan.ms > SEEMS_SLOWER * ms)) runInTurn(ways, LONGER);
  return {
    ...at,
    layer: layer.name,
    batch,
    plan: plan.timed(),
    direct: direct.timed(),
    measured: measured.timed(),
  };
}

/** A layer that runs on one input, into one result. */
class Way {
  readonly plan: Plan;
  readonly result: Tensor;
  /** All that the plan says of what runs. */
  readonly run: string;
  ms = Infinity;
  #inputMs = Infinity;

  constructor(
    private readonly conv: Convolution,
    private readonly x: Tensor,
  ) {
    this.plan = conv.plan(x.shape);
    this.result = conv.forwardSync(x);
    this.run = JSON.stringify({ ...this.plan, reason: undefined });
  }

  pass(): void {
    const start = performance.now();
    this.conv.forwardSync(this.x, this.result);
    this.ms = Math.min(this.ms, performance.now() - start);
    this.#inputMs = Math.min(this.#inputMs, this.conv.lastRun!.stages.input);
  }

  timed(): Timed {
    const { algorithm, title, lanes } = this.plan;
    const staged = algorithm === 'winograd' && lanes === 'channels';
    const bytes = this.x.size * Float32Array.BYTES_PER_ELEMENT;
    return { runs: title, ms: this.ms, inputGbs: staged ? bytes / this.#inputMs / 1e6 : null };
  }
}

/** A call of each after the other, so that what disturbs the machine disturbs all alike. */
function runInTurn(ways: readonly Way[], milliseconds: number): void {
  const start = performance.now();
  for (let round = 0; round < LEAST_ROUNDS || performance.now() - start < milliseconds; round++)
    for (const way of ways) way.pass();
}
