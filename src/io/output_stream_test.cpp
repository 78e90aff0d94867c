// SPDX-License-Identifier: Apache-2.0
#include "io/output_stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <random>

#include "io/interrupt.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

using Owned = std::vector<std::byte>;
using Threading = OutputStream::Threading;

constexpr std::size_t kMiB = std::size_t{1} << 20;

class Output : public testing::TestWithParam<Threading> {};
INSTANTIATE_TEST_SUITE_P(BothWays, Output, testing::Values(Threading::none, Threading::background));

/// Takes `good` writes, then fails for good; `calls` and `finished` outlive it.
class FailingSink final : public Sink {
 public:
  FailingSink(int good, std::atomic<int>& calls, bool fail_at_finish = false)
      : good_(good), calls_(calls), fail_at_finish_(fail_at_finish) {}
  void write(Bytes) override {
    if (calls_++ >= good_) throw_errno("sink", "write", ENOSPC);
  }
  void finish() override {
    if (fail_at_finish_) throw_errno("sink", "finish", EIO);
  }

 private:
  int good_;
  std::atomic<int>& calls_;
  bool fail_at_finish_;
};

TEST_P(Output, WritesAllBytesInOrderWhateverTheirSizes) {
  std::minstd_rand random(7);
  Owned expected;
  Owned result;
  OutputStream out(memory_sink(result), GetParam());
  const std::size_t sizes[] = {0, 1, 7, 1500, kMiB - 1, kMiB, kMiB + 1, 3 * kMiB, 0, 5};
  for (int round = 0; round < 4; ++round) {
    for (const std::size_t size : sizes) {
      Owned piece(size);
      for (auto& byte : piece) byte = static_cast<std::byte>(random() >> 8);
      if (round % 2 == 0)
        out.write(piece);
      else
        std::copy(piece.begin(), piece.end(), out.append(size));
      expected.insert(expected.end(), piece.begin(), piece.end());
      ASSERT_EQ(out.position(), expected.size());
    }
  }
  out.finish();
  EXPECT_TRUE(result == expected);
}

TEST_P(Output, NothingWrittenIsNothingWritten) {
  Owned result;
  OutputStream out(memory_sink(result), GetParam());
  out.finish();
  EXPECT_TRUE(result.empty());
  EXPECT_EQ(out.position(), 0u);
}

TEST_P(Output, AFailureAtAnyWriteIsToldAtTheLatestAtTheEnd) {
  const Owned piece(kMiB / 4);
  for (int good = 0; good <= 6; ++good) {
    std::atomic<int> calls = 0;
    OutputStream out(std::make_unique<FailingSink>(good, calls), GetParam());
    const auto all = [&] {
      for (int i = 0; i < 26; ++i) out.write(piece);  // 6.5 MiB: seven writes
      out.finish();
    };
    try {
      all();
      FAIL() << good;
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::no_space_on_device);
    }
    EXPECT_EQ(calls, good + 1) << "nothing more is tried after the failure";
  }
}

TEST_P(Output, AStreamThatFailedCanBeUsedAndFailsAgain) {
  const Owned piece(kMiB / 2);
  std::atomic<int> calls = 0;
  OutputStream out(std::make_unique<FailingSink>(0, calls), GetParam());
  int failures = 0;
  for (int i = 0; i < 40; ++i) {
    try {
      std::fill_n(out.append(piece.size()), piece.size(), std::byte{1});
    } catch (const std::system_error&) {
      ++failures;
    }
  }
  EXPECT_GT(failures, 1);
  EXPECT_THROW(out.finish(), std::system_error);
}

TEST_P(Output, AFailureToFinishIsTold) {
  std::atomic<int> calls = 0;
  OutputStream out(std::make_unique<FailingSink>(100, calls, true), GetParam());
  out.write(Owned(10));
  EXPECT_THROW(out.finish(), std::system_error);
}

TEST_P(Output, WithoutAFinishTheRestIsDropped) {
  std::atomic<int> calls = 0;
  {
    OutputStream out(std::make_unique<FailingSink>(100, calls), GetParam());
    out.write(Owned(10));
  }
  EXPECT_EQ(calls, 0);
}

TEST_P(Output, AnInterruptEndsTheWorkAtTheNextFullBuffer) {
  Owned result;
  OutputStream out(memory_sink(result), GetParam());
  out.write(Owned(kMiB));
  mark_interrupt(SIGTERM);
  EXPECT_THROW(out.write(Owned(1)), Interrupted);
  mark_interrupt(0);
}

TEST(OutputStream, ASmallOutputIsOneWrite) {
  std::atomic<int> calls = 0;
  OutputStream out(std::make_unique<FailingSink>(100, calls), Threading::background);
  for (int i = 0; i < 1000; ++i) out.write(Owned(100));
  out.finish();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace pcapml
