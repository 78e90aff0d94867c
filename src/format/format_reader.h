// SPDX-License-Identifier: Apache-2.0
#pragma once

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
  virtual const PacketView& parse_again(Bytes bytes, std::uint32_t interface, std::uint64_t offset) = 0;
  virtual FileFormat format() const = 0;

  const Source& source() const { return input_.source(); }
  const std::vector<Section>& sections() const { return sections_; }
  const std::vector<Interface>& interfaces() const { return interfaces_; }
  const ReadCounters& counters() const { return counters_; }

 protected:
  /// Everything longer is taken for damage, so that no length in a file makes memory explode, not even in
  /// compressed data that unpacks without end. Other programs stop at 16 MiB or less.
  static constexpr std::uint32_t kLongestRecord = std::uint32_t{1} << 28;

  [[noreturn]] void fail(std::uint64_t offset, const std::string& reason) const;
  [[noreturn]] void fail_truncated(std::uint64_t offset, const std::string& what, std::uint64_t need,
                                   std::uint64_t have) const;
  /// For parse_again: these bytes are not the packet that was read before.
  [[noreturn]] void fail_changed(std::uint64_t offset) const;
  /// Adds what the file describes once and readers keep; fails where that has no end.
  void add_section(Section section);
  void add_interface(Interface interface, std::uint64_t offset);

  InputBuffer input_;
  Record record_;
  std::vector<Section> sections_;
  std::vector<Interface> interfaces_;
  ReadCounters counters_;

 private:
  void count_kept(std::size_t bytes, std::uint64_t offset);
  std::size_t kept_ = 0;
};

bool is_pcap_magic(std::uint32_t magic_little_endian);
/// Whether a file that begins with these bytes is a pcap or pcapng file.
bool is_capture_magic(Bytes start);
std::unique_ptr<Reader::Format> make_pcap_reader(InputBuffer input);
std::unique_ptr<Reader::Format> make_pcapng_reader(InputBuffer input, const ReaderOptions& options);

}  // namespace pcapml
