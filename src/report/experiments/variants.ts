import { convolutionVariants } from '../../training/variants.js';
import { WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { digits, fixed, range, tableOf } from '../section.js';
import { type StepTime, stepTimes, subjects } from '../training-steps.js';

const QUICK = ['resnet34-cifar'];
const ROUNDS = { quick: 2, full: 4 };
/** Planning five steps, and running them. */
const SECONDS = { quick: 20, full: 45 };

/** Figures 12 to 14 of Barrachina et al. 2023: training steps with convolutions as products of matrices, and ours. */
export const variantsExperiment = experiment<readonly StepTime[]>({
  id: 'variants',
  suite: 'training',
  parts: ({ quick, networks }) =>
    subjects
      .filter(({ name, network }) => network in networks && (!quick || QUICK.includes(name)))
      .map(({ name }) => ({ name, seconds: quick ? SECONDS.quick : SECONDS.full })),
  measure: (part, { quick, threads, networks }) =>
    stepTimes(
      subjects.find(({ name }) => name === part)!,
      networks,
      threads,
      quick ? ROUNDS.quick : ROUNDS.full,
    ),
  present(results) {
    const lines = [...results.values()].flat();
    const of = (variant: string) => lines.filter((line) => line.variant === variant);
    const speeds = (variant: string) => range(of(variant).map(({ overBase }) => overBase));
    const base = new Map(of('base').map(({ network, peakBytes }) => [network, peakBytes]));
    const memory = range(of('cgt+dg').map(({ network, peakBytes }) => peakBytes / base.get(network)!));
    return {
      title: 'Training steps: convolutions as products of matrices, and by plan',
      lead: `Whole steps, forward, backward and update, on ${lines[0]?.threads ?? 1} threads: speed over that of explicit columns ('base'). The planner’s own ('auto') are ${speeds('auto')} times as fast.`,
      claim: `Barrachina et al. (figures 12 and 13, batches of 64) find every variant ahead of columns; here 'rdx' is ${speeds('rdx')} times as fast, 'cgt' ${speeds('cgt')}, 'cgt+dg' ${speeds('cgt+dg')}: reindexed gradients fall behind with single images, whose kernels are as large as the result. Steps of 'cgt+dg' take ${memory} of the memory of 'base' (figure 14).`,
      chart: {
        width: WIDTH,
        height: 320,
        data: {
          values: lines.map((line) => ({
            ...line,
            says: `${line.network}, ${line.variant}: ${line.ms.toPrecision(3)} ms, ${line.overBase.toFixed(2)} times as fast as base`,
          })),
        },
        layer: [
          {
            mark: { type: 'bar' },
            encoding: {
              x: { field: 'network', type: 'nominal', title: null, sort: null, axis: { labelAngle: -30 } },
              xOffset: { field: 'variant', sort: [...convolutionVariants] },
              y: { field: 'overBase', type: 'quantitative', title: 'speed over that with columns' },
              color: { field: 'variant', type: 'nominal', title: null, sort: [...convolutionVariants] },
              description: { field: 'says' },
            },
          },
          { mark: { type: 'rule', strokeDash: [4, 4] }, encoding: { y: { datum: 1 } } },
        ],
      },
      table: tableOf(lines, [
        { title: 'network', value: ({ network }) => network },
        { title: 'images', names: true, value: ({ batch }) => batch, format: fixed(0) },
        { title: 'convolutions', value: ({ variant }) => variant },
        { title: 'ms', value: ({ ms }) => ms, format: digits(3) },
        { title: 'images/s', value: ({ samplesPerSecond }) => samplesPerSecond, format: digits(3) },
        { title: '× base', value: ({ overBase }) => overBase, format: fixed(2) },
        {
          title: '× base free of columns',
          value: ({ overFreeOfColumns }) => overFreeOfColumns,
          format: fixed(2),
        },
        { title: 'peak, MB', value: ({ peakBytes }) => peakBytes / 1e6, format: digits(3) },
      ]),
    };
  },
});
