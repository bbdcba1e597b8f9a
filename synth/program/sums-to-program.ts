import { type Operation, operation, type Program, type Value } from './program.js';
import type { Rationals } from './rationals.js';
import { type Scales, scaledCoefficient } from './scale.js';
import type { Sums } from './sums.js';

interface Term {
  readonly value: Value;
  readonly factor: ReturnType<Rationals['value']>;
  /** Typical size of the term, for inputs of typical size one. */
  readonly size: number;
}

/**
 * Turns sums into operations: each sum becomes one chain of fused multiply-adds that begins with its smallest
 * terms, because every rounding is relative to the partial sum reached so far.
 *
 * @param sizes typical size of each input, by default all one
 */
export function toProgram(sums: Sums, scales: Scales, sizes?: readonly number[]): Program {
  const operations: Operation[] = [];
  const made = new Map<number, Value>(Array.from({ length: sums.inputs }, (_, input) => [input, input]));
  const images = imagesOf(sums, scales, sizes);

  const emit = (each: Operation): Value => sums.inputs + operations.push(each) - 1;
  const make = (value: number): Value => {
    const known = made.get(value);
    if (known !== undefined) return known;
    const terms = [...sums.sum(value)].map(([term, coefficient]): Term => {
      const factor = sums.rationals.value(scaledCoefficient(sums, scales, value, term, coefficient));
      return { value: make(term), factor, size: Math.abs(factor.valueOf()) * norm(images.get(term)!) };
    });
    const result = chain(terms, emit);
    made.set(value, result);
    return result;
  };

  const outputs = Array.from({ length: sums.rows }, (_, row) => {
    const value = sums.inputs + row;
    return sums.sum(value).size === 0 ? undefined : make(value);
  });
  return { inputs: sums.inputs, operations, outputs };
}

/** Adds the terms up, smallest first; a term with a unit coefficient has to be among the first two to save a product. */
function chain(terms: readonly Term[], emit: (each: Operation) => Value): Value {
  const isUnit = (term: Term) => term.factor.abs().equals(1);
  const rest = [...terms].sort((a, b) => a.size - b.size);
  const first = rest[0]!;
  if (rest.length === 1)
    return first.factor.equals(1) ? first.value : emit(operation(first.factor, first.value));
  const unit = rest.splice(Math.max(rest.findIndex(isUnit), 0), 1)[0]!;
  let sum: { value: Value; sign: 1 | -1 };
  if (isUnit(unit)) sum = { value: unit.value, sign: unit.factor.equals(1) ? 1 : -1 };
  else sum = { value: emit(operation(unit.factor, unit.value)), sign: 1 };
  for (const term of rest)
    sum = { value: emit(operation(term.factor, term.value, sum.sign, sum.value)), sign: 1 };
  return sum.value;
}

type Image = readonly number[];

const norm = (image: Image) => Math.hypot(...image);

/** Each value as a combination of the inputs, in double precision and weighted with the sizes of the inputs. */
function imagesOf(sums: Sums, scales: Scales, sizes?: readonly number[]): Map<number, Image> {
  const images = new Map<number, Image>();
  for (let input = 0; input < sums.inputs; input++)
    images.set(
      input,
      Array.from({ length: sums.inputs }, (_, k) => (k === input ? (sizes?.[k] ?? 1) : 0)),
    );
  const visit = (value: number): Image => {
    const known = images.get(value);
    if (known) return known;
    const image: number[] = Array(sums.inputs).fill(0);
    for (const [term, coefficient] of sums.sum(value)) {
      const id = scaledCoefficient(sums, scales, value, term, coefficient);
      const factor = sums.rationals.value(id).valueOf();
      visit(term).forEach((entry, k) => {
        image[k]! += factor * entry;
      });
    }
    images.set(value, image);
    return image;
  };
  for (const value of sums.values) visit(value);
  return images;
}
