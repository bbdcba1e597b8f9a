import { type Column, milliseconds, textTable } from '../table.js';
import type { Comparison } from './compare.js';

/** Lines of the table of the worst. */
const WORST = 25;
/** By how much a plan may be slower than the best. */
const tolerances = [1.03, 1.1, 1.3] as const;

/** The plan's time over that of the fastest way. */
export function slowness({ plan, direct, measured }: Comparison): number {
  return plan.ms / Math.min(plan.ms, direct.ms, measured.ms);
}

const columns: readonly Column<Comparison>[] = [
  {
    head: 'layer',
    align: 'left',
    text: ({ layer, batch }) => (batch > 1 ? `${layer} N=${batch}` : layer),
  },
  { head: 'isa', align: 'left', text: ({ isa, threads }) => (threads > 1 ? `${isa} ×${threads}` : isa) },
  { head: 'plan', align: 'left', text: ({ plan }) => plan.runs },
  { head: 'ms', text: ({ plan }) => milliseconds(plan.ms) },
  { head: 'direct', text: ({ direct }) => milliseconds(direct.ms) },
  { head: 'measured', text: ({ measured }) => milliseconds(measured.ms) },
  { head: 'slower', text: (each) => `${slowness(each).toFixed(2)}×` },
  { head: 'input GB/s', text: ({ plan }) => plan.inputGbs?.toFixed(1) ?? '–' },
  { head: 'fastest', align: 'left', text: fastest },
];

/** The worst plans, and how many are how good, for people. */
export function summaryOf(all: readonly Comparison[]): string {
  if (all.length === 0) return 'No layer was timed';
  const worst = all.toSorted((a, b) => slowness(b) - slowness(a)).slice(0, WORST);
  const slowInputs = all.filter(({ plan }) => plan.inputGbs !== null);
  slowInputs.sort((a, b) => a.plan.inputGbs! - b.plan.inputGbs!);
  const share = (holds: (each: Comparison) => boolean) =>
    `${((100 * all.filter(holds).length) / all.length).toFixed(1)} %`;
  const within = tolerances.map(
    (most) =>
      `within ${Math.round(100 * most - 100)} % of the best: ${share((each) => slowness(each) <= most)}`,
  );
  return [
    textTable(worst, columns),
    '',
    ...(slowInputs.length > 0
      ? ['The slowest input stages:', textTable(slowInputs.slice(0, 5), columns), '']
      : []),
    `${all.length} layers; plans ${within.join(', ')}`,
    `slower than direct convolution by more than 3 %: ${share(({ plan, direct }) => plan.ms > 1.03 * direct.ms)}`,
    `input stages below 2 GB/s: ${share(({ plan }) => plan.inputGbs !== null && plan.inputGbs < 2)}`,
  ].join('\n');
}

function fastest({ plan, direct, measured }: Comparison): string {
  const best = Math.min(plan.ms, direct.ms, measured.ms);
  return best === plan.ms ? 'the plan' : best === direct.ms ? 'direct' : measured.runs;
}
