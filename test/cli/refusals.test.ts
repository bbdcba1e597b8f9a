import { expect, it } from 'vitest';
import { winograd } from './run.js';

it.each([
  ['snyth 2 3', "error: unknown command 'snyth'\n(Did you mean synth?)"],
  ['search 2 3 --dim 2', "error: unknown option '--dim'\n(Did you mean --dims?)"],
  ['wisdom exprt', "error: unknown command 'exprt'\n(Did you mean export?)"],
  ['table 3', "error: too many arguments for 'table'"],
  ['gradients --taps 40', 'winograd: Expected --taps to be at most 23 but received 40'],
  ['gradients --dims 99', 'winograd: Expected dims to be at most 4 but received 99'],
  ['search 2 3 --dims 99', 'winograd: Expected dims to be at most 4 but received 99'],
  ['search 2 3 --split --dims 9', 'winograd: Expected dims to be an integer from 2 to 4 but received 9'],
  [
    'search 2 3 --split --products 4',
    "error: option '--split' cannot be used with option '-p, --products <list>'",
  ],
  [
    'table --axes 3,3 --dims 3',
    "error: option '-a, --axes <list>' cannot be used with option '-n, --dims <N>'",
  ],
  ['accuracy --all --dims 2', "error: option '--all' cannot be used with option '-n, --dims <N>'"],
  ['accuracy 2 3 --all', 'winograd: Expected S and G to be left out with --all but received 2'],
  ['accuracy 2 3 --channels 99999999', 'winograd: Expected channels and runs to be so few that'],
  ['emit 4 3', 'winograd: Expected --target to be one of json, '],
])('winograd %s is refused in a few words', async (line, message) => {
  const { code, stdout, stderr } = await winograd(line.split(' '));
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.startsWith(message)).toBe(true);
  expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(3);
});
