// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "io/test_streams.h"

namespace pcapml {
namespace {

using namespace test_streams;
using testing::HasSubstr;

class Decompress : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(Formats, Decompress, testing::ValuesIn(kFormats), format_name);

std::size_t magic_size(Compression compression) {
  switch (compression) {
    case Compression::gzip: return 2;
    case Compression::bzip2: return 3;
    case Compression::xz: return 6;
    default: return 4;
  }
}

TEST_P(Decompress, GivesBackWhatWasCompressed) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, std::size_t{5} << 20}) {
    const Buffer data = sample(size);
    const Outcome outcome = decompressed(compressed(data, GetParam()));
    EXPECT_EQ(outcome.damage, std::nullopt) << size;
    EXPECT_TRUE(outcome.data == data) << size;
  }
}

TEST_P(Decompress, TakesAnyPaceOnEitherSide) {
  const Buffer data = sample(20000);
  const Buffer packed = compressed(data, GetParam());
  for (const std::size_t in : Sizes{1, 3, 4096}) {
    for (const std::size_t out : Sizes{1, 7, 100000}) {
      const Outcome outcome = read_all(*decompress(std::make_unique<DribblingSource>(packed, in)), out);
      EXPECT_EQ(outcome.damage, std::nullopt) << in << ' ' << out;
      EXPECT_TRUE(outcome.data == data) << in << ' ' << out;
    }
  }
}

TEST_P(Decompress, ReadsAllOfSeveralMembers) {
  const Buffer first = sample(3000, 1);
  const Buffer second = sample(400000, 2);
  const Buffer packed = joined({compressed(first, GetParam()), compressed({}, GetParam()),
                                compressed(second, GetParam()), compressed({}, GetParam())});
  const Outcome outcome = decompressed(packed);
  EXPECT_EQ(outcome.damage, std::nullopt);
  EXPECT_TRUE(outcome.data == joined({first, second}));
  EXPECT_TRUE(read_all(*decompress(std::make_unique<DribblingSource>(packed)), 1000).data ==
              joined({first, second}));
}

TEST_P(Decompress, NoticesAMissingEndWhereverItIsTorn) {
  const Buffer first = sample(500, 1);
  const Buffer second = sample(1000, 2);
  const Buffer member = compressed(first, GetParam());
  const Buffer packed = joined({member, compressed(second, GetParam())});
  const Buffer whole = joined({first, second});
  for (std::size_t cut = 3; cut < packed.size(); ++cut) {
    const Outcome outcome = decompressed(Bytes(packed).first(cut));
    if (cut == member.size()) {
      EXPECT_EQ(outcome.damage, std::nullopt);
      EXPECT_TRUE(outcome.data == first);
      continue;
    }
    ASSERT_NE(outcome.damage, std::nullopt) << cut;
    ASSERT_TRUE(is_prefix(outcome.data, whole)) << cut;
    ASSERT_EQ(outcome.offset, outcome.data.size()) << cut;
    ASSERT_TRUE(cut < member.size() || outcome.data.size() >= first.size()) << cut;
  }
}

TEST_P(Decompress, SaysWhatIsMissing) {
  const Buffer packed = compressed(sample(1000), GetParam());
  const Outcome outcome = decompressed(Bytes(packed).first(packed.size() - 1));
  ASSERT_NE(outcome.damage, std::nullopt);
  EXPECT_EQ(*outcome.damage, "memory: byte " + std::to_string(outcome.data.size()) + ": the " +
                                 name_of(GetParam()) + " data ends before its end marker");
}

TEST_P(Decompress, NeverGivesOtherDataInSilenceWhenABitFlips) {
  const Buffer data = sample(300);
  const Buffer member = compressed(data, GetParam());
  const Buffer packed = joined({member, member});
  const Buffer whole = joined({data, data});
  for (std::size_t at = 0; at < packed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Buffer flipped = packed;
      flipped[at] ^= static_cast<std::byte>(1 << bit);
      const Outcome outcome = decompressed(flipped);
      if (at < magic_size(GetParam())) {
        ASSERT_TRUE(outcome.damage || outcome.data == flipped) << "no longer compressed: " << at;
      } else {
        ASSERT_TRUE(outcome.damage || outcome.data == whole) << at << " bit " << bit;
      }
    }
  }
}

TEST_P(Decompress, RefusesWhatFollowsTheEnd) {
  const Buffer data = sample(1000);
  const Buffer packed = compressed(data, GetParam());
  for (const std::size_t size : Sizes{1, 2, 3, 4, 8, 32, 512, 300000}) {
    for (const std::byte fill : {std::byte{0}, std::byte{'x'}, packed.front()}) {
      const Outcome outcome = decompressed(joined({packed, Buffer(size, fill)}));
      ASSERT_NE(outcome.damage, std::nullopt) << size;
      EXPECT_TRUE(outcome.data == data);
      EXPECT_THAT(*outcome.damage, HasSubstr("follows the end of the " + std::string(name_of(GetParam()))));
    }
  }
}

TEST_P(Decompress, RefusesAMemberOfAnotherFormat) {
  const Buffer packed = compressed(sample(1000), GetParam());
  const Compression other = GetParam() == Compression::gzip ? Compression::zstd : Compression::gzip;
  EXPECT_NE(decompressed(joined({packed, compressed(sample(10), other)})).damage, std::nullopt);
}

