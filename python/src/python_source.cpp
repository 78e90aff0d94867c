// SPDX-License-Identifier: Apache-2.0
#include "python_source.h"

#include <algorithm>
#include <cstring>

namespace nb = nanobind;

namespace pcapml::python {
namespace {

class StreamSource final : public Source {
 public:
  StreamSource(std::shared_ptr<PythonStream> stream, std::string name)
      : stream_(std::move(stream)), name_(std::move(name)) {}

  std::size_t read(std::span<std::byte> into) override {
    const nb::gil_scoped_acquire gil;
    const nb::object got = stream_->object().attr("read")(into.size());
    Py_buffer view;
    if (PyObject_GetBuffer(got.ptr(), &view, PyBUF_SIMPLE) != 0) {
      PyErr_Format(PyExc_TypeError, "read() of a binary stream has to give bytes, not %s",
                   Py_TYPE(got.ptr())->tp_name);
      throw nb::python_error();
    }
    const auto size = static_cast<std::size_t>(view.len);
    if (size != 0 && size <= into.size()) std::memcpy(into.data(), view.buf, size);
    PyBuffer_Release(&view);
    if (size > into.size()) throw nb::value_error("read(n) gave more than n bytes");
    position_ += size;
    return size;
  }

  const std::string& name() const override { return name_; }
  std::uint64_t position() const override { return position_; }

 private:
  std::shared_ptr<PythonStream> stream_;
  std::string name_;
  std::uint64_t position_ = 0;
};

}  // namespace

std::unique_ptr<Source> read_stream(std::shared_ptr<PythonStream> stream, std::string name) {
  return std::make_unique<StreamSource>(std::move(stream), std::move(name));
}

}  // namespace pcapml::python
