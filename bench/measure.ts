import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outputOf } from '../src/report/layers.js';
import { type Data, makeData, requireRight } from '../src/report/oracle.js';
import { Refusal } from '../src/support/contender.js';
import type { Entry, Group, Measured } from './entry.js';
import type { LayerContender } from './protocol.js';
import { type Row, rowOf } from './row.js';

export interface MeasureOptions {
  readonly rounds: number;
  /** Our own engine, which measures the machine's peak between the rounds. */
  readonly engine: LayerContender;
  /** Told of entries that do not apply to the layer, and why. */
  readonly leftOut: (entry: Entry, reason: string) => void;
}

/** A burst lasts about this long, so that a pass of microseconds is not measured alone. */
const BURST_MS = 15;
/** So that medians of long passes rest on more than a pass a round. */
const MIN_PASSES = 3;
const MAX_PASSES = 20;
const PEAK_MS = 15;

/**
 * Checks every entry against double precision, then times all of them in rounds, each entry a burst a round, so that
 * what disturbs the machine disturbs all alike.
 *
 * @returns one row per entry that applies to the layer
 * @throws Error when a result is wrong
 */
export async function measure(group: Group, options: MeasureOptions): Promise<Row[]> {
  const data = makeData(group.layer, group.batch);
  const measured = await prepareAll(group, data, options);
  let peak = 0;
  for (let round = 0; round < options.rounds; round++) {
    const { gflops } = await options.engine.ask({ request: 'peak', milliseconds: PEAK_MS });
    peak = Math.max(peak, gflops);
    for (const each of measured) await burst(each);
  }
  for (const each of measured) {
    const { kernelMs } = await each.entry.contender.ask({ request: 'release', id: each.id });
    each.kernelMs = kernelMs ?? [];
  }
  return measured.map((each) => rowOf(group, each, peak));
}

async function burst({ entry, id, ms, stages }: Measured): Promise<void> {
  const passes = Math.min(MAX_PASSES, Math.max(MIN_PASSES, Math.ceil(BURST_MS / (ms[0] ?? BURST_MS))));
  const ran = await entry.contender.ask({ request: 'run', id, passes, cold: entry.cold ? 1 : 0 });
  ms.push(...ran.ms);
  stages.push(...(ran.stages ?? []));
}

async function prepareAll(group: Group, data: Data, options: MeasureOptions): Promise<Measured[]> {
  const folder = mkdtempSync(join(tmpdir(), 'winograd-bench-'));
  const [inputFile, weightFile] = [join(folder, 'input.f32'), join(folder, 'weight.f32')];
  const measured: Measured[] = [];
  try {
    writeFileSync(inputFile, data.input);
    writeFileSync(weightFile, data.weight);
    for (const entry of group.entries) {
      try {
        measured.push(await prepareOne(group, entry, data, { inputFile, weightFile }));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        options.leftOut(entry, error.message);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return measured;
}

async function prepareOne(
  { layer, batch }: Group,
  entry: Entry,
  data: Data,
  files: { readonly inputFile: string; readonly weightFile: string },
): Promise<Measured> {
  const id = entry.contender.newId();
  const { inChannels, outChannels, groups, input, kernel, stride, padding } = layer;
  const prepared = await entry.contender.ask({
    request: 'prepare',
    ...{ id, batch, inChannels, outChannels, groups, input, output: outputOf(layer) },
    ...{ kernel, stride, padding },
    ...{ threads: entry.threads, ...files, samples: data.samples, ...entry.engine },
  });
  const name = `${layer.name} by ${prepared.library}`;
  const error = requireRight(name, prepared.values, data, prepared.plan?.expectedError ?? 0);
  return {
    ...{ entry, id, prepared, errorOverDirect: error / data.directError },
    ...{ ms: [], stages: [], kernelMs: [] },
  };
}
