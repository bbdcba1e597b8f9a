import { describe, expect, test } from 'vitest';
import { readY4m } from '../../../examples/motion/y4m.js';

const header = 'YUV4MPEG2 W3 H5 F25:1 Ip A1:1';

/** A stream of 3×5 frames whose luma counts up from the frame's number; colour bytes are all 200. */
function y4m({ space = '', chroma = 12, frames = 2, cut = 0, head = header } = {}): Uint8Array {
  const parts: Buffer[] = [Buffer.from(`${head}${space}\n`)];
  for (let frame = 0; frame < frames; frame++) {
    const luma = Buffer.from(Array.from({ length: 15 }, (_, i) => 10 * frame + i));
    parts.push(Buffer.from('FRAME\n'), luma, Buffer.alloc(chroma, 200));
  }
  const whole = Buffer.concat(parts);
  return whole.subarray(0, whole.length - cut);
}

/** Delivers the bytes in pieces of a size that divides nothing. */
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function read(bytes: Uint8Array, { maxFrames = 99, size = 7 } = {}) {
  const frames: number[][] = [];
  const end = await readY4m(pieces(bytes, size), 'clip.y4m', maxFrames, (luma) => frames.push([...luma]));
  return { more: end.more, frames };
}

describe('readY4m', () => {
  // 3×5 halves to 2×3 and quarters to 1×5: sides that the sharing does not divide are rounded up.
  test.each([
    ['', 12],
    [' C420', 12],
    [' C420jpeg XYSCSS=420JPEG', 12],
    [' C420mpeg2', 12],
    [' C420paldv', 12],
    [' C411', 10],
    [' C422', 20],
    [' C444', 30],
    [' C444alpha', 45],
    [' Cmono', 0],
  ])('takes the luma and passes over the colour of "%s"', async (space, chroma) => {
    const { frames, more } = await read(y4m({ space, chroma }));
    expect(frames).toEqual([0, 10].map((first) => Array.from({ length: 15 }, (_, i) => first + i)));
    expect(more).toBe(false);
  });

  test.each([1, 2, 15, 1000])('gives the same whatever the size of the pieces: %i', async (size) => {
    const bytes = y4m({ frames: 3 });
    expect((await read(bytes, { size })).frames).toEqual((await read(bytes)).frames);
  });

  test('stops at the frames asked for and says that more follow', async () => {
    expect(await read(y4m({ frames: 3 }), { maxFrames: 2 })).toMatchObject({ more: true, frames: [{}, {}] });
    expect(await read(y4m({ frames: 2 }), { maxFrames: 2 })).toMatchObject({ more: false });
  });

  test('accepts parameters on the line of a frame', async () => {
    const bytes = Buffer.from(
      Buffer.from(y4m({ frames: 1 }))
        .toString('latin1')
        .replace('FRAME', 'FRAME Ip'),
      'latin1',
    );
    expect((await read(bytes)).frames).toHaveLength(1);
  });

  // 27 bytes a frame: 15 of luma, 12 of colour; the cut is taken from the end of the second.
  test.each([
    [1, 26],
    [12, 15],
    [13, 14],
    [27, 0],
  ])('refuses a stream that ends %i bytes early', async (cut, received) => {
    await expect(read(y4m({ cut }))).rejects.toThrow(
      `Expected frame 2 of clip.y4m to hold 27 bytes but the stream ends after ${received}`,
    );
  });

  test.each([
    [
      'cut within the word FRAME',
      y4m({ cut: 29 }),
      /^Expected frame 2 of clip\.y4m to be opened by a line "FRAME"/,
    ],
    ['no frames', y4m({ frames: 0 }), /at least one frame/],
    ['nothing', new Uint8Array(0), /a YUV4MPEG2 stream/],
    ['other bytes', Buffer.from('RIFF1234AVI \n'), /a YUV4MPEG2 stream but received "RIFF1234AVI "/],
    ['a header without end', Buffer.alloc(100_000, 'Y'), /a YUV4MPEG2 stream/],
    [
      '16 bits',
      y4m({ space: ' C420p10' }),
      /the colour space \(C\) of clip\.y4m to be 8-bit: .*420jpeg.* but received "420p10"/,
    ],
    ['a name of Object.prototype as colour space', y4m({ space: ' CtoString' }), /colour space/],
    ['no width', y4m({ head: 'YUV4MPEG2 H5' }), /the width \(W\) of clip\.y4m to be a positive number/],
    ['height 0', y4m({ head: 'YUV4MPEG2 W3 H0' }), /the height \(H\)/],
    ['a width that is no number', y4m({ head: 'YUV4MPEG2 W3e1 H5' }), /the width \(W\)/],
    ['more pixels than memory', y4m({ head: 'YUV4MPEG2 W99999 H99999' }), /the frame size of clip\.y4m/],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
  });
});
