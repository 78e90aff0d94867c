// SPDX-License-Identifier: Apache-2.0
#include "capture/wall_clock.h"

#include <ctime>

namespace pcapml {
namespace {

constexpr std::int64_t kStep = 1'000'000;

std::int64_t read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

WallClock::WallClock()
    : WallClock([] { return read_clock(CLOCK_BOOTTIME); }, [] { return read_clock(CLOCK_REALTIME); }) {}

WallClock::WallClock(Read boot_time, Read wall_time)
    : boot_time_(std::move(boot_time)), wall_time_(std::move(wall_time)), offset_ns_(measure()) {}

/// The shortest of a few looks, because one may be interrupted between the two clocks.
std::int64_t WallClock::measure() const {
  std::int64_t best = 0, shortest = -1;
  for (int i = 0; i < 5; ++i) {
    const std::int64_t before = boot_time_(), wall = wall_time_(), after = boot_time_();
    if (shortest >= 0 && after - before >= shortest) continue;
    shortest = after - before;
    best = wall - before - (after - before) / 2;
  }
  return best;
}

std::int64_t WallClock::check() {
  const std::int64_t moved = measure() - offset_ns_;
  if (moved > -kStep && moved < kStep) return 0;
  offset_ns_ += moved;
  return moved;
}

}  // namespace pcapml
