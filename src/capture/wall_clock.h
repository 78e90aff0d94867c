// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace pcapml {

/// Turns CLOCK_BOOTTIME into time since the epoch. The offset is that of the last check; a step of the wall
/// clock moves it only then, so that flows keep the offset that they began with.
class WallClock {
 public:
  using Read = std::function<std::int64_t()>;  ///< nanoseconds
  WallClock();
  WallClock(Read boot_time, Read wall_time);

  std::int64_t offset_ns() const { return offset_ns_; }
  std::int64_t boot_time_ns() const { return boot_time_(); }
  /// Takes a step above 1 ms over; how far it went, or 0.
  std::int64_t check();

 private:
  std::int64_t measure() const;

  Read boot_time_, wall_time_;
  std::int64_t offset_ns_;
};

}  // namespace pcapml
