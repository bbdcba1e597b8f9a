import type { Experiment } from '../experiment.js';
import { channelsExperiment, frontExperiment, publishedExperiment } from './accuracy.js';
import { anatomyExperiment } from './anatomy.js';
import { densityExperiment } from './density.js';
import { contractExperiment, distributionExperiment, kindsExperiment } from './errors.js';
import { georganasExperiment } from './georganas.js';
import { gradientsExperiment } from './gradients.js';
import { layersExperiment } from './layers.js';
import { networksExperiment } from './networks.js';
import { reductionExperiment } from './reduction.js';
import { rooflineExperiment } from './roofline.js';
import { scalingExperiment } from './scaling.js';
import { throughputExperiment } from './throughput.js';
import { tilesExperiment } from './tiles.js';
import { variantsExperiment } from './variants.js';

/** Every experiment, in the order of reports. */
export const experiments: readonly Experiment[] = [
  tilesExperiment,
  reductionExperiment,
  scalingExperiment,
  throughputExperiment,
  layersExperiment,
  anatomyExperiment,
  rooflineExperiment,
  densityExperiment,
  networksExperiment,
  publishedExperiment,
  frontExperiment,
  channelsExperiment,
  kindsExperiment,
  contractExperiment,
  distributionExperiment,
  gradientsExperiment,
  georganasExperiment,
  variantsExperiment,
];
