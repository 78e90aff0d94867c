// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "io/test_streams.h"

namespace pcapml {
namespace {

using namespace test_streams;

class Compress : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(Formats, Compress, testing::ValuesIn(kFormats), format_name);

/// Takes `room` bytes, then its disk is full.
class FullSink final : public Sink {
 public:
  FullSink(Buffer& into, std::size_t room) : into_(into), room_(room) {}
  void write(Bytes bytes) override {
    if (into_.size() + bytes.size() > room_) throw_errno("full", "write", ENOSPC);
    into_.insert(into_.end(), bytes.begin(), bytes.end());
  }

 private:
  Buffer& into_;
  std::size_t room_;
};

int error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return 0;
}

TEST(CompressionOfName, GoesByTheLastEnding) {
  EXPECT_EQ(compression_of_name("a.pcap"), Compression::none);
  EXPECT_EQ(compression_of_name("a.gz.pcap"), Compression::none);
  EXPECT_EQ(compression_of_name("-"), Compression::none);
  EXPECT_EQ(compression_of_name(""), Compression::none);
  EXPECT_EQ(compression_of_name("a.pcap.gz"), Compression::gzip);
  EXPECT_EQ(compression_of_name("a.pcapng.zst"), Compression::zstd);
  EXPECT_EQ(compression_of_name("a.xz"), Compression::xz);
  EXPECT_EQ(compression_of_name("a.lz4"), Compression::lz4);
  EXPECT_EQ(compression_of_name("a.bz2"), Compression::bzip2);
}

TEST(Compression, PlainDataPassesUnchanged) {
  const Buffer data = sample(1000);
  EXPECT_TRUE(compressed(data, Compression::none) == data);
}

TEST_P(Compress, TakesDataInPiecesOfAnySize) {
  const Buffer data = sample(100000);
  for (const std::size_t step : Sizes{1, 333, 70000}) {
    Buffer packed;
    const auto sink = compress(memory_sink(packed), GetParam());
    for (std::size_t at = 0; at < data.size(); at += step) {
      sink->write(Bytes(data).subspan(at, std::min(step, data.size() - at)));
      sink->write({});
    }
    sink->finish();
    EXPECT_TRUE(decompressed(packed).data == data) << step;
  }
}

TEST_P(Compress, MakesTheSameBytesWithAnyNumberOfThreads) {
  const Buffer data = sample((std::size_t{9} << 20) + 5);
  const auto packed = [&](unsigned threads, std::size_t step) {
    Buffer bytes;
    const auto sink = compress(memory_sink(bytes), GetParam(), threads);
    for (std::size_t at = 0; at < data.size(); at += step)
      sink->write(Bytes(data).subspan(at, std::min(step, data.size() - at)));
    sink->finish();
    return bytes;
  };
  const Buffer one = packed(1, std::size_t{1} << 20);
  EXPECT_TRUE(packed(2, std::size_t{1} << 20) == one);
  EXPECT_TRUE(packed(5, 999'983) == one);
  EXPECT_TRUE(decompressed(one).data == data);
}

TEST_P(Compress, EndsItsThreadsWhereItIsNotFinished) {
  Buffer packed;
  const auto sink = compress(memory_sink(packed), GetParam(), 3);
  sink->write(sample((std::size_t{4} << 20) + 1));
}

TEST_P(Compress, MakesAnEmptyStreamOfNothing) {
  Buffer packed;
  compress(memory_sink(packed), GetParam())->finish();
  EXPECT_FALSE(packed.empty());
  EXPECT_EQ(decompressed(packed).damage, std::nullopt);
  EXPECT_TRUE(decompressed(packed).data.empty());
}

TEST_P(Compress, WritesNoEndUnlessFinished) {
  Buffer packed;
  {
    const auto sink = compress(memory_sink(packed), GetParam());
    sink->write(sample(std::size_t{4} << 20));
  }
  EXPECT_TRUE(packed.empty() || decompressed(packed).damage);
}

TEST_P(Compress, PassesOnTheErrorOfTheSink) {
  Buffer packed;
  const auto sink = compress(std::make_unique<FullSink>(packed, 1000000), GetParam());
  const Buffer data = sample(std::size_t{4} << 20);
  EXPECT_EQ(error_of([&] {
              sink->write(data);
              sink->finish();
            }),
            ENOSPC);
  EXPECT_EQ(error_of([&] { sink->write(data); }), ENOSPC);
  EXPECT_EQ(error_of([&] { sink->finish(); }), ENOSPC) << "an end marker would hide the hole";
  EXPECT_LE(packed.size(), 1000000U);
}

TEST_P(Compress, PassesOnTheErrorOfTheSinkAtTheEnd) {
  Buffer packed;
  const auto sink = compress(std::make_unique<FullSink>(packed, 0), GetParam());
  sink->write(sample(10));
  EXPECT_EQ(error_of([&] { sink->finish(); }), ENOSPC);
}

/// Files in a directory of their own, and the command line tools that other people use.
class Tools : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/tools-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static bool supported(Compression format) {
    return std::find(std::begin(kFormats), std::end(kFormats), format) != std::end(kFormats);
  }
  static bool exists(const std::string& tool) {
    return std::system(("command -v " + tool + " >/dev/null").c_str()) == 0;
  }

  /// What `command` makes of `input`.
  std::optional<Buffer> filter(const std::string& command, Bytes input) const {
    std::ofstream(directory_ / "in", std::ios::binary) << as_text(input);
    const std::string run =
        command + " < '" + (directory_ / "in").string() + "' > '" + (directory_ / "out").string() + "'";
    if (std::system(run.c_str()) != 0) return std::nullopt;
    std::ifstream file(directory_ / "out", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return Buffer(as_bytes(text).begin(), as_bytes(text).end());
  }

  std::filesystem::path directory_;
};

TEST_F(Tools, ReadWhatIsWritten) {
  constexpr std::pair<Compression, const char*> kTools[] = {{Compression::gzip, "gzip"},
                                                            {Compression::zstd, "zstd"},
                                                            {Compression::xz, "xz"},
                                                            {Compression::lz4, "lz4"},
                                                            {Compression::bzip2, "bzip2"}};
  bool tried = false;
  for (const auto& [format, tool] : kTools) {
    if (!supported(format) || !exists(tool)) continue;
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{1} << 20}) {
      const Buffer data = sample(size);
      EXPECT_EQ(filter(std::string(tool) + " -dc", compressed(data, format)), data) << tool << ' ' << size;
    }
    tried = true;
  }
  if (!tried) GTEST_SKIP() << "none of the tools is installed";
}

TEST_F(Tools, WriteWhatIsRead) {
  constexpr std::pair<Compression, const char*> kCommands[] = {
      {Compression::gzip, "gzip -1"},
      {Compression::gzip, "gzip -9"},
      {Compression::zstd, "zstd -q -1"},
      {Compression::zstd, "zstd -q -19 --long=27"},
      {Compression::zstd, "zstd -q -T2 --no-check"},
      {Compression::zstd, "zstd -q --rsyncable"},
      {Compression::xz, "xz -0 --check=crc32"},
      {Compression::xz, "xz -3 --check=sha256"},
      {Compression::xz, "xz -1 --check=none"},
      {Compression::xz, "xz -9"},
      {Compression::xz, "xz -T2 -1 --block-size=100000"},
      {Compression::xz, "xz --x86 --lzma2=preset=1"},
      {Compression::lz4, "lz4 -q -1"},
      {Compression::lz4, "lz4 -q -9 -B4 -BD -BX"},
      {Compression::lz4, "lz4 -q --no-frame-crc"},
      {Compression::lz4, "lz4 -q -B7 --content-size"},
      {Compression::bzip2, "bzip2 -1"},
      {Compression::bzip2, "bzip2 -9"}};
  bool tried = false;
  for (const auto& [format, command] : kCommands) {
    const std::string text = command;
    if (!supported(format) || !exists(text.substr(0, text.find(' ')))) continue;
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{1} << 20}) {
      const Buffer data = sample(size);
      const auto packed = filter(text + " -c", data);
      ASSERT_TRUE(packed) << command;
      const Outcome outcome = read_all(*decompress(memory_source(*packed)), 5000);
      EXPECT_EQ(outcome.damage, std::nullopt) << command << ' ' << size;
      EXPECT_TRUE(outcome.data == data) << command << ' ' << size;
    }
    tried = true;
  }
  if (!tried) GTEST_SKIP() << "none of the tools is installed";
}

}  // namespace
}  // namespace pcapml
