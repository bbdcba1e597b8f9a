import type { BenchLayer } from '../../src/report/layers.js';
import type { Row } from '../row.js';

/** Everything a report says of one layer, found among the rows; what was not run is undefined. */
export interface Line {
  readonly layer: BenchLayer;
  /** What the planner chose: best kernels, one thread, activations blocked, caches warm, one clip. */
  readonly auto: Row;
  readonly two: Row | undefined;
  readonly planar: Row | undefined;
  readonly direct: Row | undefined;
  readonly generic: Row | undefined;
  readonly cold: Row | undefined;
  /** The planner's choice on other kernels. */
  readonly others: readonly Row[];
  /** Several clips a pass, fewest first. */
  readonly batches: readonly Row[];
  readonly oneDnn: Row | undefined;
  readonly oneDnnTwo: Row | undefined;
  /** By F(4, 3), where it has that. */
  readonly oneDnnWinograd: Row | undefined;
  readonly onnxruntime: Row | undefined;
  readonly onnxruntimeTwo: Row | undefined;
}

/** @throws Error when the rows lack the planner's choice for the layer */
export function lineOf(layer: BenchLayer, rows: readonly Row[]): Line {
  const here = rows.filter((row) => row.layer === layer.name);
  const ours = here.filter(({ isa }) => isa !== null);
  const plain = {
    algorithm: 'auto',
    isa: ours[0]?.isa,
    threads: 1,
    layout: 'blocked',
    cold: false,
    batch: 1,
  };
  const find = (among: readonly Row[], wanted: Partial<Row>) => all(among, wanted)[0];
  const own = (different: Partial<Row>) => find(ours, { ...plain, ...different } as Partial<Row>);
  const peer = (name: string, threads: number, algorithm = 'direct') =>
    find(
      here.filter(({ library }) => library.startsWith(name)),
      { threads, algorithm, cold: false, batch: 1 },
    );
  const auto = own({});
  if (auto === undefined)
    throw new Error(`Expected the rows to hold 'auto' on ${layer.name} but they do not`);
  return {
    layer,
    auto,
    two: own({ threads: 2 }),
    planar: own({ layout: 'planar' }),
    direct: own({ algorithm: 'direct' }),
    generic: own({ algorithm: 'auto:generic' }),
    cold: own({ cold: true }),
    others: ours.filter((row) => row.isa !== plain.isa),
    batches: ours.filter(({ batch }) => batch > 1),
    oneDnn: peer('oneDNN', 1),
    oneDnnTwo: peer('oneDNN', 2),
    oneDnnWinograd: peer('oneDNN', 1, 'winograd'),
    onnxruntime: peer('onnxruntime', 1),
    onnxruntimeTwo: peer('onnxruntime', 2),
  };
}

function all(rows: readonly Row[], wanted: Partial<Row>): readonly Row[] {
  const fields = Object.entries(wanted) as [keyof Row, unknown][];
  return rows.filter((row) => fields.every(([field, value]) => row[field] === value));
}

/** How many times faster `a` is than `b`, by their least times. */
export function faster(a: Row, b: Row): number {
  return b.minMs / a.minMs;
}

/** The fastest other library of the run at one thread. */
export function bestPeer({ oneDnn, oneDnnWinograd, onnxruntime }: Line): Row | undefined {
  return [oneDnn, oneDnnWinograd, onnxruntime].reduce((best, row) =>
    best === undefined || (row !== undefined && row.minMs < best.minMs) ? row : best,
  );
}
