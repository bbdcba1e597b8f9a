import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    // Plans must not depend on what somebody calibrated on this machine.
    env: { WINOGRAD_CALIBRATION: '' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
