import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { InputError } from '../../synth/errors.js';

/**
 * A library that takes part in a comparison, in a process of its own: it answers one JSON object a line on standard
 * input with one on standard output (see `answerRequests`). `Requests` are what it understands, told apart by their
 * `request`; `Answers` what comes back for each.
 */
export class Contender<
  Requests extends { readonly request: string },
  Answers extends Readonly<Record<Requests['request'], object>>,
> {
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #nextId = 0;

  /** Starts the process. */
  constructor(
    readonly name: string,
    [command, ...parameters]: readonly [string, ...string[]],
  ) {
    this.#process = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'inherit'] });
    // A process that could not start or died ends its output, which `ask` reports.
    this.#process.on('error', () => {});
    this.#process.stdin!.on('error', () => {});
    this.#answers = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** An identifier that no job of this contender has had. */
  newId(): number {
    return this.#nextId++;
  }

  /** Asks and waits. @throws Refusal with what the contender says when it cannot; Error when its process has ended */
  async ask<R extends Requests>(request: R): Promise<Answers[R['request']]> {
    this.#process.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`Expected ${this.name} to answer but its process ended`);
    const answer = JSON.parse(value) as Answers[R['request']] & { error?: string };
    if (answer.error !== undefined) throw new Refusal(answer.error);
    return answer;
  }

  /** Lets the process end once it has answered. */
  close(): void {
    this.#process.stdin!.end();
  }

  /** Ends the process at once. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

/** A contender that runs, but not this. */
export class Refusal extends InputError {}
