import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

/**
 * The side of a `Contender` that answers: a line of standard input each, in order, until the input ends. What a
 * handler throws goes back as `{ error }`.
 *
 * @param handlers by the name of the request
 */
export async function answerRequests<Requests extends { readonly request: string }, Answers>(
  handlers: {
    readonly [R in Requests as R['request']]: (
      request: R,
    ) => Answers[R['request'] & keyof Answers] | Promise<Answers[R['request'] & keyof Answers]>;
  },
): Promise<void> {
  // Who asked may have been killed; then nobody wants the answer.
  process.stdout.on('error', () => process.exit());
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Requests;
    const handler = handlers[request.request as keyof typeof handlers] as (request: Requests) => unknown;
    let answer: unknown;
    try {
      answer = await handler(request);
    } catch (error) {
      answer = { error: (error as Error).message };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

/** Milliseconds between two looks at how much the process computes. */
const LOOK_MS = 5;
/** A process that computes for less than this share of the time rests. */
const RESTING_SHARE = 0.2;
/** Looks in a row that find it so: on a busy machine a spinning thread may have to wait for a while itself. */
const LOOKS = 4;
const MOST_MS = 5000;

/**
 * Waits until this process uses no processor any more. Thread pools spin for some ten milliseconds after their last
 * task, in case of another; whoever else measures on this machine meanwhile lacks the cores that they spin on.
 *
 * @throws Error when it does not come to rest within 5 seconds
 */
export async function atRest(): Promise<void> {
  const start = performance.now();
  for (let quiet = 0; quiet < LOOKS; ) {
    const [at, used] = [performance.now(), process.cpuUsage()];
    await setTimeout(LOOK_MS);
    const { user, system } = process.cpuUsage(used);
    const milliseconds = (user + system) / 1000;
    quiet = milliseconds < RESTING_SHARE * (performance.now() - at) ? quiet + 1 : 0;
    if (performance.now() - start > MOST_MS) throw new Error('Expected the process to come to rest');
  }
}
