import { join } from 'node:path';
import { expected } from '../../../synth/errors.js';
import { checkOptions, type OptionNames } from '../../../synth/options.js';
import { cacheFolder } from '../../support/cache-folder.js';

/** Where networks that are ready to run are kept, and how much of them. */
export interface CacheOptions {
  /** Default: `prepared` in the user's cache folder. */
  readonly folder?: string;
  /** Most bytes of all files together; what was used longest ago goes first. Default 4 GiB. */
  readonly maxBytes?: number;
}

const optionNames: OptionNames<CacheOptions> = { folder: true, maxBytes: true };

const MAX_BYTES = 4 * 2 ** 30;

/** Where the commands keep networks, and programs that name no folder. */
export function preparedFolder(): string {
  return join(cacheFolder(), 'prepared');
}

/** @throws InputError naming what does not fit */
export function validateCache(cache: unknown): Required<CacheOptions> | undefined {
  if (cache === undefined || cache === false) return undefined;
  if (cache === true) return { folder: preparedFolder(), maxBytes: MAX_BYTES };
  if (typeof cache !== 'object' || cache === null)
    throw expected('cache', 'true, false, or an object with folder and maxBytes', cache);
  checkOptions('the cache', cache, optionNames);
  const { folder = preparedFolder(), maxBytes = MAX_BYTES } = cache as CacheOptions;
  if (typeof folder !== 'string' || folder === '') throw expected('cache.folder', 'a path', folder);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0)
    throw expected('cache.maxBytes', 'a number of bytes from 0 on', maxBytes);
  return { folder, maxBytes };
}
