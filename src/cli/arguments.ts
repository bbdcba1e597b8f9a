import { Option } from 'commander';
import { expected } from '../../synth/index.js';

/**
 * A parser for commander: a positive integer, in decimal digits.
 *
 * @param name how errors call the argument
 */
export function positiveInteger(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
    throw expected(name, 'a positive integer', text);
  };
}

/** Powers of ten, and of two where the letter i says so. */
const UNITS: Readonly<Record<string, number>> = {
  ...{ '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 },
};

/**
 * A parser for commander: a number of bytes such as `800MB`, `1.5 GiB` or `300000`.
 *
 * @param name how errors call the argument
 */
export function byteCount(name: string): (text: string) => number {
  return (text) => {
    const [, digits = '', letters = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim()) ?? [];
    const bytes = Math.round(Number(digits) * (UNITS[letters.toLowerCase()] ?? Number.NaN));
    if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
    throw expected(name, 'a number of bytes such as 800MB or 1.5GiB', text);
  };
}

/** A parser for commander: positive integers separated by commas. */
export function positiveIntegers(name: string): (text: string) => number[] {
  return (text) => text.split(',').map((each) => positiveInteger(name)(each.trim()));
}

/**
 * A parser for commander: one of a few words.
 *
 * @param choices the values by the words that stand for them
 */
export function oneOf<T>(name: string, choices: Readonly<Record<string, T>>): (text: string) => T {
  return (text) => {
    const choice = Object.hasOwn(choices, text) ? choices[text] : undefined;
    if (choice === undefined) throw expected(name, `one of ${Object.keys(choices).join(', ')}`, text);
    return choice;
  };
}

/**
 * An option whose default is a list: `--help` shows it as it would be typed, `3,5`.
 *
 * @param name of the option in errors
 */
export function listOption(flags: string, help: string, name: string, list: readonly number[]): Option {
  return new Option(flags, help).argParser(positiveIntegers(name)).default(list, list.join());
}

/** A parser for commander: a number, with an exponent perhaps, or else the word as it is, for the library to refuse. */
export function wordOrNumber(text: string): never {
  return (/^\d*\.?\d+(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text) as never;
}
