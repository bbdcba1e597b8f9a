/** `99.3 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Three significant digits without an exponent: `13.4`, `1200`. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** `1.3e-7` as people write it: `1.3·10⁻⁷`. */
export function scientific(value: number): string {
  if (value === 0) return '0';
  const [digits, exponent] = value.toExponential(1).split('e') as [string, string];
  const raised = [...String(Number(exponent))].map((sign) =>
    sign === '-' ? '⁻' : superscripts[Number(sign)],
  );
  return `${digits}·10${raised.join('')}`;
}

const superscripts = [...'⁰¹²³⁴⁵⁶⁷⁸⁹'];

/** `1 × 40 × 16`. */
export function sizes(shape: readonly number[]): string {
  return shape.join(' × ');
}

/** Arrows of eight directions, anticlockwise from "to the right". */
export const arrowSigns = ['→', '↗', '↑', '↖', '←', '↙', '↓', '↘'] as const;
