import { closestMatch } from 'leven';
import { expected } from './errors.js';

/** The names of all options of a kind: a table that the compiler holds to the interface. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/** Letters that a misspelt name may differ by: about one in three. */
const TYPOS = { share: 1 / 3, least: 1, most: 4 };

/**
 * Refuses options that nobody would read: misspelt or made up, they would silently leave the default in force.
 * Every function and constructor that people call with an object of options asks here first.
 *
 * @param owner what takes the options, for the message: `synthesize`, `a layer`
 * @param options as they were given
 * @param names all that there are
 * @throws InputError when the options are no object, or naming the first option that is unknown and, if one is near, what
 *   it may have been meant to be
 */
export function checkOptions<Options extends object>(
  owner: string,
  options: Options,
  names: OptionNames<Options>,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw expected(`the options of ${owner}`, 'an object', options);
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return;
  const meant = nearest(unknown, Object.keys(names));
  throw expected(
    `an option of ${owner}`,
    meant === undefined ? `one of ${Object.keys(names).join(', ')}` : `${meant}, which is nearest,`,
    unknown,
  );
}

/**
 * Refuses arguments beyond those that there are: what a caller takes for a further option must not be ignored.
 *
 * @param owner what was called, for the message
 * @param most how many arguments it takes
 * @param extra those that came after them
 * @throws InputError when there are any that are not undefined
 */
export function checkNoMore(owner: string, most: number, extra: readonly unknown[]): void {
  const first = extra.findIndex((value) => value !== undefined);
  if (first >= 0) throw expected(`argument ${most + first + 1} of ${owner}`, 'left out', extra[first]);
}

function nearest(name: string, names: readonly string[]): string | undefined {
  const lower = new Map(names.map((each) => [each.toLowerCase(), each]));
  const maxDistance = Math.min(TYPOS.most, Math.max(TYPOS.least, Math.floor(TYPOS.share * name.length)));
  const match = closestMatch(name.toLowerCase(), [...lower.keys()], { maxDistance });
  return match === undefined ? undefined : lower.get(match);
}
