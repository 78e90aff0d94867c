// SPDX-License-Identifier: Apache-2.0
#include "capture/output_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "pcapml/error.h"

namespace pcapml {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

FilePlan plan_of(const std::string& path, std::uint64_t bytes = 0, std::size_t seconds = 0) {
  FilePlan plan;
  plan.path = path;
  plan.file_bytes = bytes;
  plan.file_seconds = seconds;
  return plan;
}

TEST(FileName, IsThePathWhereNothingRotates) {
  EXPECT_EQ(file_name(plan_of("a/x-%Y.pcapng"), 1, 0), "a/x-%Y.pcapng");
}

TEST(FileName, HasTheNumberBeforeTheEnding) {
  EXPECT_EQ(file_name(plan_of("x.pcapng", 1), 1, 0), "x_00001.pcapng");
  EXPECT_EQ(file_name(plan_of("x.pcapng", 0, 60), 42, 0), "x_00042.pcapng");
  EXPECT_EQ(file_name(plan_of("x-%Y.pcapng", 1), 2, 0), "x-%Y_00002.pcapng");  // no -G, no time
  EXPECT_EQ(numbered("a.b/x", 7), "a.b/x_00007");
  EXPECT_EQ(numbered("a/.x", 7), "a/.x_00007");
  EXPECT_EQ(numbered("x.y.z", 123456), "x.y_123456.z");
}

TEST(FileName, HasTheTimeWhereItAsksForIt) {
  const std::time_t noon = 1'700'000'000;
  char wanted[64];
  std::tm local{};
  localtime_r(&noon, &local);
  ASSERT_GT(std::strftime(wanted, sizeof wanted, "x-%Y%m%d-%H%M%S.pcapng", &local), 0U);
  EXPECT_EQ(file_name(plan_of("x-%Y%m%d-%H%M%S.pcapng", 0, 60), 3, noon), wanted);
  EXPECT_THROW(file_name(plan_of(std::string(5000, 'x') + "%Y", 0, 60), 1, noon), UsageError);
}

class OutputFilesTest : public ::testing::Test {
 public:
  OutputFilesTest() { fs::create_directories(directory_); }
  ~OutputFilesTest() override { fs::remove_all(directory_); }

 protected:
  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory_)) found.push_back(entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
  }
  /// Opens so many, and how they are called.
  static std::vector<std::string> open(OutputFiles& files, int count) {
    std::vector<std::string> opened;
    opened.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) opened.push_back(fs::path(files.open_next().name).filename());
    return opened;
  }

  fs::path directory_ = fs::temp_directory_path() / ("pcapml-output-files-" + std::to_string(getpid()));
  fs::path path_ = directory_ / "x.pcapng";
};

TEST_F(OutputFilesTest, TheFirstFileStaysAsItWasUntilTheCaptureBegins) {
  write(path_, "precious");
  { OutputFiles(plan_of(path_)).open_next(); }
  EXPECT_EQ(content(path_), "precious");
}

TEST_F(OutputFilesTest, TheFirstFileGoesAgainWhereTheCaptureDidNotBegin) {
  { OutputFiles(plan_of(path_)).open_next(); }
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(OutputFilesTest, LaterFilesAreEmptyWhateverWasThere) {
  write(directory_ / "x_00001.pcapng", "old");
  write(directory_ / "x_00002.pcapng", "old");
  OutputFiles files(plan_of(path_, 1));
  files.open_next();
  files.begin();
  EXPECT_EQ(content(directory_ / "x_00001.pcapng"), "old");  // emptied by who writes it
  files.open_next();
  EXPECT_EQ(content(directory_ / "x_00002.pcapng"), "");
}

TEST_F(OutputFilesTest, AFileThatCannotBeMadeIsNamed) {
  OutputFiles files(plan_of(directory_ / "missing" / "x"));
  try {
    files.open_next();
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_NE(std::string(error.what()).find("missing/x"), std::string::npos);
  }
}

TEST_F(OutputFilesTest, TheOldestGo) {
  FilePlan plan = plan_of(path_, 1);
  plan.keep = 2;
  OutputFiles files(plan);
  open(files, 1);
  files.begin();
  open(files, 4);
  EXPECT_THAT(names(), ElementsAre("x_00004.pcapng", "x_00005.pcapng"));
}

TEST_F(OutputFilesTest, FilesOfTheSameNameAreNumbered) {
  OutputFiles files(plan_of(directory_ / "%%.pcapng", 0, 1));
  EXPECT_THAT(open(files, 3), ElementsAre("%.pcapng", "%_00001.pcapng", "%_00002.pcapng"));
  files.begin();
}

TEST_F(OutputFilesTest, NumbersOfTheSameNameGoOnWhereTheOldestGo) {
  FilePlan plan = plan_of(directory_ / "%%.pcapng", 0, 1);
  plan.keep = 2;
  OutputFiles files(plan);
  open(files, 1);
  files.begin();
  EXPECT_THAT(open(files, 4),
              ElementsAre("%_00001.pcapng", "%_00002.pcapng", "%_00003.pcapng", "%_00004.pcapng"));
  EXPECT_THAT(names(), ElementsAre("%_00003.pcapng", "%_00004.pcapng"));
}

TEST_F(OutputFilesTest, TheCommandRunsOnceForEachCompleteFile) {
  FilePlan plan = plan_of(directory_ / "it's $HOME & \"more\"; x", 1);
  const fs::path list = directory_ / "list";
  plan.after = "echo >>'" + list.string() + "'";
  OutputFiles files(plan);
  const std::string first = files.open_next().name;
  files.begin();
  const std::string second = files.open_next().name;
  EXPECT_EQ(files.finish(), 0U);
  std::ifstream file(list);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  EXPECT_THAT(lines, UnorderedElementsAre(first, second));
}

TEST_F(OutputFilesTest, CommandsThatFailAreCounted) {
  FilePlan plan = plan_of(path_, 1);
  plan.after = "test -n '' -a";
  OutputFiles files(plan);
  open(files, 1);
  files.begin();
  open(files, 2);
  EXPECT_EQ(files.finish(), 3U);
}

TEST_F(OutputFilesTest, NoCommandRunsWhereTheCaptureDidNotBegin) {
  FilePlan plan = plan_of(path_);
  plan.after = "false";
  OutputFiles files(plan);
  open(files, 1);
  EXPECT_EQ(files.finish(), 0U);
}

TEST_F(OutputFilesTest, WhatIsNoFileIsNotRemoved) {
  { OutputFiles(plan_of("/dev/null")).open_next(); }
  EXPECT_TRUE(fs::exists("/dev/null"));
}

}  // namespace
}  // namespace pcapml
