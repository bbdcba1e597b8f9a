import Table from 'cli-table3';

/** A cell that is aligned at the right. */
export function right(content: string | number): { content: string; hAlign: 'right' } {
  return { content: `${content}`, hAlign: 'right' };
}

/** A table without lines: columns stand two spaces apart. */
export function plainTable(): Table.Table {
  const edges = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((edge) => [
    edge,
    `${edge}-mid`,
    `${edge}-left`,
  ]);
  const none = Object.fromEntries(
    [...edges, 'top-right', 'bottom-right', 'mid-mid'].map((name) => [name, '']),
  );
  return new Table({
    chars: { ...none, middle: '  ' },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
}

/** Parts of a page joined by line ends, without blanks at the ends of lines. */
export function lines(parts: readonly string[]): string {
  return `${parts
    .flatMap((part) => part.split('\n'))
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}
