// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "io/test_streams.h"

namespace pcapml {
namespace {

using namespace test_streams;

std::string with_crc(std::string_view bytes) {
  const uLong crc = crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
  std::string result(bytes);
  for (int shift = 0; shift < 32; shift += 8) result.push_back(static_cast<char>(crc >> shift));
  return result;
}

/// A stream header and a block header (xz file format 1.1.0, sections 2.1.1 and 3.1) with one LZMA2 filter.
std::string xz_headers(char dictionary, char check) {
  using namespace std::string_literals;
  return "\xfd"s + "7zXZ\0"s + with_crc("\0"s + check) + with_crc("\x02\0\x21\x01"s + dictionary + "\0\0\0"s);
}

TEST(HostileHeader, XzDictionaryOfFourGibibytesIsRefused) {
  constexpr char kFourGibibytes = 40;
  const std::string stream = xz_headers(kFourGibibytes, '\x04');
  EXPECT_THAT(decompressed(as_bytes(stream)).damage.value_or(""),
              testing::HasSubstr("more than the 256 MiB"));
}

TEST(HostileHeader, XzChecksumOfAnUnknownKindIsRefused) {
  const std::string stream = xz_headers('\x10', '\x0f');
  EXPECT_THAT(decompressed(as_bytes(stream)).damage.value_or(""), testing::HasSubstr("unknown kind"));
}

}  // namespace
}  // namespace pcapml
