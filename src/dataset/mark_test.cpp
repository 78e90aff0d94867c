// SPDX-License-Identifier: Apache-2.0
#include "pcapml/mark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "pcapml/error.h"
#include "pcapml/rules.h"

namespace pcapml {
namespace {

using testing::HasSubstr;

class Mark : public testing::Test {
 protected:
  Mark() {
    std::string name = (std::filesystem::temp_directory_path() / "pcapml-mark-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    path_ = (directory_ / "marks.csv").string();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  MarkResult begin(const std::string& label, std::int64_t now_ns) {
    return mark({.output = path_, .label = label}, [now_ns] { return now_ns; });
  }
  MarkResult stop(std::int64_t now_ns) {
    return mark({.output = path_, .label = "", .stop = true}, [now_ns] { return now_ns; });
  }
  std::string text() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }

  std::filesystem::path directory_;
  std::string path_;
};

constexpr std::int64_t kNow = 1'764'364'000'000'000'000;

TEST_F(Mark, EachActivityEndsWhereTheNextBegins) {
  EXPECT_FALSE(begin("one", kNow).ended);
  const MarkResult second = begin("two, \"quoted\"", kNow + 5);
  ASSERT_TRUE(second.ended && second.begun);
  EXPECT_EQ(second.ended->label, "one");
  EXPECT_EQ(second.ended->start_ns, kNow);
  stop(kNow + 9);
  EXPECT_EQ(text(),
            "TS_START:1764364000.000000000|TS_END:1764364000.000000004,one\n"
            "TS_START:1764364000.000000005|TS_END:1764364000.000000009,\"two, \"\"quoted\"\"\"\n");
}

TEST_F(Mark, WhatGoesOnHasAWindowWithoutAnEnd) {
  begin("one", 5);
  const auto rules = parse_rules(text(), path_);
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].start_ns, 5);
  EXPECT_EQ(rules[0].end_ns, std::numeric_limits<std::int64_t>::max());
  begin("two", 5);
  EXPECT_EQ(parse_rules(text(), path_)[0].end_ns, 5);
}

TEST_F(Mark, LeavesEverythingElseOfTheFile) {
  write("# notes\nBPF:udp|TS_START:1|TS_END:9223372036.854775807,mine");
  begin("a", kNow);
  EXPECT_EQ(text(),
            "# notes\nBPF:udp|TS_START:1|TS_END:1764363999.999999999,mine\n"
            "TS_START:1764364000.000000000|TS_END:9223372036.854775807,a\n");
  write("TS_START:1,open\n");
  EXPECT_THROW(stop(kNow), DataError);
  begin("b", kNow);
  EXPECT_THAT(text(), HasSubstr("TS_START:1,open\nTS_START:1764364000.000000000|"));
}

TEST_F(Mark, RefusesAFileThatIsNoLabelFile) {
  for (const std::string& content : {std::string("some,table\n"), std::string("\0\0\0", 3)}) {
    write(content);
    EXPECT_THROW(begin("a", kNow), DataError);
    EXPECT_EQ(text(), content);
  }
  std::filesystem::resize_file(path_, std::uintmax_t{1} << 40);
  EXPECT_THROW(begin("a", kNow), DataError);
  EXPECT_THROW(mark({.output = directory_.string(), .label = "a"}, [] { return kNow; }), std::system_error);
  EXPECT_THROW(mark({.output = "/dev/null", .label = "a"}, [] { return kNow; }), UsageError);
  EXPECT_THROW(mark({.output = "-", .label = "a"}, [] { return kNow; }), UsageError);
}

TEST_F(Mark, RefusesLabelsThatNoRuleHas) {
  for (const std::string label : {"", "  ", "a\nb", "a\rb", "\xFF", "<unlabeled>"})
    EXPECT_THROW(begin(label, kNow), UsageError) << label;
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Mark, RefusesToEndWhatBeganLater) {
  begin("a", kNow);
  const std::string before = text();
  for (const std::int64_t now : {kNow - 1, std::int64_t{-1}}) {
    EXPECT_THROW(begin("b", now), DataError);
    EXPECT_THROW(stop(now), DataError);
  }
  EXPECT_EQ(text(), before);
}

TEST_F(Mark, NothingIsLostAtOnce) {
  std::atomic<std::int64_t> now{kNow};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int n = 0; n < 25; ++n)
        mark({.output = path_, .label = std::to_string(100 * i + n)}, [&] { return now += 10; });
    });
  for (std::thread& thread : threads) thread.join();
  const auto rules = parse_rules(text(), path_);
  ASSERT_EQ(rules.size(), 200U);
  for (std::size_t i = 0; i + 1 < rules.size(); ++i) EXPECT_EQ(rules[i].end_ns + 1, rules[i + 1].start_ns);
}

TEST_F(Mark, AFullDiskLeavesTheFileAsItWas) {
  begin("a", kNow);
  const std::string before = text();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit limit{before.size() + 5, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_THROW(begin("b", kNow + 5), std::system_error);
  ::setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_EQ(text(), before);
}

}  // namespace
}  // namespace pcapml
