import { expected } from '../../synth/errors.js';

/**
 * One of a few words; undefined where it is among them.
 *
 * @throws InputError naming the option: `Expected effort to be 'estimate' or 'measure' but received …`
 */
export function oneOf<T extends string | undefined>(name: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  const words = choices.filter((each) => each !== undefined).map((each) => `'${each}'`);
  throw expected(name, `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`, value);
}
