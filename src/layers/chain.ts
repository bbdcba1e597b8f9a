import type { Graph } from '../graph/graph.js';
import { machineOf } from '../machine/machine.js';
import type { Wishes } from '../operators/convolution/decide.js';
import type { Attributes, Constant, LoweringSettings } from '../operators/operator.js';
import { weightShape } from '../problem/problem.js';
import type { Settings } from './options.js';

/** A layer as graphs have it: the attributes and constants of a Conv, the same objects in whichever graph it is. */
export class PosedLayer {
  readonly attributes: Attributes;
  /** The same where it is the only one: what comes and goes is planar. */
  readonly alone: Attributes;
  readonly weight: Constant;
  readonly bias: Constant | undefined;
  /** What graphs that begin with it are lowered by. */
  readonly lowering: LoweringSettings;

  /** @param weight,bias in the engine's memory; not to be changed any more */
  constructor(
    readonly settings: Settings,
    weight: Float32Array,
    bias: Float32Array | null,
  ) {
    const { layer, tiles, algorithm, errorLimit, accuracy, lanes, effort, isa } = settings;
    const spatial = (values: readonly number[]) => values.slice(3 - layer.rank);
    this.lowering = { machine: machineOf(isa.name), isa, threads: layer.threads, effort };
    const wishes: Wishes = { tiles, algorithm, errorLimit, accuracy, lanes, settings: this.lowering };
    this.attributes = {
      ...{ strides: spatial(layer.stride), dilations: spatial(layer.dilation), group: layer.groups },
      ...{ pads: [...spatial(layer.padBegin), ...spatial(layer.padEnd)], activation: layer.activation },
      wishes,
    };
    this.alone = { ...this.attributes, wishes: { ...wishes, planar: true } satisfies Wishes };
    this.weight = { type: 'float32', shape: weightShape(layer), data: weight };
    this.bias = bias === null ? undefined : { type: 'float32', shape: [layer.outChannels], data: bias };
  }
}

/** A layer of a chain. */
export interface Link {
  readonly layer: PosedLayer;
  /** Name of the tensor that is added to the result before the activation: {@link INPUT}, {@link ADDED} or an earlier result. */
  readonly residual: string | undefined;
}

/** Names of a chain's inputs; the second is there if a layer adds it. */
export const INPUT = 'x';
export const ADDED = 'residual';

/** Name of the result of a layer of a chain, which its node has, too. */
export function resultOf(index: number): string {
  return `layer ${index}`;
}

/** The graph of layers in order, each on the result of the one before. */
export function chainOf(links: readonly Link[]): Graph {
  const constants = new Map<string, Constant>();
  const nodes = links.map(({ layer, residual = '' }, i) => {
    const [weight, bias] = [`weight ${i}`, layer.bias === undefined ? '' : `bias ${i}`];
    constants.set(weight, layer.weight);
    if (layer.bias !== undefined) constants.set(bias, layer.bias);
    return {
      ...{
        operator: 'Conv',
        name: resultOf(i),
        attributes: links.length === 1 ? layer.alone : layer.attributes,
      },
      inputs: [i === 0 ? INPUT : resultOf(i - 1), weight, bias, residual],
      outputs: [resultOf(i)],
    };
  });
  const names = links.some(({ residual }) => residual === ADDED) ? [INPUT, ADDED] : [INPUT];
  return {
    inputs: names.map((name) => ({ name, type: 'float32', shape: undefined })),
    outputs: [resultOf(links.length - 1)],
    ...{ nodes, constants },
  };
}
