// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>

namespace pcapml::python {

/// Makes every exception of the core the Python exception that pcapml.errors names. Call once, in the module.
void register_errors();

/// Sets Python's error to what the exception says; for slots, which nanobind does not guard. Needs the GIL.
void set_python_error(const std::exception_ptr& error) noexcept;

/// Throws nb::python_error if a signal handler of Python raised. Needs the GIL.
void check_signals();

}  // namespace pcapml::python
