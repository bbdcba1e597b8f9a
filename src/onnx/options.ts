/** Operator set of written models unless said otherwise. */
export const OPSET = 21;

/** How a model is written. */
export interface OnnxOptions {
  /**
   * Whether weights lie in a file of their own, `NAME.data` beside the model. Default: where the model would exceed
   * the 2 GiB that the format allows.
   */
  readonly external?: boolean;
}
