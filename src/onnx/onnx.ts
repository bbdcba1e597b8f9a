import type { Graph } from '../graph/graph.js';
import type { OnnxOptions } from './options.js';

export type { OnnxOptions } from './options.js';

/**
 * Reads an ONNX model of operator set 7 or later.
 *
 * The graph has one form of every operator, the newest: what used to be an attribute and is an input now (axes of
 * Squeeze, limits of Clip, …) is a constant, Upsample is Resize, and so on (see `normalise.ts`). `Constant` nodes
 * and initialisers are constants, and so are inputs that an initialiser gives a default. Real numbers of every
 * precision become float32, and with them the types of inputs and of Cast. Weights are read from the file straight
 * into the arrays that they stay in; external data only from the model's own folder.
 *
 * @param model path of the file, or its bytes (which then have no external data)
 * @throws InputError for a file that is no such model, contradicts itself, or needs what is not there: other domains
 *   and subgraphs (If, Loop, Scan), named with node, operator and operator set; the system's error when the file
 *   cannot be read
 */
export async function readOnnx(model: string | Uint8Array): Promise<Graph> {
  // Who reads no model need not load what decodes them.
  return (await import('./import.js')).readOnnx(model);
}

/**
 * Writes a graph as an ONNX model of operator set 21, its numbers in their own types.
 *
 * Both files are written whole or not at all; the weights first, so that a model never lies there without them.
 *
 * @throws InputError for a graph that contradicts itself or has attributes that ONNX cannot hold; the system's error
 *   when a file cannot be written
 */
export async function writeOnnx(path: string, graph: Graph, options: OnnxOptions = {}): Promise<void> {
  return (await import('./export.js')).writeOnnx(path, graph, options);
}
