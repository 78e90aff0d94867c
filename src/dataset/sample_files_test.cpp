// SPDX-License-Identifier: Apache-2.0
#include "dataset/sample_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "io/file_descriptor.h"

namespace pcapml {
namespace {

class SampleFilesOnDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
    directory_ = FileDescriptor(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  void append(SampleFile& file, std::size_t size) {
    std::string bytes(size, static_cast<char>('a' + below(26)));
    std::copy_n(as_bytes(bytes).data(), size, file.append(size));
    wanted_[file.name()] += bytes;
  }

  void check() {
    for (const auto& [name, content] : wanted_) {
      std::ifstream file(path_ / name, std::ios::binary);
      ASSERT_TRUE(std::string(std::istreambuf_iterator<char>(file), {}) == content) << name;
    }
    const auto count = std::distance(std::filesystem::directory_iterator(path_), {});
    EXPECT_EQ(static_cast<std::size_t>(count), wanted_.size());
  }

  std::filesystem::path path_;
  FileDescriptor directory_;
  std::map<std::string, std::string> wanted_;
  std::mt19937_64 random_{5};
};

TEST_F(SampleFilesOnDisk, HoldWhatWasAppendedInItsOrderWhateverTheMemory) {
  for (int round = 0; round < 20; ++round) {
    SampleFiles files(directory_.get(), path_.string(), std::size_t{1} << (10 + below(12)));
    std::vector<SampleFile*> open;
    const std::string prefix = std::to_string(round) + "-";
    for (int i = 0; i < 3000; ++i) {
      if (below(200) == 0) {
        files.forget();
        open.clear();
      }
      if (open.empty() || below(20) == 0) {
        const std::string name = prefix + std::to_string(below(50));
        const auto same = [&](const SampleFile* file) { return file->name() == name; };
        if (std::none_of(open.begin(), open.end(), same)) open.push_back(&files.open(name));
      }
      append(*open[below(open.size())], below(300) == 0 ? below(20'000) : below(60));
      files.write_some();
    }
    files.finish();
  }
  check();
}

TEST_F(SampleFilesOnDisk, TakeMorePiecesThanOneSystemCallDoes) {
  SampleFiles files(directory_.get(), path_.string(), std::size_t{1} << 20);
  SampleFile &a = files.open("a"), &b = files.open("b");
  for (int i = 0; i < 5000; ++i) append(i % 2 == 0 ? a : b, 3);
  files.finish();
  check();
}

}  // namespace
}  // namespace pcapml
