import type { Row } from '../row.js';
import { type Column, markdownTable, megabytes, milliseconds, percent, sharesText } from '../table.js';
import { bestPeer, faster, type Line } from './line.js';

/** A heading, a sentence and a table; nothing where no line has the rows it is about. */
type Section = (lines: readonly Line[]) => string[];

const layer: Column<Line> = { head: 'layer', align: 'left', text: ({ layer }) => layer.name };

function column(head: string, text: (line: Line) => string | undefined): Column<Line> {
  return { head, text: (line) => text(line) ?? '–' };
}

/** Of a row that may not have been run. */
function of(row: (line: Line) => Row | undefined, head: string, text: (row: Row) => string): Column<Line> {
  return column(head, (line) => {
    const found = row(line);
    return found && text(found);
  });
}

function ratio(head: string, slow: (line: Line) => Row | undefined, fast: (line: Line) => Row | undefined) {
  return column(head, (line) => {
    const [a, b] = [slow(line), fast(line)];
    return a && b && `${faster(b, a).toFixed(2)}×`;
  });
}

function section(
  title: string,
  text: string,
  applies: (line: Line) => boolean,
  columns: readonly Column<Line>[],
): Section {
  return (lines) => {
    const shown = lines.filter(applies);
    return shown.length === 0 ? [] : [`## ${title}`, text, markdownTable(shown, [layer, ...columns])];
  };
}

const overPeak = (row: Row) => row.overPeak.toFixed(2);
const medianOverPeak = (row: Row) => ((row.overPeak * row.minMs) / row.medianMs).toFixed(2);
const error = (row: Row) => row.errorOverDirect.toFixed(2);
const least = (row: Row) => milliseconds(row.minMs);

const isGoal = ({ layer }: Line) => layer.goal !== undefined;
const auto = (line: Line) => line.auto;
const oneDnn = (line: Line) => line.oneDnn;
const oneDnnWinograd = (line: Line) => line.oneDnnWinograd;
const onnxruntime = (line: Line) => line.onnxruntime;

const speed: readonly Column<Line>[] = [
  column('goal', ({ layer }) => layer.goal?.toFixed(2)),
  of(auto, '× peak', overPeak),
  of(auto, 'at median', medianOverPeak),
  of(auto, 'error', error),
  { head: 'runs', align: 'left', text: ({ auto }) => auto.runs },
  of(auto, 'ms', least),
  of(oneDnn, 'oneDNN ms', least),
  of(oneDnn, 'its × peak', overPeak),
  of(oneDnn, 'its error', error),
  of(oneDnnWinograd, 'oneDNN Winograd ms', least),
  of(oneDnnWinograd, 'its × peak', overPeak),
  of(oneDnnWinograd, 'its error', error),
  of(onnxruntime, 'onnxruntime ms', least),
  of(onnxruntime, 'its call', ({ callMinMs }) => (callMinMs === null ? '–' : milliseconds(callMinMs))),
  of(onnxruntime, 'its × peak', overPeak),
  of(onnxruntime, 'its error', error),
  ratio('speed over the best', bestPeer, auto),
  ratio('over onnxruntime', onnxruntime, auto),
  column('best elsewhere', ({ layer }) => layer.bestElsewhere?.toFixed(2)),
];

