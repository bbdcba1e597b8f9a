/** One mark of the plot. */
export interface Mark {
  readonly productsPerOutput: number;
  /** Multiple of direct convolution's error. */
  readonly error: number;
  readonly kind: 'measured' | 'predicted';
  /** What shares a colour. */
  readonly series: string;
}

/** Errors over products per output as an SVG document; measured as dots, predicted as rings. */
export async function plotSvg(title: string, marks: readonly Mark[]): Promise<string> {
  // Both libraries take a third of a second to load.
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')]);
  const { spec } = compile({
    title,
    width: 560,
    height: 360,
    background: 'white',
    data: { values: [...marks] },
    layer: [
      { mark: { type: 'rule', strokeDash: [4, 4], color: 'gray' }, encoding: { y: { datum: 1 } } },
      {
        mark: { type: 'point', size: 60 },
        encoding: {
          x: {
            field: 'productsPerOutput',
            type: 'quantitative',
            title: 'products per output',
            scale: { zero: false },
          },
          y: {
            field: 'error',
            type: 'quantitative',
            title: 'mean error, direct convolution = 1',
            scale: { type: 'log' },
          },
          color: { field: 'series', type: 'nominal', title: null },
          shape: {
            field: 'kind',
            type: 'nominal',
            title: null,
            scale: { domain: ['measured', 'predicted'], range: ['circle', 'cross'] },
          },
        },
      },
    ],
  });
  return new View(parse(spec), { renderer: 'none' }).toSVG();
}
