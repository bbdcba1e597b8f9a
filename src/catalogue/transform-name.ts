import {
  compareModuli,
  formatModulus,
  parseModuli,
  resolvePoints,
  type Transform,
} from '../../synth/index.js';

/**
 * The file name of a transform, without extension: sizes first, so that names sort, then what it is built from, from
 * small to large whatever its order, in letters that any file system takes. F(4, 3) with 7 products from 0, ±1, x²+1 and ∞ is `f04x03_t07_0_pm1_x2p1_inf`:
 * `pm` stands for both signs, `p` and `m` for plus and minus, `o` for the bar of a fraction. Points of a residue
 * product follow an `at` where they are not the default ones.
 */
export function transformName({ outputs, taps, products, moduli }: Transform): string {
  const sorted = parseModuli(moduli).toSorted(compareModuli).map(formatModulus);
  const texts = sorted.map((modulus) => {
    const [name] = modulus.split('@');
    const plain = parseModuli(name!).map((each) => formatModulus(resolvePoints(each, outputs, taps)));
    return plain[0] === modulus ? name! : modulus;
  });
  return [
    `f${twoDigits(outputs)}x${twoDigits(taps)}`,
    `t${twoDigits(products)}`,
    ...mergePairs(texts).map(slug),
  ].join('_');
}

function twoDigits(value: number): string {
  return `${value}`.padStart(2, '0');
}

/** Neighbours that differ only by the sign of x become one text with ±. */
function mergePairs(moduli: readonly string[]): string[] {
  const merged: string[] = [];
  moduli.forEach((modulus, i) => {
    const mirrored = withBothSigns(modulus);
    if (
      i > 0 &&
      modulus !== moduli[i - 1] &&
      mirrored === withBothSigns(moduli[i - 1]!) &&
      merged.at(-1) === moduli[i - 1]
    ) {
      merged[merged.length - 1] = mirrored;
    } else {
      merged.push(modulus);
    }
  });
  return merged;
}

/** `-5/8` and `5/8` give `±5/8`; `x^2-x+1` and `x^2+x+1` give `x^2±x+1`. */
function withBothSigns(modulus: string): string {
  return modulus.includes('x')
    ? modulus.replace(/[+-](?=[^+-]*x(?!\^))/, '±')
    : `±${modulus.replace(/^-/, '')}`;
}

const letters: Readonly<Record<string, string>> = {
  '±': 'pm',
  '+': 'p',
  '-': 'm',
  '/': 'o',
  '@': 'at',
  ' ': '.',
};

function slug(modulus: string): string {
  return modulus.replace(/[±+\-/@ ]/g, (character) => letters[character]!).replace(/[*^()]/g, '');
}
