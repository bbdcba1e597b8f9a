/** Makes any text safe inside HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** JSON that cannot end the script element around it. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

/**
 * Styles of `.scroll`, a box that may be scrolled sideways: a shadow at each side behind which there is more. Pages that use
 * it define the colours `--paper` and `--line`, and let keyboards reach the box (`tabindex="0"`).
 */
export const SCROLL_STYLE = `.scroll { overflow-x: auto; max-width: 100%; }
.scroll.table { background: linear-gradient(90deg, var(--paper) 40%, transparent) left / 3rem 100% no-repeat local,
  linear-gradient(270deg, var(--paper) 40%, transparent) right / 3rem 100% no-repeat local,
  linear-gradient(90deg, var(--line), transparent) left / .9rem 100% no-repeat scroll,
  linear-gradient(270deg, var(--line), transparent) right / .9rem 100% no-repeat scroll; }
.scroll:focus-visible { outline: 2px solid currentcolor; outline-offset: 2px; }`;
