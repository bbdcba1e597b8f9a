import type { Command } from 'commander';
import { expected } from '../../../synth/errors.js';
import { progressBar } from '../progress.js';

const examples = `
How well estimates fit is |log(estimate / measured)| over layers that were left out of the fit: 0.1 is about 10 %.

Examples:
  $ winograd calibrate
  $ winograd calibrate --seconds 20 --isa avx2 --json
  $ winograd calibrate --forget`;

const LONGEST_LAYER = 24;
const SECONDS = 35;
const MOST_SECONDS = 600;

interface Options {
  readonly isa?: string;
  readonly seconds: number;
  readonly json?: true;
  readonly forget?: true;
}

/** Registers `winograd calibrate`: fits the planner's estimates to this machine. */
export function register(program: Command): void {
  program
    .command('calibrate')
    .summary("fit the planner's estimates to this machine")
    .description(
      'Times plans for layers of all kinds on one core and fits the rates of the cost model to them. Later plans of this ' +
        "user on this machine go by them. They are kept beside the wisdom in the user's cache folder, or in the file that " +
        'WINOGRAD_CALIBRATION names. Nothing else should run meanwhile.',
    )
    .option('--isa <name>', 'the kernel table (default: the one in use)')
    .option('--seconds <number>', `how long to time; fitting takes some more`, parseSeconds, SECONDS)
    .option('--json', 'print what was found as JSON, all rates included')
    .option('--forget', 'forget all calibrations: plans go by shipped rates again')
    .addHelpText('after', examples)
    .action(run);
}

async function run({ isa, seconds, json, forget }: Options): Promise<void> {
  const { forgetRates, rememberRates, requireCalibrationFile } = await import('../../machine/remembered.js');
  if (forget) return forgetRates();
  requireCalibrationFile();
  const { native } = await import('../../native/addon.js');
  const { calibrate } = await import('../../operators/convolution/calibration/calibrate.js');
  const { sparsePlans } = await import('../../operators/convolution/calibration/densities.js');
  const { breakEvenDensities } = await import('../../matrices/systemml/densities.js');
  const { machineOf } = await import('../../machine/machine.js');
  const info = native().cpuInfo();
  const table = isa ?? info.isa;
  const names = info.kernels.map(({ name }) => name);
  if (!names.includes(table)) throw expected('isa', `one of ${names.join(', ')}`, isa);
  const bar = progressBar();
  const found = await calibrate(table, seconds, (share) =>
    bar.update('timing', Math.round(100 * share), 100),
  );
  // The operators run with the table in use, whichever is calibrated.
  const sparseBelow = table === info.isa ? await breakEvenDensities() : found.rates.sparseBelow;
  const rates = { ...found.rates, sparseBelow };
  bar.stop();
  const file = rememberRates(info, { [table]: rates });
  const switches = sparsePlans(machineOf(table));
  const quality = ({ median, percentile95, wellChosen }: typeof found.after) =>
    `median ${median.toFixed(3)}, 95th percentile ${percentile95.toFixed(3)}; chosen within 10 % of the best ${(100 * wellChosen).toFixed(0)} %`;
  const text = json
    ? JSON.stringify({ ...found, rates, file, sparsePlans: Object.fromEntries(switches) }, undefined, 2)
    : [
        ['processor', info.model],
        ['kernels', `${table}, peak ${found.peak.toFixed(0)} GFLOP/s on one core`],
        ['timed', `${found.plans} plans for ${found.problems} layers`],
        ['before', quality(found.before)],
        ['now', quality(found.after)],
        ['kept in', file],
        [
          'sparse',
          `filters below ${percent(sparseBelow.filter)} of non-zeros run by these in SystemML's operators,`,
        ],
        ['', `images and gradients below ${percent(sparseBelow.image)}; layers by sparse weights:`],
        ...[...switches].map(([layer, density]) => [
          '',
          `${layer.padEnd(LONGEST_LAYER)} ${density === 0 ? 'never' : `up to ${percent(density)}`}`,
        ]),
      ]
        .map(([name, value]) => `${name!.padEnd(11)}${value}`)
        .join('\n');
  process.stdout.write(`${text}\n`);
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 1 && seconds <= MOST_SECONDS))
    throw expected('seconds', `a number from 1 to ${MOST_SECONDS}`, text);
  return seconds;
}
