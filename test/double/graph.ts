/**
 * Graphs in double precision, operator by operator from ONNX's definitions: the oracle of whole networks. It shares no code
 * with the library, and knows the operators that networks of convolutions are made of.
 */

/** A tensor in double precision. */
export interface Double {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** As much of a graph as is needed here. */
export interface Network {
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly string[];
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<
    string,
    { readonly shape: readonly number[]; readonly data: ArrayLike<number> }
  >;
}

interface Node {
  readonly operator: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

type Attributes = Node['attributes'];
type Maybe = Double | undefined;
type Rule = (inputs: readonly Maybe[], attributes: Attributes) => Double;

const size = (shape: readonly number[]) => shape.reduce((product, each) => product * each, 1);

/** Runs a network, its nodes being in order. */
export function runInDouble(
  { inputs, outputs, nodes, constants }: Network,
  given: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>>,
): Record<string, Double> {
  const values = new Map<string, Double>();
  const put = (name: string, { shape, data }: { shape: readonly number[]; data: ArrayLike<number> }) =>
    values.set(name, { shape, data: Float64Array.from(data) });
  for (const [name, constant] of constants) put(name, constant);
  for (const { name } of inputs) put(name, given[name]!);
  for (const { operator, name, inputs: from, outputs: to, attributes } of nodes) {
    const rule = rules[operator];
    if (rule === undefined) throw new Error(`no definition of ${operator} (${name})`);
    values.set(
      to[0]!,
      rule(
        from.map((each) => (each === '' ? undefined : values.get(each)!)),
        attributes,
      ),
    );
  }
  return Object.fromEntries(outputs.map((name) => [name, values.get(name)!]));
}

type Triple = readonly [number, number, number];

/** Windows of up to three axes, as three. */
interface Windows {
  readonly input: Triple;
  readonly kernel: Triple;
  readonly stride: Triple;
  readonly dilation: Triple;
  readonly begin: Triple;
  readonly output: Triple;
  readonly rank: number;
}

function triple(values: readonly number[], filler: number): Triple {
  return [...Array(3 - values.length).fill(filler), ...values] as unknown as Triple;
}

function windows(shape: readonly number[], kernel: readonly number[], attributes: Attributes): Windows {
  const rank = shape.length - 2;
  const list = (name: string, other: number) =>
    (attributes[name] as readonly number[] | undefined) ?? Array(rank).fill(other);
  const [strides, dilations] = [list('strides', 1), list('dilations', 1)];
  const pads = (attributes.pads as readonly number[] | undefined) ?? Array(2 * rank).fill(0);
  const automatic = (attributes.auto_pad as string | undefined) ?? 'NOTSET';
  const begin: number[] = [];
  const output: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const [extent, stride] = [shape[2 + axis]!, strides[axis]!];
    const reach = (kernel[axis]! - 1) * dilations[axis]! + 1;
    if (automatic.startsWith('SAME')) {
      const outputs = Math.ceil(extent / stride);
      const all = Math.max(0, (outputs - 1) * stride + reach - extent);
      begin.push(automatic === 'SAME_UPPER' ? Math.floor(all / 2) : Math.ceil(all / 2));
      output.push(outputs);
      continue;
    }
    const [before, after] = automatic === 'VALID' ? [0, 0] : [pads[axis]!, pads[rank + axis]!];
    const steps = (extent + before + after - reach) / stride;
    let outputs = 1 + (attributes.ceil_mode ? Math.ceil(steps) : Math.floor(steps));
    // No window begins in the padding at the end.
    if (attributes.ceil_mode && (outputs - 1) * stride >= extent + before) outputs--;
    begin.push(before);
    output.push(outputs);
  }
  return {
    input: triple(shape.slice(2), 1),
    kernel: triple(kernel, 1),
    stride: triple(strides, 1),
    dilation: triple(dilations, 1),
    begin: triple(begin, 0),
    output: triple(output, 1),
    rank,
  };
}

function conv([x, weight, bias]: readonly Maybe[], attributes: Attributes): Double {
  const w = windows(x!.shape, weight!.shape.slice(2), attributes);
  const groups = (attributes.group as number | undefined) ?? 1;
  const [n, channels] = x!.shape as [number, number];
  const outs = weight!.shape[0]!;
  const [inner, own] = [channels / groups, outs / groups];
  const [inSize, outSize, taps] = [size(w.input), size(w.output), size(w.kernel)];
  const data = new Float64Array(n * outs * outSize);
  for (let b = 0; b < n; b++)
    for (let o = 0; o < outs; o++) {
      const to = (b * outs + o) * outSize;
      data.fill(bias?.data[o] ?? 0, to, to + outSize);
      for (let c = 0; c < inner; c++) {
        const from = (b * channels + Math.floor(o / own) * inner + c) * inSize;
        for (let tap = 0; tap < taps; tap++)
          addTap(x!.data, from, data, to, weight!.data[(o * inner + c) * taps + tap]!, tap, w);
      }
    }
  return { shape: [n, outs, ...w.output.slice(3 - w.rank)], data };
}

/** Adds one tap's products to all outputs of a channel. */
function addTap(
  x: Float64Array,
  from: number,
  y: Float64Array,
  to: number,
  factor: number,
  tap: number,
  { input, kernel, stride, dilation, begin, output }: Windows,
): void {
  const at = [
    Math.floor(tap / (kernel[1] * kernel[2])),
    Math.floor(tap / kernel[2]) % kernel[1],
    tap % kernel[2],
  ];
  const shift = at.map((t, axis) => t * dilation[axis]! - begin[axis]!) as unknown as Triple;
  const first = Math.max(0, Math.ceil(-shift[2] / stride[2]));
  const last = Math.min(output[2] - 1, Math.floor((input[2] - 1 - shift[2]) / stride[2]));
  for (let d = 0; d < output[0]; d++) {
    const z = d * stride[0] + shift[0];
    if (z < 0 || z >= input[0]) continue;
    for (let h = 0; h < output[1]; h++) {
      const v = h * stride[1] + shift[1];
      if (v < 0 || v >= input[1]) continue;
      const row = from + (z * input[1] + v) * input[2] + shift[2];
      const result = to + (d * output[1] + h) * output[2];
      for (let i = first; i <= last; i++) y[result + i]! += factor * x[row + i * stride[2]]!;
    }
  }
}

/** Each input goes to all places from which a convolution with these windows would have read it. */
function convTranspose([x, weight, bias]: readonly Maybe[], attributes: Attributes): Double {
  const rank = x!.shape.length - 2;
  const kernel = weight!.shape.slice(2);
  const groups = (attributes.group as number | undefined) ?? 1;
  const list = (name: string, other: number) =>
    (attributes[name] as readonly number[] | undefined) ?? Array(rank).fill(other);
  const [strides, dilations, extra] = [list('strides', 1), list('dilations', 1), list('output_padding', 0)];
  const pads = (attributes.pads as readonly number[] | undefined) ?? Array(2 * rank).fill(0);
  const [n, channels] = x!.shape as [number, number];
  const own = weight!.shape[1]!;
  const inner = channels / groups;
  const extents = x!.shape.slice(2);
  const outputs = extents.map(
    (extent, a) =>
      (extent - 1) * strides[a]! +
      (kernel[a]! - 1) * dilations[a]! +
      1 +
      extra[a]! -
      pads[a]! -
      pads[rank + a]!,
  );
  const [input, output, taps] = [triple(extents, 1), triple(outputs, 1), triple(kernel, 1)];
  const [stride, dilation, begin] = [
    triple(strides, 1),
    triple(dilations, 1),
    triple(pads.slice(0, rank), 0),
  ];
  const data = new Float64Array(n * own * groups * size(output));
  const place = (axis: 0 | 1 | 2, i: number, t: number) =>
    i * stride[axis] + t * dilation[axis] - begin[axis];
  const inside = (axis: 0 | 1 | 2, p: number) => p >= 0 && p < output[axis];
  for (let b = 0; b < n; b++)
    for (let o = 0; o < own * groups; o++) {
      const to = (b * own * groups + o) * size(output);
      data.fill(bias?.data[o] ?? 0, to, to + size(output));
      const group = Math.floor(o / own);
      for (let c = 0; c < inner; c++) {
        const channel = group * inner + c;
        const from = (b * channels + channel) * size(input);
        const row = (channel * own + (o % own)) * size(taps);
        for (let d = 0; d < taps[0]; d++)
          for (let h = 0; h < taps[1]; h++)
            for (let w = 0; w < taps[2]; w++) {
              const factor = weight!.data[row + (d * taps[1] + h) * taps[2] + w]!;
              for (let i = 0; i < input[0]; i++)
                for (let j = 0; j < input[1]; j++)
                  for (let k = 0; k < input[2]; k++) {
                    const [p, q, r] = [place(0, i, d), place(1, j, h), place(2, k, w)];
                    if (!inside(0, p) || !inside(1, q) || !inside(2, r)) continue;
                    data[to + (p * output[1] + q) * output[2] + r]! +=
                      factor * x!.data[from + (i * input[1] + j) * input[2] + k]!;
                  }
            }
      }
    }
  return { shape: [n, own * groups, ...outputs], data };
}

/** What a pool makes of the values in a window, and of how many places it counts with the padding. */
type Pooling = (values: readonly number[], places: number) => number;

function pool(x: Double, attributes: Attributes, of: Pooling): Double {
  const w = windows(x.shape, attributes.kernel_shape as readonly number[], attributes);
  const pads = (attributes.pads as readonly number[] | undefined) ?? Array(2 * w.rank).fill(0);
  const end = triple(pads.slice(w.rank), 0);
  const [n, channels] = x.shape as [number, number];
  const data = new Float64Array(n * channels * size(w.output));
  let to = 0;
  for (let c = 0; c < n * channels; c++)
    for (let d = 0; d < w.output[0]; d++)
      for (let h = 0; h < w.output[1]; h++)
        for (let i = 0; i < w.output[2]; i++) {
          const values: number[] = [];
          let places = 0;
          for (let kd = 0; kd < w.kernel[0]; kd++)
            for (let kh = 0; kh < w.kernel[1]; kh++)
              for (let kw = 0; kw < w.kernel[2]; kw++) {
                const p = d * w.stride[0] + kd * w.dilation[0] - w.begin[0];
                const q = h * w.stride[1] + kh * w.dilation[1] - w.begin[1];
                const r = i * w.stride[2] + kw * w.dilation[2] - w.begin[2];
                if (p < w.input[0] + end[0] && q < w.input[1] + end[1] && r < w.input[2] + end[2]) places++;
                if (p < 0 || q < 0 || r < 0 || p >= w.input[0] || q >= w.input[1] || r >= w.input[2])
                  continue;
                values.push(x.data[((c * w.input[0] + p) * w.input[1] + q) * w.input[2] + r]!);
              }
          data[to++] = of(values, places);
        }
  return { shape: [n, channels, ...w.output.slice(3 - w.rank)], data };
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

function gemm([a, b, c]: readonly Maybe[], attributes: Attributes): Double {
  const { transA = 0, transB = 0, alpha = 1, beta = 1 } = attributes as Record<string, number>;
  const [rows, inner] = transA ? [a!.shape[1]!, a!.shape[0]!] : [a!.shape[0]!, a!.shape[1]!];
  const columns = b!.shape[transB ? 0 : 1]!;
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++)
        sum +=
          a!.data[transA ? k * rows + i : i * inner + k]! *
          b!.data[transB ? j * inner + k : k * columns + j]!;
      data[i * columns + j] = alpha * sum + (c === undefined ? 0 : beta * spread(c, [rows, columns], [i, j]));
    }
  return { shape: [rows, columns], data };
}

