import { spawn } from 'node:child_process';
import { expected, InputError } from '../../synth/errors.js';

/** Enough of what ffmpeg says to tell what went wrong. */
const maxComplaint = 4096;

/**
 * Decodes any video that ffmpeg understands to a grey YUV4MPEG2 stream and hands it to `consume`.
 *
 * @param path a file on disk (never taken for an option or a network address)
 * @param frames decodes no more than this
 * @throws InputError when ffmpeg is not there, or with ffmpeg's own words when it cannot decode the file
 */
export async function withFfmpeg<T>(
  path: string,
  frames: number,
  consume: (stream: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const child = spawn(
    'ffmpeg',
    // biome-ignore format: an option and its value belong on one line
    [
      '-nostdin', '-v', 'error',
      '-protocol_whitelist', 'file',
      '-i', `file:${path}`,
      '-map', '0:v:0',
      '-frames:v', String(frames),
      '-pix_fmt', 'gray',
      '-f', 'yuv4mpegpipe', 'pipe:1',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-maxComplaint);
  });
  const ended = new Promise<number | Error>((resolve) => {
    child.on('error', resolve).on('close', (code) => resolve(code ?? -1));
  });
  // ffmpeg's own failure explains a broken stream, so it goes before whatever reading that stream threw.
  const stream = child.stdout.iterator({ destroyOnReturn: false });
  const result = await consume(stream).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  // What is left is let through, so that ffmpeg ends by itself and its exit code means something.
  child.stdout.resume();
  const end = await ended;
  if (end instanceof Error) {
    if ((end as NodeJS.ErrnoException).code !== 'ENOENT') throw end;
    throw expected('--input', 'a .y4m or .npy file, or any video once ffmpeg is installed', path);
  }
  if (end !== 0) {
    const reason = complaint.trim().split('\n').at(-1) || `exit code ${end}`;
    throw new InputError(`Expected ${path} to be a video that ffmpeg can decode but it says: ${reason}`);
  }
  if ('error' in result) throw result.error;
  return result.value;
}
