#include <random>

#include "cases.h"
#include "check.h"
#include "operators/conv/convolution.h"
#include "tests.h"

using namespace winograd;

namespace {

// Each of these does not suit a random case of its algorithm, whatever that is.
const struct {
  const char *algorithm, *path;
  Value value;
  const char* message;
} kRefused[] = {
    {"direct", "problem.direction", Value("backwardData"), "Expected problem.direction to be \"forward\", the only"},
    {"direct", "problem.batch", number(0), "Expected problem.batch to be an integer from 1 to"},
    {"direct", "problem.batch", number(1.5), "Expected problem.batch to be an integer from 1 to"},
    {"direct", "problem.batch", Value(), "to 2147483647 but received nothing"},
    {"direct", "problem.batch", Value("two"), "but received \"two\""},
    {"direct", "problem.inChannels", number(0), "Expected problem.inChannels to be an integer from 1 to"},
    {"direct", "problem.groups", number(1009), "Channels to be a multiple of groups, 1009,"},
    {"direct", "problem.kernel", Value("3"), "Expected problem.kernel to be an array of 3 but received \"3\""},
    {"direct", "problem.bias", Value(), "Expected problem.bias to be true or false but received nothing"},
    {"direct", "problem.activation", Value(), "Expected problem.activation to be an object but received nothing"},
    {"direct", "schedule.algorithm", Value("fft"), "Expected schedule.algorithm to be one of winograd, positions,"},
    {"direct", "schedule.isa", Value("sse9"), "Expected schedule.isa to be a kernel table that this machine runs"},
    {"direct", "schedule.threads", number(0), "Expected schedule.threads to be an integer from 1 to 256"},
    {"direct", "schedule.layouts.input", Value("diagonal"), "\"planar\" or \"blocked\" but received \"diagonal\""},
    {"direct", "schedule.streamOutput", number(1), "Expected schedule.streamOutput to be true or false"},
    {"direct", "schedule.tileRows", number(17), "Expected schedule.tileRows to be an integer from 1 to"},
    {"direct", "schedule.chunks", number(1e9), "Expected schedule.chunks to be an integer from 1 to"},
    {"direct", "schedule.items", number(1e9), "Expected schedule.items to be an integer from 1 to"},
    {"direct", "schedule.copyInput", Value("some"), "Expected schedule.copyInput to be \"none\", \"planar\" or"},
    {"winograd", "schedule.tileBlock", number(0), "Expected schedule.tileBlock to be an integer from 1 to"},
    {"winograd", "schedule.tileBlock", number(1e9), "Expected schedule.tileBlock to be an integer from 1 to"},
    {"winograd", "schedule.channelGroup", number(1), "Expected schedule.channelGroup to be"},
    {"winograd", "schedule.channelGroup", number(1e9), "Expected schedule.channelGroup to be"},
    {"winograd", "schedule.sumBlock", number(1), "Expected schedule.sumBlock to be a multiple of"},
    {"winograd", "schedule.split", Value("both"), "Expected schedule.split to be \"tiles\" or \"channels\""},
    {"winograd", "schedule.longestRun", number(0), "Expected schedule.longestRun to be an integer from 1 to"},
    {"winograd", "schedule.slice", number(0), "Expected schedule.slice to be an integer from 1 to"},
    {"winograd", "schedule.slab", number(-1), "Expected schedule.slab to be an integer from 0 to"},
    {"winograd", "schedule.weightFormat", Value("half"), "Expected schedule.weightFormat to be \"float32\" or"},
    {"winograd", "schedule.transforms", Value(), "Expected schedule.transforms to be an array of 3"},
    {"winograd", "schedule.tilings", Value(), "Expected schedule.tilings to be an array of 3"},
    {"winograd", "problem.stride", Value(Value::Content(Value::Array{number(1), number(1), number(2)})), "Expected "},
    {"positions", "schedule.transforms", Value(), "Expected schedule.transforms to be an array of 3"},
    {"positions", "schedule.streamOutput", Value(true), "Expected schedule.streamOutput to be false: results"},
    {"grouped", "schedule.band", Value(), "Expected schedule.band to be an array of 3 but received nothing"},
};

template <class Error>
void refuses(const std::string& what, const Value& description, const std::string& message) {
  checkThrows<Error>(what, message, [&] { kConvolution.prepare(description); });
}

Case smallCase(const std::string& algorithm) {
  std::mt19937 generator(7);
  return randomCase(defaultKernels(), algorithm, generator);
}

void testSizes() {
  Case huge;
  huge.algorithm = "direct";
  huge.schedule.kernels = &defaultKernels();
  huge.problem.inChannels = huge.problem.outChannels = 1;
  huge.complete();
  const Value one = describe(huge);
  const Value side = number(1 << 30);
  const Value threeTaps(Value::Content(Value::Array{number(1), number(1), number(3)}));
  const Value sides(Value::Content(Value::Array{number(1), side, side}));
  refuses<std::overflow_error>("an input that overflows",
                               with(with(one, "problem.input", sides), "problem.batch", side), "overflows");
  refuses<std::invalid_argument>("a padded input that the kernel exceeds", with(one, "problem.kernel", threeTaps),
                                 "at least as long as the kernel's reach");
}

void testBuffers() {
  const Value description = describe(smallCase("direct"));
  const std::unique_ptr<Kernel> kernel = kConvolution.prepare(description);
  checkThrows<std::invalid_argument>("no inputs", "Expected inputs to be as many",
                                     [&] { kernel->execute({}, {}, Run{}); });
}

}  // namespace

void testRefusals() {
  for (const auto& each : kRefused) {
    const Value description = describe(smallCase(each.algorithm));
    kConvolution.prepare(description);
    refuses<std::invalid_argument>(std::string(each.algorithm) + " with another " + each.path,
                                   with(description, each.path, each.value), each.message);
  }
  testSizes();
  testBuffers();
  checkThrows<std::invalid_argument>("an operator that is none", "Expected operator to be one of convolution, pack",
                                     [] { findOperator("convolutoin"); });
}