/** The element of a smaller tensor that stands for one of a larger. */
function spread({ shape, data }: Double, over: readonly number[], index: readonly number[]): number {
  let offset = 0;
  for (const [axis, extent] of shape.entries())
    offset = offset * extent + (extent === 1 ? 0 : index[axis + over.length - shape.length]!);
  return data[offset]!;
}

function elementwise(inputs: readonly Maybe[], of: (...values: number[]) => number): Double {
  const all = inputs as readonly Double[];
  const rank = Math.max(...all.map(({ shape }) => shape.length));
  const shape = Array.from({ length: rank }, (_, axis) =>
    all.reduce((most, each) => Math.max(most, each.shape[axis + each.shape.length - rank] ?? 1), 1),
  );
  const index = Array(rank).fill(0) as number[];
  const data = new Float64Array(size(shape));
  for (let i = 0; i < data.length; i++) {
    data[i] = of(...all.map((each) => spread(each, shape, index)));
    for (let axis = rank - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return { shape, data };
}

function perChannel(x: Double, of: (value: number, channel: number) => number): Double {
  const inner = size(x.shape.slice(2));
  const channels = x.shape[1]!;
  return { shape: x.shape, data: x.data.map((value, i) => of(value, Math.floor(i / inner) % channels)) };
}

/** Of runs of so many numbers: less their mean, over their deviation. */
function standardised({ shape, data }: Double, run: number, epsilon: number): Double {
  const result = new Float64Array(data.length);
  for (let from = 0; from < data.length; from += run) {
    const values = data.subarray(from, from + run);
    const centre = values.reduce((sum, x) => sum + x, 0) / run;
    const variance = values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / run;
    result.set(
      values.map((x) => (x - centre) / Math.sqrt(variance + epsilon)),
      from,
    );
  }
  return { shape, data: result };
}

function concat(inputs: readonly Maybe[], axis: number): Double {
  const all = inputs as readonly Double[];
  const at = (axis + all[0]!.shape.length) % all[0]!.shape.length;
  const shape = all[0]!.shape.map((extent, a) =>
    a === at ? all.reduce((sum, each) => sum + each.shape[at]!, 0) : extent,
  );
  const outer = size(shape.slice(0, at));
  const data = new Float64Array(size(shape));
  let to = 0;
  for (let o = 0; o < outer; o++)
    for (const each of all) {
      const run = size(each.shape.slice(at));
      data.set(each.data.subarray(o * run, (o + 1) * run), to);
      to += run;
    }
  return { shape, data };
}

function softmax(x: Double, axis: number): Double {
  const at = (axis + x.shape.length) % x.shape.length;
  const [inner, extent] = [size(x.shape.slice(at + 1)), x.shape[at]!];
  const data = new Float64Array(x.data.length);
  for (let outer = 0; outer < x.data.length; outer += inner * extent)
    for (let i = outer; i < outer + inner; i++) {
      const places = Array.from({ length: extent }, (_, k) => i + k * inner);
      const most = Math.max(...places.map((p) => x.data[p]!));
      const powers = places.map((p) => Math.exp(x.data[p]! - most));
      const sum = powers.reduce((all, power) => all + power, 0);
      for (const [k, p] of places.entries()) data[p] = powers[k]! / sum;
    }
  return { shape: x.shape, data };
}

function depthToSpace(x: Double, block: number): Double {
  const [n, channels, rows, columns] = x.shape as [number, number, number, number];
  const outs = channels / block ** 2;
  const shape = [n, outs, rows * block, columns * block];
  const data = new Float64Array(x.data.length);
  for (let i = 0; i < data.length; i++) {
    const [q, p] = [i % shape[3]!, Math.floor(i / shape[3]!) % shape[2]!];
    const [c, b] = [
      Math.floor(i / (shape[2]! * shape[3]!)) % outs,
      Math.floor(i / (shape[2]! * shape[3]! * outs)),
    ];
    // "CRD": columns of a channel's block lie next to each other.
    const from = c * block ** 2 + (p % block) * block + (q % block);
    data[i] =
      x.data[((b * channels + from) * rows + Math.floor(p / block)) * columns + Math.floor(q / block)]!;
  }
  return { shape, data };
}

function lrn(x: Double, { size: width, alpha, beta, bias }: Record<string, number>): Double {
  const inner = size(x.shape.slice(2));
  const channels = x.shape[1]!;
  const [before, after] = [Math.floor((width! - 1) / 2), Math.ceil((width! - 1) / 2)];
  const data = x.data.map((value, i) => {
    const c = Math.floor(i / inner) % channels;
    let squares = 0;
    for (let k = Math.max(0, c - before); k <= Math.min(channels - 1, c + after); k++)
      squares += x.data[i + (k - c) * inner]! ** 2;
    return value / (bias! + (alpha! / width!) * squares) ** beta!;
  });
  return { shape: x.shape, data };
}

const unary =
  (of: (x: number, attributes: Record<string, number>) => number): Rule =>
  ([x], attributes) => ({
    shape: x!.shape,
    data: x!.data.map((value) => of(value, attributes as Record<string, number>)),
  });
const binary =
  (of: (a: number, b: number) => number): Rule =>
  (inputs) =>
    elementwise(inputs, of);
const same: Rule = ([x]) => x!;

const rules: Readonly<Record<string, Rule>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  Gemm: gemm,
  Relu: unary((x) => Math.max(x, 0)),
  LeakyRelu: unary((x, { alpha = 0.01 }) => (x < 0 ? alpha * x : x)),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Tanh: unary(Math.tanh),
  PRelu: binary((x, slope) => (x < 0 ? slope * x : x)),
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Dropout: same,
  Identity: same,
  Flatten: ([x]) => ({ shape: [x!.shape[0]!, size(x!.shape.slice(1))], data: x!.data }),
  MaxPool: ([x], attributes) => pool(x!, attributes, (values) => Math.max(...values)),
  AveragePool: ([x], attributes) =>
    pool(x!, attributes, (values, places) =>
      attributes.count_include_pad ? (mean(values) * values.length) / places : mean(values),
    ),
  GlobalAveragePool: ([x]) => {
    const inner = size(x!.shape.slice(2));
    const data = Float64Array.from({ length: x!.data.length / inner }, (_, i) =>
      mean([...x!.data.subarray(i * inner, (i + 1) * inner)]),
    );
    return { shape: x!.shape.map((extent, axis) => (axis < 2 ? extent : 1)), data };
  },
  BatchNormalization: ([x, scale, offset, centre, variance], { epsilon = 1e-5 }) =>
    perChannel(
      x!,
      (value, c) =>
        ((value - centre!.data[c]!) / Math.sqrt(variance!.data[c]! + (epsilon as number))) * scale!.data[c]! +
        offset!.data[c]!,
    ),
  InstanceNormalization: ([x, scale, offset], { epsilon = 1e-5 }) =>
    perChannel(
      standardised(x!, size(x!.shape.slice(2)), epsilon as number),
      (value, c) => value * scale!.data[c]! + offset!.data[c]!,
    ),
  Concat: (inputs, { axis }) => concat(inputs, axis as number),
  Softmax: ([x], { axis = -1 }) => softmax(x!, axis as number),
  DepthToSpace: ([x], { blocksize }) => depthToSpace(x!, blocksize as number),
  LRN: ([x], attributes) =>
    lrn(x!, { alpha: 1e-4, beta: 0.75, bias: 1, ...(attributes as Record<string, number>) }),
};
