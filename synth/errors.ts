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

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `a function`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `an object of type ${value.constructor?.name ?? 'Object'}`;
  return String(value);
}
