/** Reads a stream of bytes piece by piece: lines and exact counts, with never more in memory than asked for. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #current: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Copies the next bytes into `target`; returns how many there were, fewer than asked only at the end. */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length && (await this.#refill())) {
      const taken = this.#current.subarray(0, target.length - filled);
      target.set(taken, filled);
      filled += taken.length;
      this.#current = this.#current.subarray(taken.length);
    }
    return filled;
  }

  /** Passes over the next bytes; returns how many there were. */
  async skip(count: number): Promise<number> {
    let skipped = 0;
    while (skipped < count && (await this.#refill())) {
      const taken = Math.min(this.#current.length, count - skipped);
      skipped += taken;
      this.#current = this.#current.subarray(taken);
    }
    return skipped;
  }

  /**
   * The next line as Latin-1 without its line feed; undefined at the end of the stream, and when no line feed
   * comes within `limit` bytes.
   */
  async line(limit: number): Promise<string | undefined> {
    const codes: number[] = [];
    while (codes.length <= limit && (await this.#refill())) {
      const code = this.#current[0]!;
      this.#current = this.#current.subarray(1);
      if (code === 0x0a) return String.fromCharCode(...codes);
      codes.push(code);
    }
    return undefined;
  }

  /** True when no byte is left. */
  async ended(): Promise<boolean> {
    return !(await this.#refill());
  }

  /** Lets go of the stream before its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #refill(): Promise<boolean> {
    while (this.#current.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      this.#current = next.value;
    }
    return true;
  }
}
