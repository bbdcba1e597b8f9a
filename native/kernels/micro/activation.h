// The activation of a vector of results. NaN passes every comparison's other side, as in PyTorch.

// A slope of zero makes negative values zero itself: multiplied, -1 would become -0 and -∞ no number.
static WINOGRAD_INLINE Vec scaleNegative(Vec value, const Activation& activation) {
  const Vec scaled = activation.slope == 0 ? Vec::zero() : value * Vec::broadcast(activation.slope);
  return select(value.raw < Raw{}, scaled, value);
}

static WINOGRAD_INLINE Vec clamp(Vec value, const Activation& activation) {
  const Vec low = Vec::broadcast(activation.low), high = Vec::broadcast(activation.high);
  value = select(value.raw < low.raw, low, value);
  return select(value.raw > high.raw, high, value);
}

static WINOGRAD_INLINE Vec activate(Vec value, const Activation& activation) {
  return clamp(scaleNegative(value, activation), activation);
}
