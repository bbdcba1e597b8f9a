import { describe, expect, it } from 'vitest';
import { native } from '../../src/native/addon.js';
import { packageVersion } from '../../src/support/package.js';
import { winograd } from './run.js';

describe('winograd info', () => {
  it('shows processor, kernels and versions', async () => {
    const { code, stdout, stderr } = await winograd(['info']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(native().cpuInfo().model);
    for (const { name } of native().cpuInfo().kernels) expect(stdout).toContain(name);
    expect(stdout).toContain(`winograd-nd ${packageVersion()}`);
  });

  it('speaks JSON', async () => {
    const { stdout } = await winograd(['info', '--json']);
    const { model, cores, isa, kernels } = native().cpuInfo();
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ cpu: { model, cores }, isa, kernels },
      versions: { 'winograd-nd': packageVersion(), node: process.versions.node },
    });
  });

  it('refuses a WINOGRAD_ISA that there is not, in a line', async () => {
    for (const args of [['info'], ['info', '--json']]) {
      const { code, stdout, stderr } = await winograd(args, { env: { WINOGRAD_ISA: 'nonsense' } });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(
        /^winograd: Expected WINOGRAD_ISA to be one of .*portable but received nonsense\n$/,
      );
    }
  });

  it.each(
    native()
      .cpuInfo()
      .kernels.map(({ name }) => name),
  )('obeys WINOGRAD_ISA=%s', async (isa) => {
    const { stdout } = await winograd(['info', '--json'], { env: { WINOGRAD_ISA: isa } });
    expect(JSON.parse(stdout).isa).toBe(isa);
  });
});
