#include "reference.h"

#include <algorithm>

#include "runtime/memory.h"

using namespace winograd;

std::vector<float> reference(const Case& c, const std::vector<float>& x, const std::vector<float>& w,
                             const std::vector<float>& bias, const std::vector<float>& residual) {
  const Problem& p = c.problem;
  const Axes& out = p.output;
  std::vector<float> y;
  for (std::ptrdiff_t n = 0; n < p.batch; n++) {
    for (std::ptrdiff_t k = 0; k < p.outChannels; k++) {
      const std::ptrdiff_t g = k / p.groupOutputs();
      for (std::ptrdiff_t od = 0; od < out[0]; od++) {
        for (std::ptrdiff_t oh = 0; oh < out[1]; oh++) {
          for (std::ptrdiff_t ow = 0; ow < out[2]; ow++) {
            const Axes from{od * p.stride[0] - p.padBegin[0], oh * p.stride[1] - p.padBegin[1],
                            ow * p.stride[2] - p.padBegin[2]};
            double sum = 0;
            for (std::ptrdiff_t ch = 0; ch < p.groupInputs(); ch++) {
              const float* plane = &x[(n * p.inChannels + g * p.groupInputs() + ch) * volume(p.input)];
              const float* tap = &w[(k * p.groupInputs() + ch) * volume(p.kernel)];
              for (std::ptrdiff_t td = 0; td < p.kernel[0]; td++) {
                const std::ptrdiff_t d = from[0] + td * p.dilation[0];
                for (std::ptrdiff_t th = 0; th < p.kernel[1]; th++) {
                  const std::ptrdiff_t h = from[1] + th * p.dilation[1];
                  for (std::ptrdiff_t tw = 0; tw < p.kernel[2]; tw++, tap++) {
                    const std::ptrdiff_t i = from[2] + tw * p.dilation[2];
                    if (d < 0 || d >= p.input[0] || h < 0 || h >= p.input[1] || i < 0 || i >= p.input[2]) continue;
                    sum += static_cast<double>(plane[(d * p.input[1] + h) * p.input[2] + i]) * *tap;
                  }
                }
              }
            }
            sum *= c.scale;
            if (!bias.empty()) sum += bias[k];
            if (!residual.empty()) sum += residual[y.size()];
            if (sum < 0) sum *= p.activation.slope;
            y.push_back(static_cast<float>(std::clamp<double>(sum, p.activation.low, p.activation.high)));
          }
        }
      }
    }
  }
  return y;
}

// N x C x P to N x C/width x P x width; missing channels are zero.
std::vector<float> blocked(const std::vector<float>& planar, std::ptrdiff_t batch, std::ptrdiff_t channels,
                           std::ptrdiff_t pixels, std::ptrdiff_t width) {
  const std::ptrdiff_t padded = roundUp(channels, width);
  std::vector<float> result(static_cast<std::size_t>(batch * padded * pixels));
  for (std::ptrdiff_t n = 0; n < batch; n++) {
    for (std::ptrdiff_t c = 0; c < channels; c++) {
      for (std::ptrdiff_t p = 0; p < pixels; p++) {
        result[((n * padded + c / width * width) * pixels + p * width) + c % width] =
            planar[(n * channels + c) * pixels + p];
      }
    }
  }
  return result;
}
