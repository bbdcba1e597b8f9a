import type { Command } from 'commander';
import { type CommonOptions, printPlan, shapeOption, withNetworkOptions } from '../network.js';
import { progressBar } from '../progress.js';

interface Options extends CommonOptions {
  readonly shape?: Readonly<Record<string, readonly number[]>>;
}

const examples = `
Examples:
  $ winograd plan r3d18.onnx
  $ winograd plan unet.onnx --shape volume=1,1,64,64,64 --accuracy direct
  $ winograd plan resnet50.onnx --threads 1 --json`;

/** Registers `winograd plan`: what would run of a network, node by node. */
export function register(program: Command): void {
  withNetworkOptions(program.command('plan'))
    .summary('what runs of a network, and what it takes')
    .description(
      'Plans an ONNX network: what was folded or fused, which algorithm runs each convolution, its expected error, and ' +
        'the memory of weights and of a run.',
    )
    .option(
      '--shape <name=sizes>',
      'of an input whose sizes the model leaves open; may be repeated',
      shapeOption,
    )
    .addHelpText('after', examples)
    .action(run);
}

async function run(path: string, { shape = {}, json, ...options }: Options): Promise<void> {
  const { Network } = await import('../../network/network.js');
  const { attachWisdomFile, commandsWisdomFile } = await import('../../wisdom/file.js');
  attachWisdomFile(commandsWisdomFile());
  const network = await Network.load(path, options);
  const bar = progressBar();
  const plan = await network.plan(shape, bar).finally(bar.stop);
  process.stdout.write(json ? `${JSON.stringify(plan, undefined, 2)}\n` : printPlan(plan));
}
