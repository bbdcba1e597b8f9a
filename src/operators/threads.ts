/**
 * Bytes that move in the time in which another thread is called and waited for: some 10 µs, at 10 GB/s of one core.
 * Measured on Zen 3.
 */
const BYTES_OF_A_CALL = 128 << 10;

/** Floating-point operations of one core in the time of a byte: 64 GFLOP/s over 10 GB/s. */
const FLOPS_OF_A_BYTE = 6;

/** As many of the threads as shorten work of so many bytes and operations. */
export function threadsFor(threads: number, bytes: number, flops = 0): number {
  const calls = (bytes + flops / FLOPS_OF_A_BYTE) / BYTES_OF_A_CALL;
  return Math.min(threads, Math.max(1, Math.floor(calls)));
}
