import type { Pattern } from './rewrite.js';

/** What does nothing at inference is left out, unless the graph gives its result away. */
export const dropIdentities: Pattern = {
  name: 'operators that do nothing',
  operators: ['Identity', 'Dropout'],
  match({ inputs, outputs }, around) {
    if (outputs.some((name) => name !== '' && around.isOutput(name))) return undefined;
    return { add: [], renamed: { [outputs[0]!]: inputs[0]! } };
  },
};

/**
 * A concatenation that begins with all parts of an earlier one, as dense blocks have it, begins with that one instead: its
 * parts then lie in the larger result, too, and are never copied.
 */
export const nestConcatenations: Pattern = {
  name: 'concatenations that grow',
  operators: ['Concat'],
  match(node, around) {
    const earlier = longestBeginning(node.inputs, node.attributes.axis, around);
    if (earlier === undefined) return undefined;
    const inputs = [earlier.output, ...node.inputs.slice(earlier.length)];
    return { add: [{ ...node, inputs }] };
  },
};

function longestBeginning(
  inputs: readonly string[],
  axis: unknown,
  around: Parameters<Pattern['match']>[1],
): { readonly output: string; readonly length: number } | undefined {
  for (const candidate of around.readers(inputs[0]!)) {
    if (candidate.operator !== 'Concat' || candidate.attributes.axis !== axis) continue;
    const { length } = candidate.inputs;
    if (length < 2 || length >= inputs.length) continue;
    if (candidate.inputs.every((name, i) => name === inputs[i]))
      return { output: candidate.outputs[0]!, length };
  }
  return undefined;
}
