// SPDX-License-Identifier: Apache-2.0
#include "capture/live_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "format/pcapng_writer.h"
#include "pcapml/reader.h"

namespace pcapml {
namespace {

namespace fs = std::filesystem;

class LiveFileTest : public ::testing::Test {
 public:
  LiveFileTest() { fs::create_directories(directory_); }
  ~LiveFileTest() override { fs::remove_all(directory_); }

 protected:
  static LiveFile opened(const fs::path& path) {
    return {FileDescriptor(open(path.c_str(), O_WRONLY | O_CREAT, 0666)), path};
  }
  static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path directory_ = fs::temp_directory_path() / ("pcapml-live-file-" + std::to_string(getpid()));
  fs::path path_ = directory_ / "x.pcapng";
};

TEST_F(LiveFileTest, AnExistingFileIsReplacedOnlyAtBegin) {
  std::ofstream(path_) << "precious";
  { const LiveFile file = opened(path_); }
  EXPECT_EQ(content(path_), "precious");
  {
    LiveFile file = opened(path_);
    file.begin();
  }
  EXPECT_EQ(content(path_), "");
}

TEST_F(LiveFileTest, GoesOnInAnotherFile) {
  LiveFile file = opened(path_);
  file.begin();
  PcapngWriter(file).section(ByteOrder::little, {});
  const fs::path other = directory_ / "y.pcapng";
  file.go_on_in(FileDescriptor(open(other.c_str(), O_WRONLY | O_CREAT, 0666)), other);
  EXPECT_EQ(fs::file_size(path_), 28U);
  EXPECT_EQ(file.position(), 0U);
  PcapngWriter(file).section(ByteOrder::little, {});
  file.flush();
  EXPECT_EQ(content(path_), content(other));
}

TEST_F(LiveFileTest, OnAFullDiskWholeBlocksStay) {
  const fs::path disk = directory_ / "disk";
  fs::create_directories(disk);
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=16k") != 0)
    GTEST_SKIP() << "needs to mount a small tmpfs";
  {
    LiveFile file = opened(disk / "x.pcapng");
    file.begin();
    PcapngWriter writer(file);
    writer.section(ByteOrder::little, {});
    const std::vector<std::byte> body(1000);
    for (int i = 0; i < 100; ++i) writer.block(0x8000, body);
    EXPECT_THROW(file.flush(), std::system_error);
  }
  const auto size = fs::file_size(disk / "x.pcapng");
  EXPECT_GT(size, 8000U);
  EXPECT_EQ((size - 28) % 1012, 0U);
  umount(disk.c_str());
}

}  // namespace
}  // namespace pcapml
