// Unfolded inputs (im2col, Barrachina et al. 2023, figures 2 and 4): rows of them from an input's channels, and back.

// Whole vectors are stored: what a run's last one writes too much, the next run of the row overwrites, or the next row,
// or nobody reads.
template <int STEP>
static WINOGRAD_INLINE void unfoldRun(const float* from, std::ptrdiff_t step, std::ptrdiff_t count, float* to) {
  std::ptrdiff_t i = 0;
  if constexpr (STEP == 1) {
    for (; i + Vec::width <= count; i += Vec::width) Vec::load(from + i).store(to + i);
    if (i < count) loadPart(from + i, count - i).store(to + i);
  } else if constexpr (STEP == 2) {
    for (; i < count; i += Vec::width) {
      const std::ptrdiff_t floats = 2 * (count - i) - 1;
      const float* const at = from + 2 * i;
      const Vec low = floats < Vec::width ? loadPart(at, floats) : Vec::load(at);
      const std::ptrdiff_t more = floats - Vec::width;
      const Vec high = more <= 0           ? Vec::zero()
                       : more < Vec::width ? loadPart(at + Vec::width, more)
                                           : Vec::load(at + Vec::width);
      rearrange<EveryOther>(low, high).store(to + i);
    }
  } else {
    for (; i < count; i++) to[i] = from[i * step];
  }
}

template <int STEP>
static void unfoldRows(const UnfoldArgs& args) {
  const float* channel = args.plane;
  float* to = args.columns;
  std::ptrdiff_t tap = args.tap;
  for (std::ptrdiff_t row = 0; row < args.rows; row++, to += args.columnsStep) {
    const ColumnRun* run = args.runs + (tap == 0 ? 0 : args.ends[tap - 1]);
    for (const ColumnRun* end = args.runs + args.ends[tap]; run != end; run++) {
      if (run->plane < 0) {
        for (std::ptrdiff_t i = 0; i < run->count; i += Vec::width) Vec::zero().store(to + run->column + i);
      } else {
        unfoldRun<STEP>(channel + run->plane, args.step, run->count, to + run->column);
      }
    }
    if (++tap == args.taps) {
      tap = 0;
      channel += args.planeStep;
    }
  }
}
static void unfold(const UnfoldArgs& args) {
  // Of one tap, pixels side by side: rows of the input as they are.
  if (args.taps == 1 && args.step == 1 && args.ends[0] == 1 && args.runs->plane >= 0)
    return copyRows({args.plane + args.runs->plane, args.planeStep, args.rows, args.runs->count,
                     args.columns + args.runs->column, args.columnsStep});
  args.step == 1 ? unfoldRows<1>(args) : args.step == 2 ? unfoldRows<2>(args) : unfoldRows<0>(args);
}

// The way back adds, for an input is in several columns.
static void fold(const UnfoldArgs& args) {
  float* channel = args.plane;
  const float* from = args.columns;
  std::ptrdiff_t tap = args.tap;
  for (std::ptrdiff_t row = 0; row < args.rows; row++, from += args.columnsStep) {
    const ColumnRun* run = args.runs + (tap == 0 ? 0 : args.ends[tap - 1]);
    for (const ColumnRun* end = args.runs + args.ends[tap]; run != end; run++) {
      if (run->plane < 0) continue;
      float* const to = channel + run->plane;
      const float* const column = from + run->column;
      std::ptrdiff_t i = 0;
      if (args.step == 1) {
        for (; i + Vec::width <= run->count; i += Vec::width) (Vec::load(to + i) + Vec::load(column + i)).store(to + i);
      }
      for (; i < run->count; i++) to[i * args.step] += column[i];
    }
    if (++tap == args.taps) {
      tap = 0;
      channel += args.planeStep;
    }
  }
}
