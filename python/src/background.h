// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <exception>
#include <functional>
#include <optional>

#include "pcapml/dataset.h"

namespace pcapml::python {

/// How far the work is; written by its thread, read by the one that waits.
class SharedProgress final : public Progress {
 public:
  void update(std::uint64_t done, std::optional<std::uint64_t> total, std::uint64_t packets) override {
    done_.store(done, std::memory_order_relaxed);
    total_.store(total.value_or(kUnknown), std::memory_order_relaxed);
    packets_.store(packets, std::memory_order_relaxed);
  }
  /// Calls `callback(done, total or None, packets)`. Needs the GIL.
  void tell(const nanobind::object& callback) const;

 private:
  static constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
  std::atomic<std::uint64_t> done_ = 0, total_ = kUnknown, packets_ = 0;
};

/// Does the work on a thread of its own, without the GIL, while this one lets signals through and calls
/// `callback` (or None) now and then. A signal or a callback that raises interrupts the work, which then
/// leaves nothing behind, and what was raised is thrown. Call with the GIL.
void run_in_background(const std::function<void()>& work, const SharedProgress& progress,
                       const nanobind::object& callback);

}  // namespace pcapml::python
