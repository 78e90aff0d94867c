// SPDX-License-Identifier: Apache-2.0
#include "io/interrupt.h"

#include <csignal>

#include "pcapml/error.h"

namespace pcapml {
namespace {

InterruptMark pending{0};
static_assert(InterruptMark::is_always_lock_free);
thread_local const InterruptMark* watched = nullptr;

void check(const InterruptMark& mark) {
  if (const int signal = mark.load(std::memory_order_relaxed); signal != 0) throw Interrupted(signal);
}

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
  check(pending);
  if (watched != nullptr) check(*watched);
}

void watch_interrupt(const InterruptMark* mark) noexcept { watched = mark; }

const InterruptMark* watched_interrupt() noexcept { return watched; }

}  // namespace pcapml
