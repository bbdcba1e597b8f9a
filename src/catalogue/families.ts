import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TileSize } from '../../synth/core/nesting.js';
import { fromJSON, type Transform } from '../../synth/index.js';
import { packageRoot } from '../support/package.js';
import type { ShippedJson } from './shipped.js';

/** Where `npm run synth` puts the shipped transforms. */
export const TRANSFORMS_FOLDER = 'transforms';

/** A shipped transform and the smaller ones that share its C, which are read when they are needed. */
export interface ShippedFamily {
  /** Of its file, without extension. */
  readonly name: string;
  readonly taps: number;
  /** Biggest first. */
  readonly sizes: readonly TileSize[];
  readonly member: (outputs: number) => Transform;
}

/** The families for kernels of so many taps, whose files' names begin with `f04x03` for F(4, 3); proved when made. */
export function shippedFamilies(taps: number): ShippedFamily[] {
  const folder = join(packageRoot(), TRANSFORMS_FOLDER);
  const pattern = new RegExp(`^f\\d+x${String(taps).padStart(2, '0')}_.*\\.json$`);
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort()
    .map((file) => {
      const json: ShippedJson = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      return shippedFamily(basename(file, '.json'), taps, [json, ...json.smaller]);
    });
}

function shippedFamily(
  name: string,
  taps: number,
  members: readonly ShippedJson['smaller'][number][],
): ShippedFamily {
  const made = new Map<number, Transform>();
  const member = (size: number) => {
    const transform = made.get(size) ?? fromJSON(members.find(({ outputs }) => outputs === size));
    made.set(size, transform);
    return transform;
  };
  return { name, taps, sizes: members.map(({ outputs, products }) => ({ outputs, products })), member };
}
