import type { TopLevelSpec } from 'vega-lite';

/** A chart as Vega-Lite has it. */
export type Chart = TopLevelSpec;

/** A column of a table; numbers are written at the right, and as they are into CSV. */
export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | undefined;
  /** Whether its numbers say which row it is, as words do: a number of channels, of threads. */
  readonly names?: true;
  /** How a number is written for people; by default in three significant digits. */
  readonly format?: (value: number) => string;
}

/** Cells as they are, and as people read them. */
export interface Table {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly {
    readonly value: string | number | undefined;
    readonly text: string;
    readonly names?: true;
  }[])[];
}

/** A part of a report. Texts are plain. */
export interface Section {
  readonly title: string;
  /** What there is to see, in a sentence. */
  readonly lead: string;
  /** What agrees with a paper's claims and what does not. */
  readonly claim?: string;
  readonly chart?: Chart;
  readonly table?: Table;
}

/** A table from its columns. */
export function tableOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Table {
  return {
    titles: columns.map(({ title }) => title),
    rows: rows.map((row) =>
      columns.map(({ value, names, format = digits(3) }) => {
        const cell = value(row);
        const text = typeof cell === 'number' ? format(cell) : (cell ?? '–');
        return { value: cell, text, ...(names && { names }) };
      }),
    ),
  };
}

/** Significant digits, without powers of ten where a number is of everyday size. */
export function digits(count: number): (value: number) => string {
  return (value) => {
    const text = value.toPrecision(count);
    return text.includes('e') && Math.abs(value) >= 1 ? String(Math.round(value)) : text;
  };
}

/** `0.36 to 0.76`, or the one number that there is; `none` of none. */
export function range(values: readonly number[], format: (value: number) => string = fixed(2)): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(format) as [string, string];
  if (values.length === 0) return 'none';
  return least === most ? least : `${least} to ${most}`;
}

/** Digits behind the point. */
export function fixed(count: number): (value: number) => string {
  return (value) => value.toFixed(count);
}