export const sections: readonly Section[] = [
  section(
    'Goals, one thread',
    'Best elsewhere: the best of oneDNN, ncnn, MNN, libxsmm, OpenBLAS and onnxruntime at an error of the order of direct ' +
      "convolution's, measured on a Zen 3 core, as a multiple of that core's peak.",
    isGoal,
    speed,
  ),
  section('Layers without a goal, one thread', 'The same figures.', (line) => !isGoal(line), speed),
  section(
    'Where the time goes, one thread',
    'Input transform, products, output transform; blocks are tiles × output channels × input channels summed at once (0: all).',
    ({ auto }) => auto.stages !== null,
    [
      of(auto, 'in/GEMM/out %', ({ stages }) => (stages ? sharesText(stages) : '–')),
      of(auto, 'GEMM %', ({ gemmUtilisation }) => percent(gemmUtilisation)),
      of(auto, 'block', ({ block }) => (block ? Object.values(block).join('×') : '–')),
      of(auto, 'workspace', ({ workspaceBytes }) => megabytes(workspaceBytes)),
      of(auto, 'weights', ({ weightBytes }) => megabytes(weightBytes)),
      { head: 'codelets', align: 'left', text: ({ auto }) => auto.codelets.join(', ') || 'none' },
    ],
  ),
  section(
    'Planar activations',
    'N×C×D×H×W in and out against the blocked layout: the time that the layout costs.',
    ({ planar }) => planar !== undefined,
    [
      of(auto, 'blocked ms', least),
      of(({ planar }) => planar, 'planar ms', least),
      column(
        'loss',
        ({ auto, planar }) => planar && `${(100 * (planar.minMs / auto.minMs - 1)).toFixed(0)} %`,
      ),
    ],
  ),
  section('Two threads', 'Speed-up over one thread.', ({ two }) => two !== undefined, [
    of(({ two }) => two, 'ms', least),
    ratio('speed-up', auto, ({ two }) => two),
    of(({ oneDnnTwo }) => oneDnnTwo, 'oneDNN ms', least),
    ratio('speed-up', oneDnn, ({ oneDnnTwo }) => oneDnnTwo),
    of(({ onnxruntimeTwo }) => onnxruntimeTwo, 'onnxruntime ms', least),
    ratio('speed-up', onnxruntime, ({ onnxruntimeTwo }) => onnxruntimeTwo),
    ratio(
      'speed over oneDNN',
      ({ oneDnnTwo }) => oneDnnTwo,
      ({ two }) => two,
    ),
    ratio(
      'over onnxruntime',
      ({ onnxruntimeTwo }) => onnxruntimeTwo,
      ({ two }) => two,
    ),
  ]),
  section(
    'Direct convolution, one thread',
    'The engine’s own direct kernel.',
    ({ direct }) => direct !== undefined,
    [
      of(({ direct }) => direct, 'ms', least),
      of(({ direct }) => direct, '× peak', overPeak),
      of(oneDnn, 'oneDNN × peak', overPeak),
      ratio('over oneDNN', oneDnn, ({ direct }) => direct),
      ratio('auto over direct', ({ direct }) => direct, auto),
    ],
  ),
  section(
    'Other kernels, one thread',
    'The planner’s choice on each kernel table, × peak.',
    (line) => line.others.length > 0,
    [
      column('best', ({ auto }) => `${auto.isa} ${overPeak(auto)}`),
      column('others', ({ others }) => others.map((row) => `${row.isa} ${overPeak(row)}`).join(', ')),
    ],
  ),
  section(
    'Several clips in a pass, one thread',
    '× peak: weights are read once for all of them.',
    ({ batches }) => batches.length > 0,
    [
      of(auto, 'N = 1', overPeak),
      column('more', ({ batches }) => batches.map((row) => `N = ${row.batch}: ${overPeak(row)}`).join(', ')),
    ],
  ),
  section(
    'Cold caches, one thread',
    'The caches are swept before each pass: input and weights come from memory.',
    ({ cold }) => cold !== undefined,
    [
      of(auto, 'warm ms', least),
      of(({ cold }) => cold, 'cold ms', least),
      of(({ cold }) => cold, 'cold × peak', overPeak),
      column('loss', ({ auto, cold }) => cold && `${(100 * (cold.minMs / auto.minMs - 1)).toFixed(0)} %`),
    ],
  ),
  section(
    'Transforms without a codelet, one thread',
    'The planner’s tiles with matrices scaled so that none was compiled, as with transforms synthesized at run time.',
    ({ generic, auto }) => generic !== undefined && auto.codelets.length > 0,
    [
      of(auto, 'codelets ms', least),
      of(({ generic }) => generic, 'generic ms', least),
      ratio('cost', ({ generic }) => generic, auto),
    ],
  ),
];
