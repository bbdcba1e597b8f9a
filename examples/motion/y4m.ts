import { expected, InputError } from '../../synth/errors.js';
import { ByteReader } from './bytes.js';

/** What a YUV4MPEG2 stream says about itself. */
export interface Y4mHeader {
  readonly width: number;
  readonly height: number;
  /** Bytes of the colour planes that follow the luma of each frame. */
  readonly chromaBytes: number;
}

/** A frame's luma, height × width bytes. */
export type LumaFrame = (luma: Uint8Array, header: Y4mHeader) => void;

/** Longer header lines are taken for another format. */
const maxLine = 4096;
/** Pixels of the largest frame: 16384², beyond any camera, but still a buffer that can be had. */
const maxPixels = 2 ** 28;

/**
 * The 8-bit colour spaces: pixels that share one colour sample, across and down (as ffmpeg and mjpegtools write
 * them), and the planes beside luma: two of colour, and one as large as luma for alpha. A side that the sharing
 * does not divide is rounded up.
 */
const colourSpaces: Readonly<
  Record<string, { across: number; down: number; colour: number; alpha: number }>
> = {
  '420': { across: 2, down: 2, colour: 2, alpha: 0 },
  '420jpeg': { across: 2, down: 2, colour: 2, alpha: 0 },
  '420mpeg2': { across: 2, down: 2, colour: 2, alpha: 0 },
  '420paldv': { across: 2, down: 2, colour: 2, alpha: 0 },
  '411': { across: 4, down: 1, colour: 2, alpha: 0 },
  '422': { across: 2, down: 1, colour: 2, alpha: 0 },
  '444': { across: 1, down: 1, colour: 2, alpha: 0 },
  '444alpha': { across: 1, down: 1, colour: 2, alpha: 1 },
  mono: { across: 1, down: 1, colour: 0, alpha: 0 },
};

/**
 * Reads the luma of a YUV4MPEG2 (.y4m) stream frame by frame, never holding more than one frame.
 *
 * @param stream its bytes, in pieces of any size
 * @param name what errors call it
 * @param maxFrames reads no further than this
 * @param onFrame gets each frame in order; the array is reused for the next
 * @returns the frames read, and whether more follow
 * @throws InputError when it is no such stream, is cut off within a frame, has no frame, or a pixel is not 8 bits
 */
export async function readY4m(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  maxFrames: number,
  onFrame: LumaFrame,
): Promise<{ frames: number; more: boolean }> {
  const reader = new ByteReader(stream);
  try {
    const header = parseHeader(await reader.line(maxLine), name);
    const luma = new Uint8Array(header.width * header.height);
    let frames = 0;
    while (frames < maxFrames && !(await reader.ended())) {
      await readFrame(reader, header, luma, `frame ${frames + 1} of ${name}`);
      onFrame(luma, header);
      frames++;
    }
    if (frames === 0)
      throw new InputError(`Expected ${name} to hold at least one frame but it ends after its header`);
    return { frames, more: !(await reader.ended()) };
  } finally {
    await reader.close();
  }
}

async function readFrame(
  reader: ByteReader,
  header: Y4mHeader,
  luma: Uint8Array,
  name: string,
): Promise<void> {
  const line = await reader.line(maxLine);
  if (line === undefined || !/^FRAME( |$)/.test(line))
    throw expected(name, 'opened by a line "FRAME"', line?.slice(0, 32) ?? 'the end of the stream');
  const received = (await reader.fill(luma)) + (await reader.skip(header.chromaBytes));
  const whole = luma.length + header.chromaBytes;
  if (received < whole)
    throw new InputError(`Expected ${name} to hold ${whole} bytes but the stream ends after ${received}`);
}

/** The first line: `YUV4MPEG2` and parameters, each a letter and its value, in any order. */
function parseHeader(line: string | undefined, name: string): Y4mHeader {
  const [magic, ...words] = (line ?? '').split(' ');
  if (magic !== 'YUV4MPEG2') throw expected(name, 'a YUV4MPEG2 stream', (line ?? '').slice(0, 32));
  const parameters = new Map(words.map((word) => [word.slice(0, 1), word.slice(1)]));
  const side = (letter: string, what: string): number => {
    const text = parameters.get(letter) ?? '';
    const pixels = Number(text);
    if (!/^\d+$/.test(text) || pixels < 1 || pixels > maxPixels)
      throw expected(`the ${what} (${letter}) of ${name}`, 'a positive number of pixels', text);
    return pixels;
  };
  const [width, height] = [side('W', 'width'), side('H', 'height')];
  if (width * height > maxPixels)
    throw expected(`the frame size of ${name}`, `at most ${maxPixels} pixels`, `${width}×${height}`);
  const space = parameters.get('C') ?? '420';
  const planes = Object.hasOwn(colourSpaces, space) ? colourSpaces[space] : undefined;
  if (!planes)
    throw expected(
      `the colour space (C) of ${name}`,
      `8-bit: ${Object.keys(colourSpaces).join(', ')}`,
      space,
    );
  const colour = planes.colour * Math.ceil(width / planes.across) * Math.ceil(height / planes.down);
  return { width, height, chromaBytes: colour + planes.alpha * width * height };
}
