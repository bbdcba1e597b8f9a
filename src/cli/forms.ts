import {
  axisFamily,
  type BitGrowth,
  backwardData,
  backwardWeights,
  bitGrowth,
  expected,
  type Form,
  formToJSON,
  InputError,
  type IntegerTransform,
  integerTransform,
  type ModuliInput,
  nested,
  paddedTransform,
  pieces,
  polyphase,
  printForm,
  printText,
  synthesize,
  type Transform,
  toJSON,
  transposed,
} from '../../synth/index.js';
import { lines, plainTable, right } from './columns.js';

/** What `--form` asks for: the form's name and its numbers, as in `padded:1,1`. */
export interface FormWish {
  readonly name: string;
  readonly numbers: readonly number[];
}

/** The F(S, G) that a form is made of. */
export interface FormRequest {
  readonly outputs: number;
  readonly taps: number;
  readonly moduli?: ModuliInput | undefined;
}

/** A form in the two ways it can be printed. */
export interface PrintedForm {
  readonly text: string;
  readonly json: object;
}

interface FormKind {
  /** Names of its numbers; none when it takes none. Those after `…` may repeat, those with `?` be left out. */
  readonly numbers: string;
  readonly help: string;
  /** False for forms that are made of several algorithms, each with its own moduli. */
  readonly takesModuli: boolean;
  readonly build: (request: FormRequest, numbers: readonly number[]) => PrintedForm;
}

const kinds: Readonly<Record<string, FormKind>> = {
  transposed: {
    numbers: '',
    help: 'full convolution of S inputs to S + G − 1 outputs',
    takesModuli: true,
    build: (request) => form(transposed(synthesize(request))),
  },
  'backward-data': {
    numbers: '',
    help: 'gradients of the inputs: correlation with the kernel reversed',
    takesModuli: true,
    build: (request) => form(backwardData(synthesize(request))),
  },
  'backward-weights': {
    numbers: '',
    help: 'gradients of the taps: F(G, S) on the same transformed inputs',
    takesModuli: true,
    build: (request) => transform(backwardWeights(synthesize(request))),
  },
  family: {
    numbers: 'S₂,…',
    help: 'tiles of further sizes that share the kernel transform',
    takesModuli: true,
    build: ({ outputs, taps, moduli }, sizes) => family([outputs, ...sizes], taps, moduli),
  },
  padded: {
    numbers: 'begin,end',
    help: 'a whole axis of S outputs with so many zeros around its inputs',
    takesModuli: true,
    build: ({ outputs, taps, moduli }, [begin, end]) =>
      form(
        paddedTransform({
          inputs: outputs + taps - 1 - begin! - end!,
          padding: [begin!, end!],
          taps,
          moduli,
        }),
      ),
  },
  stride: {
    numbers: 's',
    help: 'outputs s inputs apart, by polyphase parts',
    takesModuli: false,
    build: ({ outputs, taps }, [stride]) => form(polyphase({ outputs, taps, stride: stride! })),
  },
  dilation: {
    numbers: 'd',
    help: 'taps d inputs apart, by polyphase parts',
    takesModuli: false,
    build: ({ outputs, taps }, [dilation]) => form(polyphase({ outputs, taps, dilation: dilation! })),
  },
  pieces: {
    numbers: 'p',
    help: 'a large kernel as a sum of F(S, p)',
    takesModuli: false,
    build: ({ outputs, taps }, [piece]) => form(pieces({ outputs, taps, piece: piece! })),
  },
  nested: {
    numbers: 'm',
    help: 'a large kernel by an algorithm on blocks of m, each product an F(m, m)',
    takesModuli: false,
    build: ({ outputs, taps }, [block]) => form(nested({ outputs, taps, block: block! })),
  },
  integer: {
    numbers: 'bits?',
    help: 'integer matrices, from small integer points unless moduli are given, with the bits that data of so many (8) grow to',
    takesModuli: true,
    build: (request, [bits]) => integer(integerTransform(request), bits),
  },
};

