/** Input that a caller can mend: the message says what was expected and what came. The CLI exits with 2 on it. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/**
 * The one sentence of every border check: `Expected stride to be a positive integer but received 0`.
 *
 * @param name what was checked
 * @param expected what it should have been
 * @param received what came; shown compactly, whatever its type
 */
export function expected(name: string, expected: string, received: unknown): InputError {
  return new InputError(`Expected ${name} to be ${expected} but received ${show(received)}`);
}

/** What is longer or nested deeper than this is cut with an ellipsis: a message is to be read. */
const MOST = { characters: 200, elements: 16, depth: 4 };

function show(value: unknown, depth = 0): string {
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (typeof value === 'function') return `a function`;
  if (Array.isArray(value)) {
    if (depth === MOST.depth) return '[…]';
    const shown = Array.from(value.slice(0, MOST.elements), (each) => show(each, depth + 1));
    return `[${[...shown, ...(value.length > MOST.elements ? ['…'] : [])].join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null)
    return `an object of type ${value.constructor?.name ?? 'Object'}`;
  return String(value);
}

function shortened(text: string): string {
  return text.length > MOST.characters ? `${text.slice(0, MOST.characters)}…` : text;
}
