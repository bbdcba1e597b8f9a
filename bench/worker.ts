/** Our own engine as a contender of the benchmark: answers one JSON object a line (protocol.ts) with one of its own. */
import { native } from '../src/native/addon.js';
import { answerRequests } from '../src/support/answer-requests.js';
import { packageVersion } from '../src/support/package.js';
import { forgetWeights, type Prepared, prepare } from './engine.js';
import type { Answers, EngineOptions, Job, PlanDetails, Request } from './protocol.js';

/** Larger than any last-level cache. */
const SWEEP_FLOATS = 64 << 20;

const jobs = new Map<number, Prepared>();
let swept: Float32Array | undefined;

await answerRequests<Request, Answers>({
  prepare(request) {
    const prepared = prepare(request as Job & EngineOptions);
    jobs.set(request.id, prepared);
    prepared.run();
    return {
      values: request.samples.map(prepared.valueAt),
      library: `winograd-nd ${packageVersion()}`,
      plan: detailsOf(prepared),
    };
  },

  run({ id, passes, cold }) {
    const prepared = jobs.get(id)!;
    prepared.run();
    const times = Array.from({ length: passes }, () => {
      if (cold) sweep();
      return prepared.run();
    });
    return { ms: times.map(({ total }) => total), stages: times };
  },

  release({ id }) {
    jobs.delete(id);
    if (jobs.size === 0) {
      forgetWeights();
      // Weights of hundreds of megabytes lie outside of the heap, which alone would not call for a collection.
      globalThis.gc?.();
    }
    return {};
  },

  peak({ milliseconds }) {
    const [best] = native().cpuInfo().kernels;
    return { gflops: native().fmaPeak(best!.name, milliseconds) };
  },
});

function detailsOf({ plan, productShare }: Prepared): PlanDetails {
  return {
    runs: runsOf(plan),
    tile: plan.tile,
    block: plan.blocks,
    codelets: plan.codelets,
    workspaceBytes: plan.workspaceBytes,
    weightBytes: plan.weightBytes,
    expectedError: plan.expectedError,
    productShare,
  };
}

function runsOf({ algorithm, transforms, lanes, weightFormat }: Prepared['plan']): string {
  if (algorithm !== 'winograd') return algorithm;
  const rounded = weightFormat === 'bfloat16' ? ', weights in bfloat16' : '';
  return transforms.join(' × ') + (lanes === 'positions' ? ' in positions' : '') + rounded;
}

function sweep(): void {
  swept ??= new Float32Array(SWEEP_FLOATS);
  for (let i = 0; i < swept.length; i += 16) swept[i]! += 1;
}
