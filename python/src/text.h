// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <string_view>

namespace pcapml::python {

/// Text of a file as Python's str; what is not UTF-8 becomes U+FFFD. Needs the GIL.
nanobind::str to_str(std::string_view text);

/// The same as bytes of UTF-8.
std::string to_utf8(std::string_view text);

/// A file name as os.fsdecode gives it. Needs the GIL.
nanobind::str to_path(std::string_view path);

/// An int where the digits fit 64 bits, else the digits themselves. Needs the GIL.
nanobind::object to_sample_number(std::string_view digits);

}  // namespace pcapml::python
