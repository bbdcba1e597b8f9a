import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expected } from '../../synth/errors.js';
import type { CpuInfo } from '../native/addon.js';
import { cacheFolder } from '../support/cache-folder.js';
import { writeWholeSync } from '../support/files.js';
import { withLock } from '../support/lock.js';
import { microarchitectures } from './microarchitectures.js';
import type { Rates } from './rates.js';

/** The file's contents: rates by processor, then by kernel table. */
interface Calibration {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly machines: Readonly<Record<string, Readonly<Record<string, Rates>>>>;
}

const FORMAT = 'winograd-nd calibration';
/** Rates of another version have other meanings. */
const VERSION = 3;

/** The processor, as files name it. */
export type Named = Pick<CpuInfo, 'model' | 'vendor' | 'family' | 'modelNumber'>;

/**
 * Where `winograd calibrate` keeps rates and plans find them: `WINOGRAD_CALIBRATION`, or a file beside the wisdom in the
 * user's cache folder. An empty `WINOGRAD_CALIBRATION` stands for none.
 */
export function calibrationFile(): string | undefined {
  const named = process.env.WINOGRAD_CALIBRATION;
  return named === undefined ? join(cacheFolder(), 'calibration.json') : named || undefined;
}

/** The same where there must be one. @throws InputError when there is to be none */
export function requireCalibrationFile(): string {
  const path = calibrationFile();
  if (path === undefined) throw expected('WINOGRAD_CALIBRATION', 'a file', '');
  return path;
}

let known: { readonly path: string | undefined; readonly machines: Calibration['machines'] } | undefined;

/** Rates that were calibrated on this machine. The file is read once; what is wrong with it is a warning. */
export function calibratedRates(machine: Named, table: string): Rates | undefined {
  const path = calibrationFile();
  if (known?.path !== path) known = { path, machines: machinesOf(path) };
  const machines = known?.machines ?? {};
  return machines[nameOf(machine)]?.[table];
}

/**
 * Remembers rates for later plans, of this process and others. The file is written whole or not at all.
 *
 * @returns its path
 * @throws the system's error when it cannot be written; InputError when there is to be none
 */
export function rememberRates(machine: Named, rates: Readonly<Record<string, Rates>>): string {
  const path = requireCalibrationFile();
  mkdirSync(dirname(path), { recursive: true });
  withLock(`${path}.lock`, () => {
    const machines = machinesOf(path);
    const own = { ...machines[nameOf(machine)], ...rates };
    const calibration: Calibration = {
      format: FORMAT,
      version: VERSION,
      machines: { ...machines, [nameOf(machine)]: own },
    };
    writeWholeSync(path, `${JSON.stringify(calibration, undefined, 2)}\n`);
  });
  known = undefined;
  return path;
}

/** Forgets everything that was calibrated; plans go by shipped rates again. */
export function forgetRates(): void {
  const path = calibrationFile();
  if (path !== undefined) rmSync(path, { force: true });
  known = undefined;
}

function nameOf({ model, vendor, family, modelNumber }: Named): string {
  return [model, vendor, family, modelNumber].join(', ');
}

function machinesOf(path: string | undefined): Calibration['machines'] {
  if (path === undefined) return {};
  try {
    return validated(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      process.emitWarning(`${path} is left out of account: ${(error as Error).message}`);
    return {};
  }
}

/** @throws InputError for anything but a calibration */
function validated(value: Partial<Calibration> | null): Calibration['machines'] {
  if (value?.format !== FORMAT) throw expected('calibration.format', `"${FORMAT}"`, value?.format);
  // Older ones are simply out of date.
  if (value.version !== VERSION) return {};
  for (const [machine, tables] of Object.entries(value.machines ?? {}))
    for (const [table, rates] of Object.entries(tables))
      if (!hasShapeOf(microarchitectures[0]!.rates.avx2, rates))
        throw expected(`calibration of ${machine}: ${table}`, 'rates, all of them positive', rates);
  return value.machines ?? {};
}

/** Positive numbers where the model has numbers, in arrays of any length but 0. */
function hasShapeOf(model: unknown, value: unknown): boolean {
  if (typeof model === 'number') return typeof value === 'number' && value > 0 && value < Infinity;
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(model))
    return false;
  if (Array.isArray(value)) return value.length > 0 && value.every((each) => hasShapeOf(1, each));
  return Object.entries(model as object).every(([key, each]) =>
    hasShapeOf(each, (value as Record<string, unknown>)[key]),
  );
}
