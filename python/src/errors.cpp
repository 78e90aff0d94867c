// SPDX-License-Identifier: Apache-2.0
#include "errors.h"

#include <nanobind/nanobind.h>

#include <new>
#include <system_error>

#include "pcapml/error.h"
#include "text.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

template <class... Args>
void raise(const char* type, const char* what, Args... args) {
  const nb::object error = nb::module_::import_("pcapml.errors").attr(type)(to_str(what), args...);
  PyErr_SetObject(error.type().ptr(), error.ptr());
}

void raise_os_error(const std::system_error& error) {
  // The subclass that fits errno (FileNotFoundError, say) is Python's choice.
  const nb::object made = nb::borrow(PyExc_OSError)(error.code().value(), to_str(error.what()));
  PyErr_SetObject(made.type().ptr(), made.ptr());
}

/// False where the exception is none of the core's.
bool translate(const std::exception_ptr& pointer) {
  try {
    std::rethrow_exception(pointer);
  } catch (const FormatError& error) {
    raise("FormatError", error.what(), to_path(error.path()), error.offset());
  } catch (const UsageError& error) {
    raise("UsageError", error.what());
  } catch (const DataError& error) {
    raise("DataError", error.what());
  } catch (const Interrupted&) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
  } catch (const std::system_error& error) {
    raise_os_error(error);
  } catch (...) {
    return false;
  }
  return true;
}

}  // namespace

void register_errors() {
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    if (!translate(pointer)) std::rethrow_exception(pointer);
  });
}

void set_python_error(const std::exception_ptr& pointer) noexcept {
  try {
    try {
      if (!translate(pointer)) std::rethrow_exception(pointer);
    } catch (nb::python_error& error) {
      error.restore();
    } catch (const std::bad_alloc&) {
      PyErr_NoMemory();
    } catch (const nb::builtin_exception& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const std::exception& error) {
      PyErr_SetString(PyExc_RuntimeError, error.what());
    }
  } catch (...) {
    PyErr_SetString(PyExc_SystemError, "an error could not be told");
  }
}

void check_signals() {
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

}  // namespace pcapml::python
