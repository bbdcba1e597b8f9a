/** Networks that people run, written down with the builder. Weights are random unless they are given. */
export { c3d } from './c3d.js';
export { densenet121 } from './densenet121.js';
export { edsr } from './edsr.js';
export { googlenet } from './googlenet.js';
export { i3d } from './i3d.js';
export { inceptionV3 } from './inceptionv3.js';
export { nnunet } from './nnunet.js';
export { r2plus1d18, r3d18 } from './r3d18.js';
export { resnet34, resnet50 } from './resnet.js';
export { unet2d } from './unet2d.js';
export { unet3d } from './unet3d.js';
export { vgg16 } from './vgg16.js';
export { vnet } from './vnet.js';
export { x3dM } from './x3d.js';
