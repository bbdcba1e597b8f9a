import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TransformJson } from '../../synth/core/serialize.js';
import { nestedFamily, nestModuli, type TileSize } from '../../synth/forms/family.js';
import { fromJSON, printJson, type Transform, toJSON } from '../../synth/index.js';
import { packageRoot } from '../support/package.js';

/** Where `npm run synth` puts the families of the shipped transforms. */
export const FAMILIES_FOLDER = 'transforms/families';

/** A file of that folder: each transform with smaller ones on a part of its moduli, which share its C. */
interface FamilyJson {
  readonly generatedBy: string;
  /** Biggest first. */
  readonly members: readonly TransformJson[];
}

/** A shipped family, whose members are read when they are needed. */
export interface ShippedFamily {
  /** Of its file, without extension: that of the transform. */
  readonly name: string;
  readonly taps: number;
  /** Biggest first. */
  readonly sizes: readonly TileSize[];
  readonly member: (outputs: number) => Transform;
}

/** The family of a transform as a file. */
export function familyFile({ taps, moduli }: Transform): string {
  const nest = nestModuli(moduli, taps);
  const { members } = nestedFamily(
    nest,
    nest.sizes.map(({ outputs }) => outputs),
  );
  const json: FamilyJson = { generatedBy: 'npm run synth', members: members.map(toJSON) };
  return printJson(json);
}

/** The families for kernels of so many taps, whose files' names begin with `f04x03` for F(4, 3); proved when made. */
export function shippedFamilies(taps: number): ShippedFamily[] {
  const folder = join(packageRoot(), FAMILIES_FOLDER);
  const pattern = new RegExp(`^f\\d+x${String(taps).padStart(2, '0')}_`);
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort()
    .map((file) => {
      const { members }: FamilyJson = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      return shippedFamily(basename(file, '.json'), taps, members);
    });
}

function shippedFamily(name: string, taps: number, members: FamilyJson['members']): ShippedFamily {
  const made = new Map<number, Transform>();
  const member = (size: number) => {
    const transform = made.get(size) ?? fromJSON(members.find(({ outputs }) => outputs === size));
    made.set(size, transform);
    return transform;
  };
  return { name, taps, sizes: members.map(({ outputs, products }) => ({ outputs, products })), member };
}
