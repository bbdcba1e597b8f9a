import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { expected } from '../../../synth/errors.js';
import type { Executable } from '../../graph/executable.js';
import type { Graph } from '../../graph/graph.js';
import type { Program } from '../../graph/program.js';
import type { Shapes } from '../../graph/typed.js';
import { enginePath } from '../../native/addon.js';
import type { LoweringSettings } from '../../operators/operator.js';
import { fileDigest, sha256 } from '../../support/digest.js';
import { writeWhole } from '../../support/files.js';
import { packageVersion } from '../../support/package.js';
import { preparedBytes, readPrepared, writePrepared } from './file.js';
import type { CacheOptions } from './options.js';

/** What can be said of a network without reading it. */
export type Outline = Pick<Graph, 'inputs' | 'outputs'>;

/** What a folder remembers of a model under one way to run it. */
interface ModelFile extends Outline {
  readonly model: string;
  /** Files beside the model that hold its weights, by their way from it, with their digests. */
  readonly beside: readonly (readonly [string, string])[];
}

const MODEL = '.model.json';
const PROGRAM = '.prepared';

/**
 * Programs of one model, ready to run, in files of a folder that all networks share. They go by the model's bytes, the engine's,
 * and everything that plans depend on, so that nothing in it is ever out of date; whatever is damaged counts as missing.
 */
export class ModelCache {
  /** Files that are there, or about to be. */
  readonly #kept = new Map<string, Promise<void>>();
  /** Of the model's own bytes. */
  readonly #digest: string;
  readonly #key: string;
  /** Whether the model's other files are those of the programs that are there. */
  #known = false;
  /** Files that its weights were read from, too. */
  #beside: readonly string[] = [];

  private constructor(
    readonly path: string,
    private readonly options: Required<CacheOptions>,
    digest: string,
    key: string,
  ) {
    this.#digest = digest;
    this.#key = key;
  }

  /** @param without names of graph passes that are left out; @throws the system's error when the model cannot be read */
  static async of(
    path: string,
    settings: LoweringSettings,
    without: readonly string[],
    options: Required<CacheOptions>,
  ): Promise<ModelCache> {
    const [digest, engine] = [await fileDigest(path), await engineDigest()];
    const identity = [packageVersion(), engine, digest, settings, without];
    const key = sha256(JSON.stringify(identity)).toString('hex').slice(0, 32);
    return new ModelCache(path, options, digest, key);
  }

