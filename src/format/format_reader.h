// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include "format/input_buffer.h"
#include "pcapml/error.h"
#include "pcapml/reader.h"

namespace pcapml {

/// What the readers of both formats share; one record at a time lives in record_.
class Reader::Format {
 public:
  explicit Format(InputBuffer input) : input_(std::move(input)) {}
  virtual ~Format() = default;

  virtual const Record* next() = 0;
  virtual FileFormat format() const = 0;

  const Source& source() const { return input_.source(); }
  const std::vector<Section>& sections() const { return sections_; }
  const std::vector<Interface>& interfaces() const { return interfaces_; }
  const ReadCounters& counters() const { return counters_; }

 protected:
  [[noreturn]] void fail(std::uint64_t offset, const std::string& reason) const {
    throw FormatError(input_.source().name(), offset, reason);
  }
  [[noreturn]] void fail_truncated(std::uint64_t offset, const char* what, std::uint64_t need, std::uint64_t have) const {
    fail(offset, fmt::format("the file ends inside {} ({} of {} bytes); {} packets before it are whole", what, have,
                             need, counters_.packets));
  }

  InputBuffer input_;
  Record record_;
  std::vector<Section> sections_;
  std::vector<Interface> interfaces_;
  ReadCounters counters_;
};

bool is_pcap_magic(std::uint32_t magic_little_endian);
std::unique_ptr<Reader::Format> make_pcap_reader(InputBuffer input);
std::unique_ptr<Reader::Format> make_pcapng_reader(InputBuffer input, const ReaderOptions& options);

}  // namespace pcapml
