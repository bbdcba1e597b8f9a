import type { Command } from 'commander';
import { expected } from '../../synth/errors.js';
import type { NetworkOptions } from '../network/network.js';
import type { NetworkPlan } from '../network/plan.js';
import { formatBytes } from '../planner/plan.js';
import { formatShape } from '../tensor/shape.js';
import { byteCount, positiveInteger, wordOrNumber } from './arguments.js';
import { lines, plainTable, right } from './columns.js';

/** What every command for networks takes. */
export interface CommonOptions extends Pick<NetworkOptions, 'threads' | 'accuracy' | 'effort' | 'maxMemory'> {
  readonly json?: true;
}

/** Adds the options that every command for networks takes. */
export function withNetworkOptions(command: Command): Command {
  return command
    .argument('<model.onnx>', 'operator set 7 or later')
    .option('--threads <n>', 'threads; by default all that the system grants', positiveInteger('--threads'))
    .option(
      '--accuracy <limit>',
      'direct or fast, of convolutions; or a tolerance of the results, relative to them, such as 1e-5',
      wordOrNumber,
    )
    .option(
      '--max-memory <bytes>',
      'for weights and a run together, such as 800MB; tiles give way where it costs least',
      byteCount('--max-memory'),
    )
    .option('--effort <name>', 'estimate, or measure: time candidates once, and remember the fastest')
    .option('--json', 'print as JSON');
}

/**
 * A parser for commander: `name=1,3,224,224`, several times.
 *
 * @throws InputError for anything else
 */
export function shapeOption(text: string, before: Readonly<Record<string, readonly number[]>> = {}) {
  const [, name = '', sizes = ''] = /^([^=]+)=(\d+(?:,\d+)*)$/.exec(text) ?? [];
  if (name === '') throw expected('--shape', 'name=1,3,224,224', text);
  return { ...before, [name]: sizes.split(',').map(Number) };
}

/** The plan of a network as a table: a row for each node that is left. */
export function printPlan(plan: NetworkPlan): string {
  const tensors = (list: NetworkPlan['inputs']) =>
    list.map(({ name, shape }) => `${name} ${formatShape(shape)}`).join(', ');
  const table = plainTable();
  table.push(
    ['node', 'operator', 'result', '', 'what runs', right('error'), right('weights')],
    ...plan.nodes.map(({ name, operator, shape, layout, title, plan: own }) => [
      name,
      operator,
      formatShape(shape),
      layout,
      title,
      right(own === undefined ? '' : own.expectedError.toFixed(2)),
      right(own === undefined ? '' : formatBytes(own.weightBytes)),
    ]),
  );
  const { constants, arena, leastArena, run } = plan.memory;
  return lines([
    `${tensors(plan.inputs)} → ${tensors(plan.outputs)}`,
    ...(plan.expectedError === undefined
      ? []
      : [`error of the results expected to be ${plan.expectedError.toExponential(1)}, relative to them`]),
    `${formatBytes(constants)} of weights made ready; a run takes ${formatBytes(run)}: ${formatBytes(arena)} for activations (no less than ${formatBytes(leastArena)} live at once), the rest for the kernels`,
    '',
    table.toString(),
    '',
    "error: expected, as a multiple of direct float32 convolution's",
  ]);
}
