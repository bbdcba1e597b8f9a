import { describe, expect, test } from 'vitest';
import { winograd } from './run.js';

/** Runs before the command: whoever loads mathjs, by import or by require, gets an error. */
const forbidden = `
import { Module, register } from 'node:module';
const load = Module._load;
Module._load = function (name, ...rest) {
  if (name === 'mathjs') throw new Error('mathjs was loaded');
  return load.call(this, name, ...rest);
};
const hooks = \`export function resolve(name, context, next) {
  if (name === 'mathjs') throw new Error('mathjs was loaded');
  return next(name, context);
}\`;
register('data:text/javascript,' + encodeURIComponent(hooks));
`;
const NODE_OPTIONS = `--import "data:text/javascript,${encodeURIComponent(forbidden)}"`;

describe('mathjs, which takes a second to load,', () => {
  test.each([
    ['synth', '4', '3', '--moduli', '0, ±1, x^2-3/2*x+1@(0 1 inf), inf'],
    ['synth', '6', '3', '--form', 'family:4,2'],
    ['emit', '4', '3', '--target', 'avx2'],
    ['verify', 'transforms/f06x03_t10_0_pm1_x2pmxp1_inf.json'],
    ['search', '2', '2', '--starts', '1'],
    ['table'],
    ['gradients'],
    ['accuracy', '--help'],
    ['info', '--help'],
  ])('is not loaded for %j', async (...args) => {
    const { code, stderr } = await winograd(args, { env: { NODE_OPTIONS } });
    expect(stderr).not.toContain('mathjs was loaded');
    expect(code).toBe(0);
  });

  test('is loaded for an expression that is no plain sum of terms', async () => {
    const args = ['synth', '3', '3', '--moduli', '0, ±1, (x-2)^2'];
    expect((await winograd(args)).code).toBe(0);
    const { code, stderr } = await winograd(args, { env: { NODE_OPTIONS } });
    expect(stderr).toContain('mathjs was loaded');
    expect(code).not.toBe(0);
  });
});
