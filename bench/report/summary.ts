import { bestPeer, faster, type Line } from './line.js';

/** Accepted beside a goal: the error of direct convolution, times this. */
const ERROR_LIMIT = 2.5;

/** Layers on which onnxruntime shall be beaten by this factor, and two threads by that. */
const overOnnxruntime = { layers: /conv(2a|3a|3b|4a|4b)$/, factor: 6 };
const twoThreads = { flops: 1e9, speedup: 1.9 };

/** In a few sentences, how many of the goals are met. */
export function summaryOf(lines: readonly Line[]): string {
  const goals = lines.filter(({ layer }) => layer.goal !== undefined);
  const met = goals.filter(meetsGoal);
  const sentences = [
    `${met.length} of ${goals.length} goals are met at an error of at most ${ERROR_LIMIT} times direct convolution's.`,
  ];
  const video = lines.filter(
    ({ layer, onnxruntime }) => onnxruntime && overOnnxruntime.layers.test(layer.name),
  );
  if (video.length > 0) {
    const factors = video.map((line) => faster(line.auto, line.onnxruntime!));
    sentences.push(
      `Against onnxruntime's kernel, one thread, C3D's conv2a to conv4b: ${Math.min(...factors).toFixed(1)} to ${Math.max(...factors).toFixed(1)} times as fast (goal ${overOnnxruntime.factor}).`,
    );
  }
  const large = largeWithTwo(lines);
  if (large.length > 0) {
    const good = large.filter((line) => speedupOf(line) >= twoThreads.speedup);
    sentences.push(
      `Two threads reach ${twoThreads.speedup} times one on ${good.length} of ${large.length} layers of 1 GFLOP or more.`,
    );
  }
  return sentences.join('\n');
}

/** Everything that falls short or is slower than another library, one a line. */
export function lossesOf(lines: readonly Line[]): readonly string[] {
  return lines.flatMap((line) => [...shortfalls(line)].map((text) => `- ${line.layer.name}: ${text}`));
}

function* shortfalls(line: Line): Generator<string> {
  const { layer, auto } = line;
  if (layer.goal !== undefined && auto.overPeak < layer.goal)
    yield `${auto.overPeak.toFixed(2)} of a goal of ${layer.goal.toFixed(2)} (${share(auto.overPeak / layer.goal)})`;
  if (auto.errorOverDirect > ERROR_LIMIT)
    yield `an error of ${auto.errorOverDirect.toFixed(2)} where ${ERROR_LIMIT} is accepted`;
  const peer = bestPeer(line);
  if (peer && faster(auto, peer) < 1) yield `${share(faster(auto, peer))} of the speed of ${peer.library}`;
  if (line.oneDnn && line.direct && faster(line.direct, line.oneDnn) < 0.95)
    yield `the direct kernel has ${share(faster(line.direct, line.oneDnn))} of the speed of ${line.oneDnn.library}`;
  if (line.onnxruntime && overOnnxruntime.layers.test(layer.name)) {
    const factor = faster(auto, line.onnxruntime);
    if (factor < overOnnxruntime.factor) yield `${factor.toFixed(1)} times as fast as onnxruntime's kernel`;
  }
  if (largeWithTwo([line]).length > 0 && speedupOf(line) < twoThreads.speedup)
    yield `two threads are ${speedupOf(line).toFixed(2)} times as fast as one`;
  if (line.planar) {
    const loss = line.planar.minMs / auto.minMs - 1;
    const accepted = Math.min(layer.inChannels, layer.outChannels) <= 64 ? 0.1 : 0.05;
    if (loss > accepted) yield `planar activations cost ${share(loss)} where ${share(accepted)} is accepted`;
  }
  if (line.generic && auto.codelets.length > 0 && line.generic.minMs > 1.3 * auto.minMs)
    yield `without codelets it takes ${(line.generic.minMs / auto.minMs).toFixed(2)} times as long`;
}

function meetsGoal({ layer, auto }: Line): boolean {
  return auto.overPeak >= layer.goal! && auto.errorOverDirect <= ERROR_LIMIT;
}

function largeWithTwo(lines: readonly Line[]): readonly Line[] {
  return lines.filter(({ two, auto }) => two && auto.effectiveGflops * auto.minMs * 1e6 >= twoThreads.flops);
}

function speedupOf({ two, auto }: Line): number {
  return faster(two!, auto);
}

function share(of: number): string {
  return `${(100 * of).toFixed(0)} %`;
}
