import { expected } from '../../synth/errors.js';
import type { Convolution } from '../layers/convolution.js';
import type { Decided } from '../layers/plans.js';
import type { Prepared } from '../layers/prepared.js';
import type { NativeLayout, NativePass } from '../native/addon.js';
import { WORTH_WAKING } from '../planner/schedule.js';
import { inputShape, outputShape } from '../problem/problem.js';
import { allocate } from '../tensor/tensor.js';
import { NetworkPlan } from './network-plan.js';

/**
 * Layers in order. Tensors are numbered: 0 is the input, t the result of the t-th layer counted from one.
 */
export interface Stage {
  readonly layer: Convolution;
  /** Number of the tensor that is added to the result before the activation. */
  readonly residual: number | undefined;
}

/** One layer's part of a pass: numbers of tensors. */
interface Step {
  readonly prepared: Prepared;
  readonly input: number;
  readonly output: number;
  readonly residual: number | undefined;
}

/** A piece of one of the network's buffers. */
interface Place {
  readonly buffer: number;
  readonly length: number;
}

/** Sets of buffers that wait for the next pass; more passes at once allocate more, and drop them afterwards. */
const MAX_IDLE = 4;

/** A network prepared for one shape of input: where every tensor lies, in which layout, and what runs. */
export class Network {
  readonly plan: NetworkPlan;
  readonly #steps: readonly Step[];
  /** Of the tensors between the layers, by their numbers less one. */
  readonly #places: readonly Place[];
  readonly #lengths: readonly number[];
  readonly #idle: Float32Array[][] = [];

  /** @throws InputError when a layer does not take its predecessor's result, or a residual is of another shape */
  constructor(stages: readonly Stage[], shape: readonly number[]) {
    const decided = decideAll(stages, shape);
    const layouts = chooseLayouts(stages, decided);
    const prepared = stages.map(({ layer, residual }, i) => {
      const [input, output] = [layouts[i]!, layouts[i + 1]!];
      const added = residual === undefined ? output : layouts[residual]!;
      return layer.plans.prepare(
        shapeOf(decided, i),
        { input, output, residual: added },
        residual !== undefined,
      );
    });
    this.#steps = stages.map(({ residual }, i) => ({
      prepared: prepared[i]!,
      input: i,
      output: i + 1,
      residual,
    }));
    this.#places = placesOf(this.#steps);
    this.#lengths = lengthsOf(this.#places);
    const activationBytes = this.#lengths.reduce((sum, length) => sum + 4 * length, 0);
    this.plan = new NetworkPlan(
      prepared.map(({ plan }, i) => ({
        plan,
        input: layouts[i]!,
        output: layouts[i + 1]!,
        residual: stages[i]!.residual,
      })),
      activationBytes,
      new Set(prepared.map(({ weights }) => weights)),
    );
  }

  /** Whether a pass is worth waking sleeping threads: what is too short for that by itself may not be in a row. */
  get wakes(): boolean {
    const shared = this.#steps.filter(({ prepared }) => prepared.kernel.threads > 1);
    return shared.reduce((sum, { prepared }) => sum + prepared.work, 0) >= WORTH_WAKING;
  }

  /** Whether all weights are packed. */
  get ready(): boolean {
    return this.#steps.every(({ prepared }) => prepared.weights.ready !== undefined);
  }

  /** Packs all weights, off the main thread. */
  async pack(): Promise<void> {
    for (const { prepared } of this.#steps) await prepared.weights.pack();
  }

  /** The same on the calling thread. */
  packSync(): void {
    for (const { prepared } of this.#steps) prepared.weights.packSync();
  }

  /**
   * Lends a set of buffers to one pass, once all weights are packed.
   *
   * @param input,output memory of tensors 0 and the last
   * @returns the passes of the layers in order
   */
  borrow(input: Float32Array, output: Float32Array): { passes: readonly NativePass[]; giveBack: () => void } {
    const buffers = this.#idle.pop() ?? this.#lengths.map((length) => allocate(length, false));
    const between = this.#places.map(({ buffer, length }) => buffers[buffer]!.subarray(0, length));
    const tensors = [input, ...between, output];
    return {
      passes: this.#steps.map(({ prepared, input, output, residual }) =>
        prepared.pass(
          tensors[input]!,
          tensors[output]!,
          residual === undefined ? undefined : tensors[residual],
        ),
      ),
      giveBack: () => {
        if (this.#idle.length < MAX_IDLE) this.#idle.push(buffers);
      },
    };
  }
}

/** What each layer will run, on the shapes that its predecessors make. */
function decideAll(stages: readonly Stage[], shape: readonly number[]): Decided[] {
  const decided: Decided[] = [];
  for (const [i, { layer, residual }] of stages.entries()) {
    decided.push(layer.plans.decide(i === 0 ? shape : shapeOf(decided, i)));
    if (residual === undefined) continue;
    const [own, other] = [shapeOf(decided, i + 1), shapeOf(decided, residual)];
    if (own.join() !== other.join()) {
      const source = residual === 0 ? 'the input' : `the result of layer ${residual - 1}`;
      throw expected(`the residual of layer ${i}, ${source},`, `of shape [${own.join(', ')}]`, [...other]);
    }
  }
  return decided;
}

/** N×C×spatial of a tensor that the layers so far take or make. */
function shapeOf(decided: readonly Decided[], tensor: number): readonly number[] {
  return tensor === 0 ? inputShape(decided[0]!.problem) : outputShape(decided[tensor - 1]!.problem);
}

/** Blocked wherever both who writes a tensor and all who read it take that; the network's input and result are planar. */
function chooseLayouts(stages: readonly Stage[], decided: readonly Decided[]): NativeLayout[] {
  const planar = new Set([0, stages.length]);
  const isaOf = (tensor: number) => stages[Math.max(tensor - 1, 0)]!.layer.plans.settings.isa.name;
  stages.forEach(({ layer, residual }, i) => {
    const { blocked } = decided[i]!;
    const isa = layer.plans.settings.isa.name;
    if (!blocked.input || isaOf(i) !== isa) planar.add(i);
    if (!blocked.output) planar.add(i + 1);
    if (residual !== undefined && (!blocked.output || isaOf(residual) !== isa)) planar.add(residual);
  });
  return Array.from({ length: stages.length + 1 }, (_, t) => (planar.has(t) ? 'planar' : 'blocked'));
}

/** Tensors between the layers share buffers where the one is read for the last time before the other is written. */
function placesOf(steps: readonly Step[]): Place[] {
  const lastUse = (tensor: number) =>
    steps.reduce((last, { input, residual }, i) => (input === tensor || residual === tensor ? i : last), 0);
  const freeAfter: number[] = [];
  return steps.slice(0, -1).map(({ prepared, output }, i) => {
    const free = freeAfter.findIndex((step) => step < i);
    const buffer = free === -1 ? freeAfter.length : free;
    freeAfter[buffer] = lastUse(output);
    return { buffer, length: prepared.kernel.outputBytes[0]! / Float32Array.BYTES_PER_ELEMENT };
  });
}

function lengthsOf(places: readonly Place[]): number[] {
  const lengths: number[] = [];
  for (const { buffer, length } of places) lengths[buffer] = Math.max(lengths[buffer] ?? 0, length);
  return lengths;
}
