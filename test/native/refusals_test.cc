#include <random>

#include "cases.h"
#include "check.h"
#include "operators/conv/convolution.h"
#include "operators/conv/transform/line_program.h"
#include "programs.h"
#include "tests.h"

using namespace winograd;

namespace {

// Each of these does not suit a random case of its algorithm, whatever that is.
const struct {
  const char *algorithm, *path;
  Value value;
  const char* message;
} kRefused[] = {
    {"direct", "problem.direction", Value("sideways"),
     "Expected problem.direction to be \"forward\", \"backwardData\" or \"backwardWeights\" but"},
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

Value wholes(std::vector<int32_t> values) {
  return Value(Value::Content(std::move(values)));
}

Value decimals(std::vector<float> values) {
  return Value(Value::Content(std::move(values)));
}

// The matrix [[1, 2], [1, −2]] as E ± O, with a single term that adds nothing; then each member as it must not be.
void testPrograms() {
  const auto object = [](Value::Object members) { return Value(Value::Content(std::move(members))); };
  const Value program = object({{"crossed", Value(false)},
                                {"rows", wholes({-1, -1, 0, 1})},
                                {"columns", wholes({0, 1})},
                                {"coefficients", decimals({1, 2})},
                                {"termEnds", wholes({1, 1})},
                                {"termColumns", wholes({1})},
                                {"termCoefficients", decimals({0})}});
  const KernelTable& kernels = defaultKernels();
  const auto read = [&](const Value& value) { return readLineProgram(value, kernels, 2, 2); };
  const std::vector<std::vector<double>> matrix{{1, 2}, {1, -2}};
  check(programs::matrixOf(read(object({{"program", program}}))) == matrix, "a program that fits");
  const struct {
    const char* member;
    Value value;
    const char* message;
  } refused[] = {
      {"crossed", Value(), "Expected program.crossed to be true or false"},
      {"rows", wholes({-1, -1, 0, 2}), "Expected program.rows to be rows from 0 to 1, or -1 for none"},
      {"rows", wholes({-2, -1, 0, 1}), "Expected program.rows to be rows from 0 to 1, or -1 for none"},
      {"rows", wholes({-1, -1, 0, -1}), "Expected program.rows to be fours of rows, each of the 2 once"},
      {"rows", wholes({0, -1, 0, 1}), "Expected program.rows to be fours of rows, each of the 2 once"},
      {"rows", wholes({-1, 0, 1}), "Expected program.rows to be fours of rows, each of the 2 once"},
      {"rows", wholes({}), "Expected program.rows to be fours of rows, each of the 2 once"},
      {"rows", decimals({-1, -1, 0, 1}), "Expected program.rows to be an Int32Array"},
      {"columns", wholes({0, 2}), "Expected program.columns to be columns from 0 to 1"},
      {"columns", wholes({-1, 0}), "Expected program.columns to be columns from 0 to 1"},
      {"columns", wholes({0, 1, 0}), "Expected program.columns to be at most 8 pairs of columns"},
      {"columns", wholes(std::vector<int32_t>(18)), "Expected program.columns to be at most 8 pairs of columns"},
      {"coefficients", decimals({1, 2, 3}), "Expected program.coefficients to be a Float32Array of 2"},
      {"termEnds", wholes({1}), "Expected program.termEnds to be 2 ascending ends of 1 terms"},
      {"termEnds", wholes({1, 0}), "Expected program.termEnds to be 2 ascending ends of 1 terms"},
      {"termEnds", wholes({-1, 1}), "Expected program.termEnds to be 2 ascending ends of 1 terms"},
      {"termEnds", wholes({1, 2}), "Expected program.termEnds to be 2 ascending ends of 1 terms"},
      {"termColumns", wholes({2}), "Expected program.termColumns to be columns from 0 to 1"},
      {"termCoefficients", decimals({}), "Expected program.termCoefficients to be a Float32Array of 1"},
  };
  for (const auto& [member, value, message] : refused)
    checkThrows<std::invalid_argument>(std::string("a program with other ") + member, message, [&] {
      read(object({{"program", with(program, member, value)}}));
    });
  checkThrows<std::invalid_argument>("no program", "Expected program to be an object", [&] { read(object({})); });
  checkThrows<std::invalid_argument>("a codelet that is none", "Expected codelet to be the name of a codelet", [&] {
    read(object({{"codelet", Value("input_2x2_000000000000")}}));
  });
  checkThrows<std::invalid_argument>("a codelet of another size",
                                     "Expected codelet to be a codelet for 2 × 2, not 4 × 4", [&] {
                                       read(object({{"codelet", Value("input_4x4_4a3d011bff9e")}}));
                                     });
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
  testPrograms();
  testSizes();
  testBuffers();
  checkThrows<std::invalid_argument>("an operator that is none", "Expected operator to be one of ",
                                     [] { findOperator("convolutoin"); });
}
