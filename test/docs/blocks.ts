/** A fenced block of a Markdown file. */
export interface Block {
  /** What stands after the fence: `ts`, `console figures vary`, or nothing. */
  readonly info: string;
  readonly text: string;
  /** Of the fence, counted from 1. */
  readonly line: number;
}

/** The fenced blocks of a Markdown text in order. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(({ 1: info, 2: text, index }) => ({
    info: info!.trim(),
    text: text!,
    line: markdown.slice(0, index).split('\n').length,
  }));
}

/** What stands between backticks outside of blocks. */
export function spansOf(markdown: string): string[] {
  const prose = markdown.replace(/^```.*\n[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/`([^`\n]+(?:\n[^`\n]+)?)`/g)].map(([, text]) => text!.replace(/\s+/g, ' '));
}

/** A command of a transcript, and what it prints. */
export interface Exchange {
  readonly command: string;
  readonly output: string;
}

/** The lines after `$ ` with what follows each. */
export function exchangesOf(transcript: string): Exchange[] {
  return transcript
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command, ...output] = part.split('\n');
      return { command: command!, output: output.join('\n') };
    });
}

/**
 * A text without what another machine changes: figures, tiles, how many channels are summed at a time, instruction sets,
 * and what is listed after them. Words, their order and the lines stay.
 */
export function withoutFigures(text: string): string {
  return text
    .replace(/\bcodelets .*/g, 'codelets …')
    .replace(/\b(?:avx512|avx2|portable|neon)\b/g, 'isa')
    .replace(/\b(F\(\d+, \d+\)|\d+ (?:taps as channels|padded inputs))( [×+] (F\(\d+, \d+\)))*/g, 'F')
    .replace(/^(tiles +).*/gm, '$1…')
    .replace(/^(blocks +.*), sums over \d+ input channels at a time$/gm, '$1')
    .replace(/\d[\d.]*(?:e[+-]?\d+)?/g, '#')
    .replace(/# threads?/g, '# threads')
    .trimEnd();
}
