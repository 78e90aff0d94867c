// SPDX-License-Identifier: Apache-2.0
// Any bytes decompress, are refused or pass as they are; what comes out does not depend on how it is read.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "pcapml/error.h"
#include "pcapml/source.h"

namespace {

constexpr std::size_t kOutputMax = std::size_t{8} << 20;

struct Result {
  std::uint64_t size = 0;
  std::uint64_t digest = 14695981039346656037U;  // FNV-1a
  bool damaged = false;
};

Result decompress_all(pcapml::Bytes input, std::size_t step) {
  const auto source = pcapml::decompress(pcapml::memory_source(input));
  std::vector<std::byte> chunk(step);
  Result result;
  try {
    while (const std::size_t count = source->read(chunk)) {
      for (std::size_t i = 0; i < count && result.size < kOutputMax; ++i, ++result.size) {
        result.digest = (result.digest ^ std::to_integer<std::uint64_t>(chunk[i])) * 1099511628211U;
      }
      if (result.size == kOutputMax) break;
    }
  } catch (const pcapml::FormatError&) {
    result.damaged = true;
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const pcapml::Bytes input = std::as_bytes(std::span(data, size));
  const Result whole = decompress_all(input, 1 << 20);
  const Result pieces = decompress_all(input, 4093);
  if (whole.size == kOutputMax || pieces.size == kOutputMax) return 0;
  if (whole.damaged != pieces.damaged) std::abort();
  // How much of a damaged block comes out may depend on the pace (in libbz2 it does).
  if (!whole.damaged && (whole.size != pieces.size || whole.digest != pieces.digest)) std::abort();
  return 0;
}
