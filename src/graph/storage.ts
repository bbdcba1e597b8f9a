/** Memory that one tensor, in one layout, needs in a program: of its own, or a part of another's. */
export class Storage {
  /** Steps that touch it first and last; a root's are those of all that lies in it. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  #parent: { readonly storage: Storage; readonly offset: number } | undefined;

  /**
   * @param kind where its root lies: in the arena, in an input or output of the program, or in a constant
   * @param index of the input, output or constant
   */
  constructor(
    readonly bytes: number,
    public kind: 'arena' | 'input' | 'output' | 'constant' = 'arena',
    public index = 0,
  ) {}

  /** What it lies in at last, and where. */
  get place(): { readonly root: Storage; readonly offset: number } {
    let [root, offset]: [Storage, number] = [this, 0];
    for (let parent = this.#parent; parent !== undefined; parent = root.#parent) {
      offset += parent.offset;
      root = parent.storage;
    }
    return { root, offset };
  }

  /** Whether it is a piece of the arena of its own. */
  get isRoot(): boolean {
    return this.#parent === undefined && this.kind === 'arena';
  }

  /** Puts it into another one, with all that lies in it. */
  moveInto(storage: Storage, offset: number): void {
    this.#parent = { storage, offset };
    storage.place.root.touch(this.first);
    storage.place.root.touch(this.last);
  }

  /** A step reads or writes it. */
  touch(step: number): void {
    const { root } = this.place;
    root.first = Math.min(root.first, step);
    root.last = Math.max(root.last, step);
  }
}
