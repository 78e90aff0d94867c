// SPDX-License-Identifier: Apache-2.0
#include "io/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "io/worker_thread.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

bool is_interrupted() {
  try {
    check_interrupt();
    return false;
  } catch (const Interrupted&) {
    return true;
  }
}

/// This thread watches a mark of its own, for the length of a test.
class Interrupt : public testing::Test {
 protected:
  Interrupt() { watch_interrupt(&mark_); }
  ~Interrupt() override { watch_interrupt(nullptr); }

  InterruptMark mark_ = 0;
};

TEST_F(Interrupt, EndsTheOperationThatIsMarked) {
  EXPECT_FALSE(is_interrupted());
  mark_ = SIGINT;
  EXPECT_TRUE(is_interrupted());
}

TEST_F(Interrupt, LeavesOtherOperationsAlone) {
  mark_ = SIGINT;
  bool interrupted = true;
  std::thread([&] { interrupted = is_interrupted(); }).join();
  EXPECT_FALSE(interrupted);
}

TEST_F(Interrupt, ReachesTheWorkersOfAnOperation) {
  mark_ = SIGINT;
  bool interrupted = false;
  start_worker([&] { interrupted = is_interrupted(); }).join();
  EXPECT_TRUE(interrupted);
}

}  // namespace
}  // namespace pcapml
