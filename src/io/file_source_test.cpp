// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "io/file_descriptor.h"
#include "io/interrupt.h"
#include "io/test_streams.h"

namespace pcapml {
namespace {

using namespace test_streams;
using testing::HasSubstr;
using testing::StartsWith;

class OpenSource : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/source-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ / name; }

  std::string file(const std::string& name, Bytes content) const {
    std::ofstream(path(name), std::ios::binary) << as_text(content);
    return path(name);
  }

  static std::pair<int, std::string> error_of(const std::string& path) {
    try {
      const auto source = open_source(path);
      read_all(*source);
    } catch (const std::system_error& error) {
      return {error.code().value(), error.what()};
    }
    return {};
  }

  std::filesystem::path directory_;
};

/// Puts another file in the place of standard input while it lives.
class StandardInput {
 public:
  explicit StandardInput(int file) : before_(::dup(STDIN_FILENO)) { ::dup2(file, STDIN_FILENO); }
  ~StandardInput() { ::dup2(before_.get(), STDIN_FILENO); }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

 private:
  FileDescriptor before_;
};

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    out = FileDescriptor(ends[0]);
    in = FileDescriptor(ends[1]);
  }
  FileDescriptor out;
  FileDescriptor in;
};

TEST_F(OpenSource, ReadsAFileAndKnowsItsSize) {
  const Buffer data = sample(3000000);
  const auto source = open_source(file("plain", data));
  EXPECT_EQ(source->name(), path("plain"));
  EXPECT_EQ(source->size(), data.size());
  EXPECT_TRUE(read_all(*source).data == data);
  EXPECT_EQ(source->position(), data.size());
}

TEST_F(OpenSource, UndoesCompressionWhateverTheName) {
  const Buffer data = sample(3000000);
  for (const Compression format : kFormats) {
    EXPECT_TRUE(read_all(*open_source(file("capture.pcap", compressed(data, format)))).data == data);
  }
}

TEST_F(OpenSource, UndoesOneLayerOnly) {
  const Buffer inner = compressed(sample(100), Compression::gzip);
  const auto source = open_source(file("twice", compressed(inner, Compression::gzip)));
  EXPECT_TRUE(read_all(*source).data == inner);
}

TEST_F(OpenSource, NamesTheFileThatCannotBeRead) {
  const auto [missing, text] = error_of(path("missing"));
  EXPECT_EQ(missing, ENOENT);
  EXPECT_THAT(text, StartsWith(path("missing")));
  const auto [directory, directory_text] = error_of(directory_);
  EXPECT_EQ(directory, EISDIR);
  EXPECT_THAT(directory_text, HasSubstr("directory"));
}

TEST_F(OpenSource, TellsTheFileOfDamagedData) {
  Buffer packed = compressed(sample(1000), Compression::gzip);
  packed.pop_back();
  const Outcome outcome = read_all(*open_source(file("torn.gz", packed)));
  EXPECT_THAT(outcome.damage.value_or(""), StartsWith(path("torn.gz") + ": byte 1000: "));
}

TEST_F(OpenSource, ReadsAFifo) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const Buffer data = sample(1000000);
  std::thread writer([&] { std::ofstream(path("fifo"), std::ios::binary) << as_text(data); });
  const auto source = open_source(path("fifo"));
  EXPECT_EQ(source->size(), std::nullopt);
  EXPECT_TRUE(read_all(*source).data == data);
  EXPECT_EQ(source->position(), data.size());
  writer.join();
}

TEST_F(OpenSource, ReadsADevice) { EXPECT_TRUE(read_all(*open_source("/dev/null")).data.empty()); }

TEST_F(OpenSource, ReadsStandardInputFromWhereItStands) {
  const Buffer data = sample(1000);
  const FileDescriptor whole(::open(file("whole", data).c_str(), O_RDONLY));
  ASSERT_EQ(::lseek(whole.get(), 100, SEEK_SET), 100);
  const StandardInput input(whole.get());
  const auto source = open_source("-");
  EXPECT_EQ(source->name(), "standard input");
  EXPECT_EQ(source->size(), 900U);
  EXPECT_TRUE(read_all(*source).data == Buffer(data.begin() + 100, data.end()));
}

TEST_F(OpenSource, ReadsAPipeThatSomebodyMadeNonBlocking) {
  Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.out.get(), F_SETFL, O_NONBLOCK), 0);
  const StandardInput input(pipe.out.get());
  const Buffer data = compressed(sample(30000), Compression::gzip);
  std::thread writer([&] {
    for (std::size_t at = 0; at < data.size(); at += 10000) {
      const Bytes piece = Bytes(data).subspan(at, std::min<std::size_t>(10000, data.size() - at));
      EXPECT_EQ(::write(pipe.in.get(), piece.data(), piece.size()), static_cast<ssize_t>(piece.size()));
      std::this_thread::yield();
    }
    pipe.in.reset();
  });
  EXPECT_TRUE(read_all(*open_source("-")).data == sample(30000));
  writer.join();
}

TEST_F(OpenSource, DeliversWhatAPipeHasBeforeMoreComes) {
  Pipe pipe;
  const StandardInput input(pipe.out.get());
  ASSERT_EQ(::write(pipe.in.get(), "0123456789", 10), 10);
  const auto source = open_source("-");
  Buffer chunk(100);
  std::size_t have = 0;
  while (have < 10) have += source->read(std::span(chunk).subspan(have));
  EXPECT_EQ(as_text(Bytes(chunk).first(10)), "0123456789");
}

TEST_F(OpenSource, StopsWaitingWhenInterrupted) {
  Pipe pipe;
  const StandardInput input(pipe.out.get());
  std::thread interrupter([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    mark_interrupt(SIGINT);
  });
  EXPECT_THROW(read_all(*open_source("-")), Interrupted);
  interrupter.join();
  mark_interrupt(0);
}

TEST(MemorySource, GivesItsBytesOnce) {
  const Buffer data = sample(1000);
  const auto source = memory_source(data);
  EXPECT_EQ(source->name(), "memory");
  EXPECT_TRUE(read_all(*source, 300).data == data);
  EXPECT_EQ(source->position(), 1000U);
  EXPECT_EQ(source->size(), 1000U);
}

TEST(MemorySink, Appends) {
  Buffer into = sample(10);
  const auto sink = memory_sink(into);
  sink->write(sample(5));
  sink->write({});
  sink->finish();
  EXPECT_TRUE(into == joined({sample(10), sample(5)}));
}

}  // namespace
}  // namespace pcapml
