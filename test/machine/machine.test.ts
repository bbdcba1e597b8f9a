import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { machineOf } from '../../src/machine/machine.js';
import { microarchitectures, shippedRates, usualCaches } from '../../src/machine/microarchitectures.js';
import { avx2 } from '../../src/machine/rates/zen3.js';
import { avx512 } from '../../src/machine/rates/zen4.js';
import { calibratedRates, forgetRates, rememberRates } from '../../src/machine/remembered.js';
import { native } from '../../src/native/addon.js';

const folder = mkdtempSync(join(tmpdir(), 'winograd-machine-'));
const path = join(folder, 'deep/calibration.json');
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const info = native().cpuInfo();
const table = info.isa;

describe('the machine', () => {
  it('is detected', () => {
    expect(info.cores).toBeGreaterThanOrEqual(availableParallelism());
    const { caches } = machineOf(table);
    expect(caches.l1).toBeGreaterThanOrEqual(8 << 10);
    expect(caches.l2).toBeGreaterThanOrEqual(caches.l1);
    expect(caches.l3).toBeGreaterThanOrEqual(caches.l2);
    const folder = '/sys/devices/system/cpu/cpu0/cache/index0/size';
    if (existsSync(folder))
      expect(info.caches.l1).toBe(1024 * Number.parseInt(readFileSync(folder, 'utf8'), 10));
  });

  it.each([
    ['AuthenticAMD', 25, 0x01, 'Zen 3'],
    ['AuthenticAMD', 25, 0x21, 'Zen 3'],
    ['AuthenticAMD', 25, 0x11, 'Zen 4'],
    ['AuthenticAMD', 25, 0x61, 'Zen 4'],
    ['GenuineIntel', 6, 0x8f, undefined],
    ['0x41', 0, 0xd0c, undefined],
  ])('%s %i/%i is %s', (vendor, family, modelNumber, name) => {
    const found = microarchitectures.filter(({ includes }) => includes({ vendor, family, modelNumber }));
    expect(found.map((each) => each.name)).toEqual(name === undefined ? [] : [name]);
  });

  it('that nobody measured has the rates of the most similar one', () => {
    const stranger = { vendor: 'GenuineIntel', family: 6, modelNumber: 0x8f };
    expect(shippedRates(stranger, 'avx512')).toBe(avx512);
    expect(shippedRates(stranger, 'avx2')).toBe(avx2);
    expect(shippedRates(stranger, 'neon').registerTile.rowRate.length).toBeGreaterThan(0);
  });
});

describe('a calibration', () => {
  const rates = { ...avx2, perPass: 123_456 };

  it('is remembered for later plans, and forgotten', () => {
    vi.stubEnv('WINOGRAD_CALIBRATION', path);
    expect(calibratedRates(info, table)).toBeUndefined();
    expect(rememberRates(info, { [table]: rates })).toBe(path);
    expect(machineOf(table).rates).toEqual(rates);
    rememberRates(info, { other: avx2 });
    expect(machineOf(table).rates).toEqual(rates);
    expect(calibratedRates({ ...info, model: 'another' }, table)).toBeUndefined();
    forgetRates();
    expect(existsSync(path)).toBe(false);
    expect(machineOf(table).rates.perPass).not.toBe(123_456);
  });

  it('of an empty name is none', () => {
    vi.stubEnv('WINOGRAD_CALIBRATION', '');
    expect(calibratedRates(info, table)).toBeUndefined();
    expect(() => rememberRates(info, { [table]: rates })).toThrow(
      'Expected WINOGRAD_CALIBRATION to be a file',
    );
    forgetRates();
  });

  it.each([
    ['{', 'JSON'],
    ['{}', 'calibration.format'],
    ['null', 'calibration.format'],
    [
      JSON.stringify({
        format: 'winograd-nd calibration',
        version: 3,
        machines: { m: { t: { perPass: 1 } } },
      }),
      'm: t',
    ],
    [
      JSON.stringify({
        format: 'winograd-nd calibration',
        version: 3,
        machines: { m: { t: { ...avx2, perPass: -1 } } },
      }),
      'm: t',
    ],
  ])('that is none is left out of account, with a warning: %s', (text, words) => {
    const bad = join(folder, `bad${Math.random()}.json`);
    writeFileSync(bad, text);
    vi.stubEnv('WINOGRAD_CALIBRATION', bad);
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(machineOf(table).rates).toBe(shippedRates(info, table));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(String(warn.mock.calls[0]![0])).toContain(words);
    machineOf(table);
    expect(warn).toHaveBeenCalledTimes(1);
  });
});

it('knows the caches of processors that virtual machines hide', () => {
  const zen = (family: number, modelNumber: number) =>
    usualCaches({ vendor: 'AuthenticAMD', family, modelNumber });
  expect(zen(25, 0x01)).toEqual({ l1: 32 << 10, l2: 512 << 10, l3: 32 << 20 });
  expect(zen(25, 0x11)).toMatchObject({ l2: 1 << 20, l3: 32 << 20 });
  expect(zen(26, 0x02)).toMatchObject({ l1: 48 << 10, l3: 32 << 20 });
  expect(usualCaches({ vendor: '', family: 0, modelNumber: 0 })).toEqual({
    l1: 32 << 10,
    l2: 1 << 20,
    l3: 8 << 20,
  });
});
