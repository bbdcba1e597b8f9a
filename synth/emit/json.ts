/** Values that have a JSON form. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * JSON for people and diffs: indented by two, but an array without objects and arrays inside stays on one line, so
 * that a matrix reads row by row.
 */
export function printJson(value: object): string {
  return `${print(value as Json, '')}\n`;
}

function print(value: Json, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (isArray(value)) {
    const flat = value.every((item) => typeof item !== 'object' || item === null);
    if (flat) return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    return block(
      '[',
      ']',
      value.map((item) => print(item, inner)),
      indent,
    );
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (fields.length === 0) return '{}';
  return block(
    '{',
    '}',
    fields.map(([key, field]) => `${JSON.stringify(key)}: ${print(field!, inner)}`),
    indent,
  );
}

function block(open: string, close: string, items: readonly string[], indent: string): string {
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(',\n')}\n${indent}${close}`;
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