/** The lines of `--help` on forms. */
export const formHelp = Object.entries(kinds)
  .map(([name, { numbers, help }]) => `  ${usage(name, numbers).padEnd(20)} ${help}`)
  .join('\n');

/** A parser for commander: `transposed`, `padded:1,1`. */
export function formWish(text: string): FormWish {
  const [name = '', list, ...rest] = text.split(':');
  const kind = Object.hasOwn(kinds, name) ? kinds[name]! : undefined;
  if (kind === undefined) throw expected('--form', `one of ${Object.keys(kinds).join(', ')}`, text);
  const numbers = list === undefined || list === '' ? [] : list.split(',');
  const names = kind.numbers === '' ? [] : kind.numbers.split(',');
  const least = names.filter((each) => !/[…?]/.test(each)).length;
  const most = kind.numbers.includes('…') ? Number.POSITIVE_INFINITY : names.length;
  const valid = numbers.every((number) => /^\d{1,9}$/.test(number)) && rest.length === 0;
  if (!valid || numbers.length < least || numbers.length > most)
    throw expected('--form', usage(name, kind.numbers), text);
  return { name, numbers: numbers.map(Number) };
}

/**
 * Builds, proves and prints a form of F(S, G).
 *
 * @throws InputError when the numbers do not fit, or moduli come with a form that takes none
 */
export function printedForm({ name, numbers }: FormWish, request: FormRequest): PrintedForm {
  const kind = kinds[name]!;
  if (request.moduli !== undefined && !kind.takesModuli)
    throw new InputError(
      `Expected --moduli to be left out with --form ${name}, which uses several algorithms`,
    );
  return kind.build(request, numbers);
}

function usage(name: string, numbers: string): string {
  if (numbers === '') return name;
  return numbers.endsWith('?') ? `${name}[:${numbers.slice(0, -1)}]` : `${name}:${numbers}`;
}

function form(value: Form): PrintedForm {
  return { text: printForm(value), json: formToJSON(value) };
}

function transform(value: Transform): PrintedForm {
  return { text: printText(value), json: toJSON(value) };
}

function family(outputs: readonly number[], taps: number, moduli: FormRequest['moduli']): PrintedForm {
  const { members, C, products, ...rest } = axisFamily({ outputs, taps, moduli });
  const sizes = members.map((member) => `F(${member.outputs}, ${taps})`);
  const title =
    `${sizes.join(', ')} on one kernel transform of ${products} products: ` +
    `${members.map((member) => `the first ${member.products}`).join(', ')}\n\n`;
  return {
    text: title + members.map(printText).join('\n'),
    json: { taps, products, moduli: rest.moduli, members: members.map(toJSON) },
  };
}

function integer(value: IntegerTransform, bits?: number): PrintedForm {
  const growths = [1, 2, 3].map((dims) => bitGrowth(value, dims, bits));
  const table = plainTable();
  table.push(['', 'B d', 'C g', 'product', 'channels in int32', 'divisor']);
  for (const { dims, data, kernel, product, channels } of growths) {
    const ranges = [data, kernel, product].map(
      ({ bits, type }) => `${bits.toFixed(1)} (${type ?? 'beyond int64'})`,
    );
    table.push([`${dims}-D`, ...ranges, right(channels), right(`${value.divisor ** BigInt(dims)}`)]);
  }
  return {
    text: lines([
      printText(value.transform),
      `Bits that ${bits ?? 8}-bit data and kernels grow to, sign included. The integers that A makes of the products are`,
      'y times the divisor.',
      '',
      table.toString(),
    ]),
    json: {
      ...toJSON(value.transform),
      divisor: `${value.divisor}`,
      growth: growths.map(growthToJSON),
    },
  };
}

function growthToJSON({ dims, channels, ...ranges }: BitGrowth): object {
  const entries = Object.entries(ranges).map(([name, { magnitude, bits, type }]) => [
    name,
    { magnitude: `${magnitude}`, bits, type },
  ]);
  return { dims, ...Object.fromEntries(entries), channels };
}
