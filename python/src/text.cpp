// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <charconv>
#include <cstdint>

#include "label/text.h"

namespace nb = nanobind;

namespace pcapml::python {

nb::str to_str(std::string_view text) {
  if (valid_utf8_prefix(text) == text.size()) return nb::str(text.data(), text.size());
  const std::string valid = to_utf8(text);
  return nb::str(valid.data(), valid.size());
}

std::string to_utf8(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string valid;
  while (true) {
    const std::size_t good = valid_utf8_prefix(text);
    valid += text.substr(0, good);
    if (good == text.size()) return valid;
    valid += kReplacement;
    text.remove_prefix(good + 1);
    // One replacement for a character that was cut.
    while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0) == 0x80) text.remove_prefix(1);
  }
}

nb::str to_path(std::string_view path) {
  PyObject* made = PyUnicode_DecodeFSDefaultAndSize(path.data(), static_cast<Py_ssize_t>(path.size()));
  if (made == nullptr) throw nb::python_error();
  return nb::steal<nb::str>(made);
}

nb::object to_sample_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc() && end == digits.data() + digits.size()) return nb::int_(number);
  return to_str(digits);
}

}  // namespace pcapml::python
