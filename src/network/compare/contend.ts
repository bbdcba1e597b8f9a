import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerRequests, atRest } from '../../support/answer-requests.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Answers, Loaded, LoadRequest, NamedShape, NodeTime, Request } from './protocol.js';

/** A model that a library has read. */
export interface Runnable extends Pick<Loaded, 'library' | 'threads' | 'inputs'> {
  run(inputs: Inputs): Promise<Readonly<Record<string, { readonly data: Iterable<number | bigint> }>>>;
  /** What each node of the last pass took, where the library tells. */
  nodes?(): readonly NodeTime[];
}

/** By name. */
export type Inputs = Readonly<Record<string, Tensor>>;

/**
 * Makes this process a contender: it answers `load` and `run`, each only when the process has come to rest.
 *
 * @param load reads a model, and gets it as ready as its library does before the first run
 */
export async function contend(load: (request: LoadRequest) => Promise<Runnable>): Promise<void> {
  let runnable: Runnable;
  let inputs: Inputs;
  const timed = async <T>(work: () => Promise<T>) => {
    const start = performance.now();
    return { result: await work(), milliseconds: performance.now() - start };
  };
  await answerRequests<Request, Answers>({
    async load(request) {
      const loading = await timed(() => load(request));
      runnable = loading.result;
      const { library, threads } = runnable;
      inputs = randomInputs(runnable.inputs);
      const running = await timed(() => runnable.run(inputs));
      const results = Object.entries(running.result).map(([name, { data }], i) => {
        const file = join(request.folder, `${process.pid}-${i}.f32`);
        writeFileSync(file, Float32Array.from(data, Number));
        return [name, file] as const;
      });
      await atRest();
      return {
        ...{ library, threads, inputs: runnable.inputs, results: Object.fromEntries(results) },
        milliseconds: loading.milliseconds + running.milliseconds,
      };
    },

    async run({ passes }) {
      const times: number[] = [];
      for (let pass = 0; pass <= passes; pass++) {
        const { milliseconds } = await timed(() => runnable.run(inputs));
        if (pass > 0) times.push(milliseconds);
      }
      await atRest();
      return { times, nodes: runnable.nodes?.() ?? [], peakBytes: 1024 * process.resourceUsage().maxRSS };
    },
  });
}

function randomInputs(inputs: readonly NamedShape[]): Inputs {
  return Object.fromEntries(
    inputs.map(({ name, shape }, i) => [name, Tensor.random(shape, { seed: i + 1 })]),
  );
}
