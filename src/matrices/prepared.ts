import { type NativeArrays, type NativeKernel, type NativeProgram, native } from '../native/addon.js';
import { BoundedMap } from '../support/bounded-map.js';
import { inEngineMemory } from '../tensor/engine-memory.js';

/** One kernel that is called by itself: on the calling thread, or off it. */
class Prepared {
  readonly #kernel: NativeKernel;
  #program: NativeProgram | undefined;

  constructor(operator: string, description: object) {
    this.#kernel = new (native().Kernel)(operator, description);
  }

  sync(inputs: NativeArrays, output: Float32Array): void {
    this.#kernel.runSync(inputs, [output]);
  }

  /** Inputs that are not the engine's are copied first. @param output in the engine's memory */
  async soon(inputs: readonly Float32Array[], output: Float32Array): Promise<void> {
    this.#program ??= this.#programOf();
    await this.#program.run(inputs.map(inEngineMemory), [output]);
  }

  #programOf(): NativeProgram {
    const { inputBytes, outputBytes } = this.#kernel;
    const present = inputBytes.filter((bytes) => bytes > 0);
    const inputs = present.map((bytes, index) => ({ in: 'input' as const, index, offset: 0, bytes }));
    const nothing = inputBytes.slice(present.length).map(() => ({ in: 'nowhere' as const }));
    const outputs = outputBytes.map((bytes, index) => ({ in: 'output' as const, index, offset: 0, bytes }));
    const steps = [{ inputs: [...inputs, ...nothing], outputs }];
    return new (native().Program)(
      { arenaBytes: 0, inputBytes: present, outputBytes, wakes: true, steps },
      [this.#kernel],
      [],
    );
  }
}

const MOST = 64;
const known = new BoundedMap<string, Prepared>(MOST);

/**
 * The kernel of a description, made at first use.
 *
 * @param key tells descriptions of the operator apart
 */
export function prepared(operator: string, key: string, describe: () => object): Prepared {
  return known.getOrMake(`${operator} ${key}`, () => new Prepared(operator, describe()));
}
