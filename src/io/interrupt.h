// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <utility>

namespace pcapml {

/// From now on SIGINT and SIGTERM only leave a mark that check_interrupt() turns into an exception, so that
/// temporary files go the ordinary way. Blocking calls end with EINTR.
void handle_interrupts();

/// Throws Interrupted if SIGINT or SIGTERM arrived. Cheap enough for every read and write.
void check_interrupt();

/// Sets the mark itself; for callers that learn of an interrupt in another way. 0 clears it.
void mark_interrupt(int signal) noexcept;

/// The mark of one operation, for processes that run several: 0 or a signal.
using InterruptMark = std::atomic<int>;

/// From now on check_interrupt() on this thread also looks at `mark`, which outlives the thread or the next
/// call; nullptr ends that.
void watch_interrupt(const InterruptMark* mark) noexcept;
const InterruptMark* watched_interrupt() noexcept;

/// `work` for another thread, which then watches the mark that this one watches.
template <class Work>
auto watching(Work work) {
  return [mark = watched_interrupt(), work = std::move(work)]() mutable {
    watch_interrupt(mark);
    work();
  };
}

}  // namespace pcapml
