/** This library as a contender of `winograd compare`. */
import { packageVersion } from '../../support/package.js';
import { attachWisdomFile, commandsWisdomFile } from '../../wisdom/file.js';
import { Network } from '../network.js';
import { contend } from './contend.js';

await contend(async ({ model, shapes, options }) => {
  attachWisdomFile(commandsWisdomFile());
  const network = await Network.load(model, options);
  const { inputs } = await network.plan(shapes);
  return {
    ...{ library: `winograd-nd ${packageVersion()}`, threads: network.threads },
    inputs: inputs.map(({ name, shape }) => ({ name, shape })),
    run: (tensors) => network.run(tensors),
    nodes: () => network.lastRun!.steps.map(({ node, milliseconds }) => ({ node, milliseconds })),
  };
});
