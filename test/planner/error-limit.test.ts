import { expect, it } from 'vitest';
import type { AxisForm } from '../../src/catalogue/axis-algorithm.js';
import { knownAlgorithms, wholeAxisAlgorithms } from '../../src/catalogue/catalogue.js';
import { validateInput, validateLayer } from '../../src/problem/problem.js';
import { forwardErrorBound } from '../../synth/noise/bound.js';
import { compile } from '../../synth/program/compile.js';
import { errorWeights } from '../../synth/program/programs.js';

/** The premise of every plan's bound: shared parts never cancel, and a row of n terms meets fewer than 3n roundings. */
it.each([2, 3, 5])('programs of %i taps enlarge nothing that their matrices do not', (taps) => {
  const layer = validateLayer(
    { inChannels: 1, outChannels: 1, kernelSize: taps, padding: Math.ceil(taps / 2) },
    1,
  );
  const whole = [2, 3, 4].flatMap((size) => wholeAxisAlgorithms(validateInput(layer, [1, 1, size]), 2));
  for (const { name, forms } of [...knownAlgorithms(taps, 1), ...knownAlgorithms(taps, 2), ...whole])
    for (const form of forms.filter(({ native }) => native.inputs <= 10)) {
      const { plain, compiled } = bounds(form);
      expect(compiled.amplification / plain.amplification, name).toBeCloseTo(1, 12);
      const still = forwardErrorBound([knownAlgorithms(1, 1)[0]!.forms[0]!.transform], { channels: 1 });
      const { inputs, products } = form.native;
      expect(compiled.roundings - still.roundings, name).toBeLessThanOrEqual(3 * (inputs + products));
    }
});

function bounds({ transform }: AxisForm) {
  const weights = errorWeights(transform);
  const programs = {
    input: compile(transform.B, { ...weights.input, attempts: 20 }),
    output: compile(transform.A, { ...weights.output, attempts: 20 }),
  };
  return {
    plain: forwardErrorBound([transform], { channels: 1 }),
    compiled: forwardErrorBound([{ transform, programs }], { channels: 1 }),
  };
}
