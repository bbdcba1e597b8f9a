import { describe, expect, it } from 'vitest';
import * as library from '../../src/index.js';
import { dense } from '../../src/support/dense.js';
import { checkNoMore, checkOptions } from '../../synth/options.js';

const { Conv2d, InputError, Sequential, Tensor } = library;

describe('checkOptions', () => {
  const names = { padding: true, dilation: true, inChannels: true, dims: true } as const;
  const check = (options: object) => checkOptions('a layer', options as never, names);

  it.each([
    ['paddding', 'padding'],
    ['pading', 'padding'],
    ['inchannels', 'inChannels'],
    ['in_channels', 'inChannels'],
    ['dim', 'dims'],
  ])('says that %s may be %s', (wrong, right) => {
    expect(() => check({ dims: 2, [wrong]: 1 })).toThrow(
      new InputError(
        `Expected an option of a layer to be ${right}, which is nearest, but received "${wrong}"`,
      ),
    );
  });

  it('lists all where none is near', () => {
    expect(() => check({ colour: 1 })).toThrow(
      'Expected an option of a layer to be one of padding, dilation, inChannels, dims but received "colour"',
    );
  });

  it('refuses inherited names, and what is no object', () => {
    expect(() => check({ toString: 1 })).toThrow(InputError);
    for (const value of [null, undefined, 1, 'a', []])
      expect(() => check(value as never)).toThrow('Expected the options of a layer to be an object');
    expect(() => check({})).not.toThrow();
  });
});

it('checkNoMore takes undefined for nothing', () => {
  expect(() => checkNoMore('forward', 3, [undefined])).not.toThrow();
  expect(() => checkNoMore('forward', 3, [undefined, 7])).toThrow(
    'Expected argument 5 of forward to be left out but received 7',
  );
});

it('dense shows holes', () => {
  // biome-ignore lint/suspicious/noSparseArray: holes are what is tested
  expect(dense([, 3])).toStrictEqual([undefined, 3]);
  expect(dense(3)).toBe(3);
});

describe('everything public that takes options', () => {
  const options = { inChannels: 1, outChannels: 1, kernelSize: 3 };
  const weight = Tensor.zeros([1, 1, 3, 3]);
  const conv = () => new Conv2d(options, { weight });
  const f = library.synthesize({ outputs: 2, taps: 3 });

  it.each<[string, () => unknown]>([
    ['a layer', () => new Conv2d({ ...options, paddding: 1 } as never, { weight })],
    ['the weights', () => new Conv2d(options, { weight, baias: null } as never)],
    ['a third argument of a layer', () => new Conv2d(options, { weight }, weight as never)],
    ['a network', () => new Sequential([{ layer: conv(), residuall: 0 } as never])],
    ['a second argument of a network', () => new Sequential([conv()], {} as never)],
    [
      'an activation',
      () => new Conv2d({ ...options, activation: { leakyRelu: 1, clip: [0, 1] } }, { weight }),
    ],
    ['Tensor.random', () => Tensor.random([2], { sed: 1 } as never)],
    ['synthesize', () => library.synthesize({ outputs: 2, taps: 3, modulli: 'inf' } as never)],
    ['search', () => library.search({ outputs: 2, taps: 3, dim: 1 } as never)],
    ['searchSplit', () => library.searchSplit({ outputs: 2, taps: 3, dims: 2, sed: 1 } as never)],
    ['axisFamily', () => library.axisFamily({ outputs: [4, 2], taps: 3, modulus: 1 } as never)],
    ['paddedTransform', () => library.paddedTransform({ inputs: 2, paddings: [1, 1], taps: 3 } as never)],
    ['polyphase', () => library.polyphase({ outputs: 2, taps: 3, strides: 2 } as never)],
    ['pieces', () => library.pieces({ outputs: 2, taps: 7, pieces: 3 } as never)],
    ['nested', () => library.nested({ outputs: 4, taps: 4, blocks: 2 } as never)],
    ['emit', () => library.emit(f, 'c', { nmae: 'f' } as never)],
    ['trainingAccuracy', () => library.trainingAccuracy(f, { dim: 2 } as never)],
    ['expectedLayerError', () => library.expectedLayerError([f], { channels: 2, sumblock: 1 } as never)],
    ['forwardErrorBound', () => library.forwardErrorBound([f], { channels: 2, sumblock: 1 } as never)],
  ])('%s refuses what it does not know', (_, call) => {
    expect(call).toThrow(InputError);
    expect(call).toThrow(/^Expected (an option of|argument \d of|activation)/);
  });

  it('passes refuse a further argument', async () => {
    const [layer, x] = [conv(), Tensor.zeros([1, 1, 5, 5])];
    const extra = { threads: 1 } as never;
    const message = 'Expected argument 4 of forward';
    expect(() => layer.forwardSync(x, undefined, undefined, extra)).toThrow(message);
    await expect(layer.forward(x, undefined, undefined, extra)).rejects.toThrow(message);
    const network = new Sequential([layer]);
    expect(() => network.forwardSync(x, undefined, extra)).toThrow('Expected argument 3 of forward');
    await expect(network.forward(x, undefined, extra)).rejects.toThrow('Expected argument 3 of forward');
  });
});
