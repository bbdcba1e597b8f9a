import { Presets, SingleBar } from 'cli-progress';

/** A bar on standard error, on a terminal only. */
export class Progress {
  readonly #bar: SingleBar | undefined;
  #done = 0;

  /** @param total layers or networks to come */
  constructor(total: number) {
    if (!process.stderr.isTTY) return;
    const format = '{bar} {value}/{total} {layer}';
    this.#bar = new SingleBar(
      { stream: process.stderr, format, clearOnComplete: true },
      Presets.shades_classic,
    );
    this.#bar.start(total, 0, { layer: '' });
  }

  /** The next layer starts. */
  on(layer: string): void {
    this.#bar?.update(this.#done++, { layer });
  }

  end(): void {
    this.#bar?.stop();
  }
}
