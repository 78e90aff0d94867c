// SPDX-License-Identifier: Apache-2.0
#include "io/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "io/file_descriptor.h"
#include "io/interrupt.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OutputFiles : public testing::Test {
 protected:
  OutputFiles() {
    std::string name = (fs::temp_directory_path() / "pcapml-output-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw_errno(name, "create");
    directory = name;
  }
  ~OutputFiles() override {
    std::error_code ignored;
    fs::permissions(directory, fs::perms::owner_all, ignored);
    fs::remove_all(directory, ignored);
  }

  std::string path(const std::string& name) const { return (directory / name).string(); }
  void put(const std::string& name, std::string_view text) const { std::ofstream(path(name)) << text; }
  std::string text(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// All names in the directory, hidden ones included.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory))
      found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }
  mode_t mode(const std::string& name) const {
    struct stat s = {};
    EXPECT_EQ(::stat(path(name).c_str(), &s), 0);
    return s.st_mode & 07777;
  }
  static void write(OutputFile& file, std::string_view what) { file.stream().write(as_bytes(what)); }
  static std::string error_of(const std::string& output) {
    try {
      OutputFile file(output);
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "none";
  }

  fs::path directory;
};

using Names = std::vector<std::string>;

/// No file of this process may grow beyond 1 MiB.
class SmallFiles {
 public:
  SmallFiles() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{1 << 20, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    std::signal(SIGXFSZ, SIG_IGN);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  rlimit before_{};
};

TEST_F(OutputFiles, AFileAppearsOnlyWhenItIsComplete) {
  OutputFile file(path("out"));
  EXPECT_TRUE(file.is_regular());
  write(file, "hello");
  write(file, std::string(5 << 20, 'x'));
  EXPECT_FALSE(fs::exists(path("out")));
  file.commit();
  EXPECT_EQ(text("out"), "hello" + std::string(5 << 20, 'x'));
  EXPECT_EQ(names(), Names{"out"});
}

TEST_F(OutputFiles, AFailureLeavesNothingAndAnExistingFileAsItWas) {
  put("old", "as it was");
  for (const char* name : {"old", "new"}) {
    OutputFile file(path(name));
    write(file, std::string(5 << 20, 'x'));
  }
  EXPECT_EQ(names(), Names{"old"});
  EXPECT_EQ(text("old"), "as it was");
}

TEST_F(OutputFiles, AnExistingFileIsReplacedAsAWhole) {
  put("old", "a longer text than the new one");
  const FileDescriptor reading(::open(path("old").c_str(), O_RDONLY));
  OutputFile file(path("old"), Sync::yes);
  write(file, "new");
  EXPECT_EQ(text("old"), "a longer text than the new one");
  file.commit();
  EXPECT_EQ(text("old"), "new");
  EXPECT_EQ(names(), Names{"old"});
  char first = 0;
  EXPECT_EQ(::read(reading.get(), &first, 1), 1);
  EXPECT_EQ(first, 'a') << "who has the old one open keeps it";
}

TEST_F(OutputFiles, ModesComeFromTheUmaskOrTheOldFile) {
  const mode_t before = ::umask(027);
  OutputFile fresh(path("fresh"));
  fresh.commit();
  EXPECT_EQ(mode("fresh"), 0640u);
  put("old", "");
  for (const mode_t kept : {0600U, 0666U, 0444U | 0200U}) {
    ASSERT_EQ(::chmod(path("old").c_str(), kept), 0);
    OutputFile file(path("old"));
    file.commit();
    EXPECT_EQ(mode("old"), kept);
  }
  ::umask(before);
}

TEST_F(OutputFiles, LinksStayAndTheirFileIsReplaced) {
  fs::create_directory(path("elsewhere"));
  put("elsewhere/file", "old");
  fs::create_symlink("elsewhere/file", path("link"));
  OutputFile file(path("link"));
  write(file, "new");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(text("elsewhere/file"), "new");
  EXPECT_EQ(names(), (Names{"elsewhere", "link"}));

  fs::create_symlink("nowhere", path("dangling"));
  EXPECT_THAT(error_of(path("dangling")), HasSubstr("leads nowhere"));
  fs::create_symlink("loop", path("loop"));
  EXPECT_THAT(error_of(path("loop")), HasSubstr("symbolic links"));
}

TEST_F(OutputFiles, WhatCannotBecomeAFileIsRefusedAtOnce) {
  EXPECT_THAT(error_of(path("missing/out")), HasSubstr("its directory does not exist"));
  put("file", "");
  EXPECT_THAT(error_of(path("file/out")), HasSubstr("Not a directory"));
  EXPECT_THAT(error_of(directory.string()), HasSubstr("Is a directory"));
  EXPECT_THAT(error_of(""), HasSubstr("without a name"));
  EXPECT_THAT(error_of(path(std::string(256, 'x'))), HasSubstr("File name too long"));
  if (::geteuid() != 0) {
    fs::permissions(path("file"), fs::perms::owner_read);
    EXPECT_THAT(error_of(path("file")), HasSubstr("Permission denied"));
    fs::permissions(directory, fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_THAT(error_of(path("new")), HasSubstr("Permission denied"));
  }
}

TEST_F(OutputFiles, TheLongestNameThatADirectoryTakesWorks) {
  const std::string longest(255, 'x');
  for (int i = 0; i < 2; ++i) {  // the second time it replaces the first
    OutputFile file(path(longest));
    write(file, "text");
    file.commit();
  }
  EXPECT_EQ(names(), Names{longest});
}

TEST_F(OutputFiles, ARelativePathWithoutADirectoryWorks) {
  const fs::path before = fs::current_path();
  fs::current_path(directory);
  OutputFile file("plain", Sync::yes);
  file.commit();
  fs::current_path(before);
  EXPECT_EQ(names(), Names{"plain"});
}

TEST_F(OutputFiles, AFullDeviceIsAnError) {
  OutputFile file("/dev/full");
  EXPECT_FALSE(file.is_regular());
  write(file, "text");
  try {
    file.commit();
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_space_on_device);
    EXPECT_THAT(error.what(), HasSubstr("/dev/full: cannot write"));
  }
}

TEST_F(OutputFiles, ADiskThatTakesNoMoreLeavesNothing) {
  const SmallFiles limit;
  put("old", "as it was");
  {
    OutputFile file(path("old"));
    EXPECT_THROW(
        {
          write(file, std::string(4 << 20, 'x'));
          file.commit();
        },
        std::system_error);
  }
  EXPECT_EQ(names(), Names{"old"});
  EXPECT_EQ(text("old"), "as it was");
}

TEST_F(OutputFiles, DevicesAndPipesAreWrittenDirectly) {
  OutputFile null("/dev/null", Sync::yes);
  write(null, "text");
  null.commit();
  EXPECT_TRUE(fs::is_character_file("/dev/null"));

  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = text("pipe"); });
  {
    OutputFile file(path("pipe"));
    EXPECT_FALSE(file.is_regular());
    write(file, "through the pipe");
    file.commit();
  }
  reader.join();
  EXPECT_EQ(received, "through the pipe");
  EXPECT_EQ(names(), Names{"pipe"});
}

