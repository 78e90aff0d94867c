// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>

#include "pcapml/source.h"

namespace pcapml::python {

/// A Python object with read(), which may be dropped without the GIL.
class PythonStream {
 public:
  explicit PythonStream(nanobind::object object) : object_(std::move(object)) {}
  ~PythonStream() {
    const nanobind::gil_scoped_acquire gil;
    object_.reset();
  }
  PythonStream(const PythonStream&) = delete;
  PythonStream& operator=(const PythonStream&) = delete;

  const nanobind::object& object() const { return object_; }

 private:
  nanobind::object object_;
};

/// Reads by the object's read(n); takes the GIL for each call. What read() raises comes out as
/// nb::python_error.
std::unique_ptr<Source> read_stream(std::shared_ptr<PythonStream> stream, std::string name);

}  // namespace pcapml::python
