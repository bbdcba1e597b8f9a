import { Tensor } from '../../src/index.js';
import { randomNumbers } from '../../synth/random.js';

/** What a voxel may be, in the order of the classes. */
export const classes = ['tissue', 'vessel', 'nodule'] as const;

/** Vessels and nodules in a volume of 32³ voxels; in larger ones as many in each part of that size. */
const density = { vessels: 2, nodules: 3 };
const unit = 32;
/** Brightness above the tissue's: no threshold tells one from the other, for tissue varies as much. */
const contrast = { vessel: 1.2, nodule: 0.9 };
/** Amplitude of the slow changes of brightness, and of the scanner's noise. */
const [shading, noise] = [0.5, 1.0];

type Point = readonly [number, number, number];

/**
 * Scans of tissue with bright vessels, which are thin and long, and nodules, which are round, under shading and noise.
 *
 * @param size voxels along each axis
 * @returns `volume`, N×1×size³, and `label`, N×size³: the class of each voxel
 */
export function renderVolumes(count: number, size: number, seed: number): { volume: Tensor; label: Tensor } {
  const random = randomNumbers(seed);
  const voxels = size ** 3;
  const volume = new Float32Array(count * voxels);
  const label = new Float32Array(count * voxels);
  for (let i = 0; i < count; i++)
    render(
      volume.subarray(i * voxels, (i + 1) * voxels),
      label.subarray(i * voxels, (i + 1) * voxels),
      size,
      random,
    );
  return {
    volume: new Tensor(volume, [count, 1, size, size, size]),
    label: new Tensor(label, [count, size, size, size]),
  };
}

function render(volume: Float32Array, label: Float32Array, size: number, random: () => number): void {
  const parts = Math.max(1, Math.round((size / unit) ** 3));
  for (let i = 0; i < density.vessels * parts; i++) drawVessel(label, size, random);
  for (let i = 0; i < density.nodules * parts; i++) {
    const centre = [random() * size, random() * size, random() * size] as const;
    fill(label, size, centre, 2 + 2.5 * random(), 2);
  }
  const waves = Array.from({ length: 3 }, () => ({
    along: [random(), random(), random()].map((x) => (x - 0.5) * 0.4) as unknown as Point,
    phase: 2 * Math.PI * random(),
  }));
  for (let z = 0, i = 0; z < size; z++)
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++, i++) {
        let slow = 0;
        for (const { along, phase } of waves)
          slow += Math.cos(along[0] * z + along[1] * y + along[2] * x + phase);
        const bright = label[i] === 1 ? contrast.vessel : label[i] === 2 ? contrast.nodule : 0;
        // Four uniform numbers are near enough to a normal one.
        const grain = random() + random() + random() + random() - 2;
        volume[i] = bright + (shading * slow) / 3 + noise * Math.sqrt(3) * grain;
      }
}

/** A tube of one radius that winds through the volume. */
function drawVessel(label: Float32Array, size: number, random: () => number): void {
  const radius = 1.2 + 0.8 * random();
  let [z, y, x] = [random() * size, random() * size, random() * size];
  let [turn, rise] = [2 * Math.PI * random(), Math.PI * (random() - 0.5)];
  for (let step = 0; step < 1.5 * unit; step++) {
    fill(label, size, [z, y, x], radius, 1);
    z += Math.sin(rise);
    y += Math.cos(rise) * Math.sin(turn);
    x += Math.cos(rise) * Math.cos(turn);
    turn += 0.3 * (random() - 0.5);
    rise += 0.3 * (random() - 0.5);
  }
}

function fill(label: Float32Array, size: number, [z, y, x]: Point, radius: number, value: number): void {
  const range = (centre: number) =>
    [Math.max(0, Math.ceil(centre - radius)), Math.min(size - 1, Math.floor(centre + radius))] as const;
  const [[z0, z1], [y0, y1], [x0, x1]] = [range(z), range(y), range(x)];
  for (let i = z0; i <= z1; i++)
    for (let j = y0; j <= y1; j++)
      for (let k = x0; k <= x1; k++)
        if ((i - z) ** 2 + (j - y) ** 2 + (k - x) ** 2 <= radius ** 2)
          label[(i * size + j) * size + k] = value;
}
