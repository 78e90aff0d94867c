// SPDX-License-Identifier: Apache-2.0
#include "io/interrupt.h"

#include <atomic>
#include <csignal>

#include "pcapml/error.h"

namespace pcapml {
namespace {

std::atomic<int> pending{0};
static_assert(std::atomic<int>::is_always_lock_free);

}  // namespace

void mark_interrupt(int signal) noexcept { pending.store(signal, std::memory_order_relaxed); }

void handle_interrupts() {
  struct sigaction action = {};
  action.sa_handler = mark_interrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // no SA_RESTART: a blocked read has to return
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

void check_interrupt() {
  if (const int signal = pending.load(std::memory_order_relaxed); signal != 0) throw Interrupted(signal);
}

}  // namespace pcapml
