// The activation of a vector of results. NaN passes every comparison's other side, as in PyTorch.

// The same activation without a slope of zero, for the functions below: negative values become zero by a limit, since
// multiplied by zero -1 would become -0 and -∞ no number. A copy, which no store can change.
static WINOGRAD_INLINE Activation limited(Activation activation) {
  if (activation.slope == 0) {
    activation.slope = 1;
    if (activation.low < 0) activation.low = 0;
  }
  return activation;
}

static WINOGRAD_INLINE Vec scaleNegative(Vec value, const Activation& activation) {
  return select(value.raw < Raw{}, value * Vec::broadcast(activation.slope), value);
}

static WINOGRAD_INLINE Vec clamp(Vec value, const Activation& activation) {
  const Vec low = Vec::broadcast(activation.low), high = Vec::broadcast(activation.high);
  value = select(value.raw < low.raw, low, value);
  return select(value.raw > high.raw, high, value);
}

static WINOGRAD_INLINE Vec activate(Vec value, const Activation& activation) {
  return clamp(scaleNegative(value, activation), activation);
}