  /** What is known of the model; undefined where nothing is, or files beside it have changed. */
  async outline(): Promise<Outline | undefined> {
    try {
      const known = JSON.parse(await readFile(this.#place(MODEL), 'utf8')) as ModelFile;
      for (const [way, digest] of known.beside)
        if ((await fileDigest(join(dirname(this.path), way))) !== digest) return undefined;
      this.#known = true;
      return { inputs: known.inputs, outputs: known.outputs };
    } catch {
      return undefined;
    }
  }

  /**
   * Reads the model.
   *
   * @throws InputError when it is none, or no longer what it was when it was looked for; the system's error when it cannot be
   *   read
   */
  async read(): Promise<Graph> {
    if ((await fileDigest(this.path)) !== this.#digest)
      throw expected(this.path, 'as it was when the network was loaded', 'another file');
    const { readModel } = await import('../../onnx/import.js');
    const { graph, beside } = await readModel(this.path);
    this.#beside = beside;
    return graph;
  }

  /** The program for inputs of these shapes, if it is there. */
  async find(shapes: Shapes): Promise<Executable | undefined> {
    if (!this.#known) return undefined;
    const place = this.#programPlace(shapes);
    const found = await readPrepared(place);
    if (found === undefined) return undefined;
    this.#kept.set(place, Promise.resolve());
    const now = new Date();
    // When it was used last is what counts; a folder that may not be written still serves.
    await utimes(place, now, now).catch(() => {});
    return found;
  }

  /** Writes a program whose weights are ready, once; who asks again waits for it. What cannot be written is a warning. */
  keep(shapes: Shapes, outline: Outline, program: Pick<Program, 'recipe' | 'constants'>): Promise<void> {
    const place = this.#programPlace(shapes);
    const writing = this.#kept.get(place) ?? this.#write(place, outline, program);
    this.#kept.set(place, writing);
    return writing;
  }

  async #write(
    place: string,
    { inputs, outputs }: Outline,
    { recipe, constants }: Pick<Program, 'recipe' | 'constants'>,
  ): Promise<void> {
    const all = [...constants];
    if (preparedBytes(all) > this.options.maxBytes) return;
    const { folder } = this.options;
    try {
      await mkdir(folder, { recursive: true });
      await writePrepared(place, recipe, all);
      const model: ModelFile = {
        ...{ model: basename(this.path), inputs, outputs },
        beside: await digestsOf(this.#beside, dirname(resolve(this.path))),
      };
      await writeWhole(this.#place(MODEL), [Buffer.from(JSON.stringify(model))]);
      await bounded(this.options, place);
    } catch (error) {
      process.emitWarning(`the prepared network could not be kept in ${folder}: ${(error as Error).message}`);
    }
  }

  #programPlace(shapes: Shapes): string {
    const text = JSON.stringify(Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1)));
    return this.#place(`-${sha256(text).toString('hex').slice(0, 16)}${PROGRAM}`);
  }

  #place(ending: string): string {
    return join(this.options.folder, `${this.#key}${ending}`);
  }
}

async function digestsOf(files: readonly string[], folder: string): Promise<ModelFile['beside']> {
  const digests: [string, string][] = [];
  for (const file of files) digests.push([relative(folder, file), await fileDigest(file)]);
  return digests;
}

/** A file of a cache. */
export interface CachedProgram {
  readonly file: string;
  /** Name of the model's file when it was written. */
  readonly model: string | undefined;
  readonly bytes: number;
  readonly lastUsed: Date;
}

/** What a folder holds, what was used last first; nothing of a folder that is missing. */
export async function cachedPrograms(folder: string): Promise<CachedProgram[]> {
  const names = await readdir(folder).catch(() => []);
  const found: CachedProgram[] = [];
  for (const name of names.filter((each) => each.endsWith(PROGRAM))) {
    const file = join(folder, name);
    const about = await stat(file).catch(() => undefined);
    if (about === undefined) continue;
    const model = await modelOf(join(folder, `${name.slice(0, name.indexOf('-'))}${MODEL}`));
    found.push({ file, model, bytes: about.size, lastUsed: about.mtime });
  }
  return found.sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
}

/** Removes all that a folder holds. @returns how many bytes that were */
export async function clearCache(folder: string): Promise<number> {
  const programs = await cachedPrograms(folder);
  for (const { file } of programs) await rm(file, { force: true });
  await forgetModels(folder);
  return programs.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Removes what was used longest ago, but for one file, until the rest is no more than it may be. */
async function bounded({ folder, maxBytes }: Required<CacheOptions>, spared: string): Promise<void> {
  const programs = await cachedPrograms(folder);
  let total = programs.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { file, bytes } of programs.reverse()) {
    if (total <= maxBytes) break;
    if (file === spared) continue;
    await rm(file, { force: true });
    total -= bytes;
  }
  await forgetModels(folder);
}

/** Removes what is said of models of which no program is left. */
async function forgetModels(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const used = new Set(names.filter((name) => name.endsWith(PROGRAM)).map((name) => name.split('-')[0]));
  for (const name of names.filter((each) => each.endsWith(MODEL)))
    if (!used.has(name.slice(0, -MODEL.length))) await rm(join(folder, name), { force: true });
}

async function modelOf(file: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(file, 'utf8')) as ModelFile).model;
  } catch {
    return undefined;
  }
}

let ownEngine: Promise<string> | undefined;

/** Other code may read packed weights in another order. */
async function engineDigest(): Promise<string> {
  const path = enginePath();
  ownEngine ??= path === undefined ? Promise.resolve('') : fileDigest(path);
  return ownEngine;
}
