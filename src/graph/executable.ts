import {
  type NativeConstant,
  type NativeKernel,
  type NativeProgram,
  type NativeProgramParts,
  native,
} from '../native/addon.js';
import type { KernelCall, TensorType } from '../operators/operator.js';

type NamedType = TensorType & { readonly name: string };

/** All of a program but its constants, as plain data: what it is made from again without planning. */
export interface Recipe {
  /** In the graph's order. */
  readonly inputs: readonly NamedType[];
  readonly outputs: readonly NamedType[];
  /** Kernels in order, by the node that they belong to. */
  readonly calls: readonly (KernelCall & { readonly node: string })[];
  readonly parts: NativeProgramParts;
}

/** What can run. */
export interface Executable extends Pick<Recipe, 'inputs' | 'outputs'> {
  readonly native: NativeProgram;
  readonly steps: readonly { readonly node: string; readonly operator: string }[];
}

/** The kernels of a recipe. @throws Error naming what the engine cannot run */
export function kernelsOf(calls: Recipe['calls']): NativeKernel[] {
  const { Kernel } = native();
  return calls.map(({ operator, description }) => new Kernel(operator, description));
}

/** @throws Error where constants or kernels are not those of the recipe */
export function instantiated(
  { inputs, outputs, calls, parts }: Recipe,
  kernels: readonly NativeKernel[],
  constants: readonly NativeConstant[],
): Executable {
  const { Program } = native();
  return {
    ...{ inputs, outputs, native: new Program(parts, kernels, constants) },
    steps: calls.map(({ node, operator }) => ({ node, operator })),
  };
}
