// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

namespace pcapml::python {

/// Keeps a second thread out of an object while the first works in it without the GIL. Made and dropped with
/// the GIL held; throws ValueError, as generators of Python do.
class Exclusive {
 public:
  explicit Exclusive(bool& busy) : busy_(busy) {
    if (busy_) throw nanobind::value_error("these packets are read by somebody else already");
    busy_ = true;
  }
  ~Exclusive() { busy_ = false; }
  Exclusive(const Exclusive&) = delete;
  Exclusive& operator=(const Exclusive&) = delete;

 private:
  bool& busy_;
};

}  // namespace pcapml::python