TEST_P(Decompress, DeliversWhatStandsBeforeTheDamage) {
  const Buffer data = sample(std::size_t{3} << 20);
  Buffer packed = compressed(data, GetParam());
  // Of a format made of blocks, the damaged one may be lost: 900 kB in bzip2, at most 256 KiB elsewhere.
  const std::size_t block = GetParam() == Compression::bzip2 ? 900000 : 256 * 1024;
  const std::size_t torn = packed.size() * 9 / 10;
  for (const bool cut : {true, false}) {
    Buffer broken = packed;
    if (cut) {
      broken.resize(torn);
    } else {
      std::fill_n(broken.begin() + static_cast<std::ptrdiff_t>(torn), 1000, std::byte{0xff});
    }
    const auto source = decompress(memory_source(broken));
    const Outcome outcome = read_all(*source);
    ASSERT_NE(outcome.damage, std::nullopt);
    EXPECT_GE(outcome.data.size() + block, data.size() / 10 * 9 - data.size() / 100);
    EXPECT_TRUE(!cut || is_prefix(outcome.data, data));
    std::byte one[1];
    EXPECT_THROW(source->read(one), FormatError) << "the damage stays";
  }
}

TEST_P(Decompress, DeliversWhatStandsBeforeAFailedRead) {
  const Buffer data = sample(300000);
  const Buffer packed = compressed(data, GetParam());
  const auto source = decompress(std::make_unique<DribblingSource>(packed, 100, EIO));
  Buffer got(data.size());
  std::size_t have = 0;
  while (have < got.size()) have += source->read(std::span(got).subspan(have));
  EXPECT_TRUE(got == data);
  try {
    source->read(got);
    FAIL() << "the error of the source was lost";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EIO);
  }
}

TEST_P(Decompress, TellsThePlaceInTheFileUnderneath) {
  const Buffer packed = compressed(sample(1000), GetParam());
  const auto source = decompress(memory_source(packed, "a name"));
  read_all(*source);
  EXPECT_EQ(source->name(), "a name");
  EXPECT_EQ(source->size(), packed.size());
  EXPECT_EQ(source->position(), packed.size());
}

TEST(PlainData, PassesUnchanged) {
  for (const std::size_t size : Sizes{0, 1, 2, 5, 6, 7, 100, 3000000}) {
    Buffer data = sample(size);
    if (size > 0) data[0] = std::byte{0xa1};
    for (const std::size_t step : Sizes{1, 4, 100000}) {
      if (size * 1000 / step > 1000000000) continue;
      const Outcome outcome = read_all(*decompress(memory_source(data)), step);
      EXPECT_EQ(outcome.damage, std::nullopt);
      EXPECT_TRUE(outcome.data == data) << size << ' ' << step;
    }
    EXPECT_TRUE(read_all(*decompress(std::make_unique<DribblingSource>(data, 4)), 50).data == data);
  }
}

TEST(PlainData, IsNotWaitedForOnceThereIsSome) {
  const Buffer data = sample(6);
  const auto source = decompress(std::make_unique<DribblingSource>(data, 6, EIO));
  Buffer chunk(100);
  EXPECT_EQ(source->read(chunk), 6U) << "more would have been an error";
}

TEST(Decompression, RefusesLegacyLz4ByName) {
  const auto outcome = decompressed(as_bytes(std::string_view("\x02\x21\x4c\x18 and so on")));
  EXPECT_THAT(outcome.damage.value_or(""), HasSubstr("legacy format of lz4"));
}

class Skippable : public testing::Test {
 protected:
  static Buffer frame(std::size_t size, char last_digit = '\x0') {
    Buffer bytes(8 + size, std::byte{'s'});
    const std::uint32_t words[] = {0x184d2a50U + static_cast<unsigned>(last_digit),
                                   static_cast<std::uint32_t>(size)};
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(words[i / 4] >> (i % 4 * 8));
    return bytes;
  }
  static bool has_them(Compression format) {
    return format == Compression::zstd || format == Compression::lz4;
  }
};

TEST_F(Skippable, FramesMayStandAnywhere) {
  const Buffer data = sample(1000);
  for (const Compression format : kFormats) {
    if (!has_them(format)) continue;
    const Buffer member = compressed(data, format);
    const Buffer packed = joined({frame(0), frame(300000, 15), member, frame(12, 3), member, frame(1)});
    EXPECT_EQ(decompressed(packed).damage, std::nullopt);
    EXPECT_TRUE(decompressed(packed).data == joined({data, data}));
    EXPECT_TRUE(read_all(*decompress(std::make_unique<DribblingSource>(packed))).data ==
                joined({data, data}));
  }
}

TEST_F(Skippable, FramesAreNoPartOfOtherFormats) {
  const Buffer packed = joined({compressed(sample(10), Compression::gzip), frame(4)});
  EXPECT_NE(decompressed(packed).damage, std::nullopt);
}

TEST_F(Skippable, FramesAloneAreEmptyAndTornOnesAreNot) {
  const Buffer packed = frame(20);
  EXPECT_EQ(decompressed(packed).damage, std::nullopt);
  EXPECT_TRUE(decompressed(packed).data.empty());
  for (std::size_t cut = 3; cut < packed.size(); ++cut) {
    EXPECT_NE(decompressed(Bytes(packed).first(cut)).damage, std::nullopt) << cut;
  }
  EXPECT_NE(decompressed(joined({packed, sample(100)})).damage, std::nullopt);
}

TEST(HostileHeader, ZstdWindowOfTwoGibibytesIsRefused) {
  // RFC 8878, section 3.1.1.1: no content size, window of 2^31, one empty last block.
  const std::string frame("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9);
  EXPECT_THAT(decompressed(as_bytes(frame)).damage.value_or(""), HasSubstr("more than 128 MiB"));
}

TEST(HostileHeader, GzipPresetsAndReservedFlagsAreRefused) {
  const std::string member("\x1f\x8b\x08\xe0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0", 20);
  EXPECT_THAT(decompressed(as_bytes(member)).damage.value_or(""), HasSubstr("gzip data is damaged"));
}

}  // namespace
}  // namespace pcapml
