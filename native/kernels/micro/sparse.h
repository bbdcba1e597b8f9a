// A row of a sparse matrix by a panel of a dense one. Every product loads a vector of the panel, which is what binds:
// one load for each multiply-add.
template <int VECTORS>
static void sparseRow(const SparseRowArgs& args) {
  Vec sums[VECTORS];
#pragma GCC unroll 8
  for (int v = 0; v < VECTORS; v++) sums[v] = Vec::zero();
  for (std::ptrdiff_t i = 0; i < args.count; i++) {
    const Vec value = Vec::broadcast(args.values[i]);
    const float* const row = args.panel + args.offsets[i];
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) sums[v] = fma(value, Vec::load(row + v * Vec::width), sums[v]);
  }
  const Vec bias = Vec::broadcast(args.bias);
#pragma GCC unroll 8
  for (int v = 0; v < VECTORS; v++) {
    sums[v] = sums[v] + bias;
    if (args.adds) sums[v] = sums[v] + Vec::load(args.c + v * Vec::width);
    if (args.residual != nullptr) sums[v] = sums[v] + Vec::load(args.residual + v * Vec::width);
  }
  if (args.activation != nullptr) {
    const Activation activation = limited(*args.activation);
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) sums[v] = clamp(scaleNegative(sums[v], activation), activation);
  }
#pragma GCC unroll 8
  for (int v = 0; v < VECTORS; v++) sums[v].store(args.c + v * Vec::width);
}
