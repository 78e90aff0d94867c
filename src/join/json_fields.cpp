// SPDX-License-Identifier: Apache-2.0
#include "join/json_fields.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "join/bad_record.h"

namespace pcapml {

/// Keeps the path to where the parser is, and the values of wanted paths.
class JsonFields::Handler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Handler(JsonFields& into) : into_(into) {}

  bool null() override { return true; }
  bool boolean(bool value) override { return put(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return put(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return put(std::to_string(value)); }
  bool number_float(number_float_t /*value*/, const string_t& text) override { return put(text); }
  bool string(string_t& value) override { return put(value); }
  bool binary(binary_t& /*value*/) override { return true; }

  bool start_object(std::size_t /*elements*/) override {
    if (++depth_ == 1) is_object_ = true;
    if (arrays_ == 0) begins_.push_back(path_.size());
    return true;
  }
  bool end_object() override {
    --depth_;
    if (arrays_ > 0) return true;
    path_.resize(begins_.back());
    begins_.pop_back();
    return true;
  }
  // What is within an array is of no path.
  bool start_array(std::size_t /*elements*/) override {
    ++depth_;
    ++arrays_;
    return true;
  }
  bool end_array() override {
    --depth_;
    --arrays_;
    return true;
  }
  bool key(string_t& name) override {
    if (arrays_ > 0) return true;
    path_.resize(begins_.back());
    if (!path_.empty()) path_ += '.';
    path_ += name;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    error_position_ = position;
    return false;
  }

  bool is_object() const { return is_object_; }
  std::size_t error_position() const { return error_position_; }

 private:
  bool put(std::string_view value) {
    if (arrays_ > 0 || depth_ == 0) return true;
    for (std::size_t i = 0; i < into_.paths_.size(); ++i)
      if (!into_.paths_[i].empty() && into_.paths_[i] == path_) into_.values_[i] = value;
    return true;
  }

  JsonFields& into_;
  std::string path_;
  std::vector<std::size_t> begins_;  // of the path, for each object that is open
  std::size_t depth_ = 0, arrays_ = 0, error_position_ = 0;
  bool is_object_ = false;
};

void JsonFields::read(std::string_view text, std::uint64_t line) {
  for (std::string& value : values_) value.clear();
  Handler handler(*this);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &handler))
    throw BadRecord(line, fmt::format("column {}: no JSON", handler.error_position()));
  if (!handler.is_object()) throw BadRecord(line, "column 1: JSON, but no object");
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].size() > 65'535)
      throw BadRecord(line,
                      fmt::format("{}: {} bytes, which is more than 65535", paths_[i], values_[i].size()));
    if (values_[i].find('\0') != std::string::npos)
      throw BadRecord(line, fmt::format("{}: a NUL byte", paths_[i]));
  }
}

}  // namespace pcapml