TEST_F(OutputFiles, APipeUnderTheNameOfADescriptorIsWrittenDirectly) {
  int ends[2];  // as of >(...) in a shell, or /dev/stdout before a |
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  OutputFile file(fmt::format("/dev/fd/{}", ends[1]));
  EXPECT_FALSE(file.is_regular());
  write(file, "text");
  file.commit();
  char received[8] = {};
  EXPECT_EQ(::read(reading.get(), received, sizeof received), 4);
  EXPECT_STREQ(received, "text");
}

TEST_F(OutputFiles, AFullPipeThatDoesNotBlockIsWaitedFor) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  std::size_t received = 0;
  std::thread reader([&] {
    std::vector<char> buffer(1 << 16);
    while (true) {
      const ssize_t n = ::read(reading.get(), buffer.data(), buffer.size());
      if (n == 0) break;
      if (n > 0) received += static_cast<std::size_t>(n);
    }
  });
  descriptor_sink(writing.get(), "pipe")->write(as_bytes(std::string(3 << 20, 'x')));
  writing.reset();
  reader.join();
  EXPECT_EQ(received, std::size_t{3} << 20);
}

TEST_F(OutputFiles, AnInterruptBeforeTheEndLeavesNothing) {
  OutputFile file(path("out"));
  write(file, "text");
  mark_interrupt(SIGINT);
  EXPECT_THROW(file.commit(), Interrupted);
  mark_interrupt(0);
  EXPECT_EQ(names(), Names{});
}

TEST_F(OutputFiles, TheNameDecidesTheCompression) {
  OutputFile file(path("out.gz"));
  write(file, "text");
  file.commit();
  EXPECT_TRUE(text("out.gz").starts_with("\x1f\x8b"));
}

TEST_F(OutputFiles, OutputOverInputIsRefusedThroughAnyLink) {
  put("in", "data");
  put("other", "data");
  fs::create_symlink("in", path("symbolic"));
  fs::create_hard_link(path("in"), path("hard"));
  for (const char* name : {"in", "symbolic", "hard", "./in"}) {
    EXPECT_THROW(refuse_same_file(path(name), {path("other"), path("in")}), UsageError) << name;
    EXPECT_THROW(refuse_same_file(path("in"), {path(name)}), UsageError) << name;
  }
  EXPECT_NO_THROW(refuse_same_file(path("other"), {path("in"), path("missing")}));
  EXPECT_NO_THROW(refuse_same_file(path("new"), {path("in")}));
  EXPECT_NO_THROW(refuse_same_file("/dev/null", {"/dev/null"}));
}

}  // namespace
}  // namespace pcapml
