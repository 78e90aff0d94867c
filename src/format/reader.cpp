// SPDX-License-Identifier: Apache-2.0
#include "pcapml/reader.h"

#include <fmt/format.h>

#include "format/block.h"
#include "format/format_reader.h"
#include "pcapml/cursor.h"

namespace pcapml {

bool is_capture_magic(Bytes start) {
  Cursor cursor(start, ByteOrder::little);
  const std::uint32_t magic = cursor.u32();
  return cursor.ok() && (magic == kSectionHeader || is_pcap_magic(magic));
}

namespace {

std::unique_ptr<Reader::Format> detect(std::unique_ptr<Source> source, const ReaderOptions& options) {
  InputBuffer input(std::move(source));
  const Bytes head = input.peek(4);
  const std::string name = input.source().name();
  if (head.empty()) throw FormatError(name, 0, "the file is empty; a pcap or pcapng file was expected");
  if (head.size() < 4)
    throw FormatError(name, 0, fmt::format("neither pcap nor pcapng (it has only {} bytes)", head.size()));
  const std::uint32_t magic = Cursor(head).le32();
  if (magic == kSectionHeader) return make_pcapng_reader(std::move(input), options);
  if (is_pcap_magic(magic)) return make_pcap_reader(std::move(input));
  throw FormatError(name, 0,
                    fmt::format("neither pcap nor pcapng (it begins with {:#010x})", Cursor(head).be32()));
}

}  // namespace

void Reader::Format::fail(std::uint64_t offset, const std::string& reason) const {
  const std::string& name = input_.source().name();
  const std::uint64_t good = counters_.packets;
  if (good == 0) throw FormatError(name, offset, reason);
  throw FormatError(
      name, offset,
      fmt::format("{}; {} before it {} good (--salvage keeps what can be read)", reason,
                  good == 1 ? "1 packet" : fmt::format("{} packets", good), good == 1 ? "is" : "are"));
}

void Reader::Format::fail_truncated(std::uint64_t offset, const std::string& what, std::uint64_t need,
                                    std::uint64_t have) const {
  fail(offset, fmt::format("the file ends inside {} ({} of {} bytes)", what, have, need));
}

void Reader::Format::fail_changed(std::uint64_t offset) const {
  throw FormatError(input_.source().name(), offset,
                    "the packet here is not the one that was read before; the file "
                    "was changed meanwhile");
}

void Reader::Format::count_kept(std::size_t bytes, std::uint64_t offset) {
  constexpr std::size_t kMost = std::size_t{1} << 28;
  kept_ += bytes;
  if (kept_ > kMost)
    fail(offset, fmt::format("{} sections and {} interfaces are more than any capture has", sections_.size(),
                             interfaces_.size()));
}

void Reader::Format::add_section(Section section) {
  count_kept(sizeof section + section.options.size(), section.offset);
  sections_.push_back(std::move(section));
}

void Reader::Format::add_interface(Interface interface, std::uint64_t offset) {
  count_kept(sizeof interface + interface.options.size(), offset);
  interfaces_.push_back(std::move(interface));
}

Reader::Reader(std::unique_ptr<Source> source, ReaderOptions options)
    : format_(detect(std::move(source), options)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

const Record* Reader::next() { return format_->next(); }
const PacketView& Reader::parse_again(Bytes bytes, std::uint32_t interface, std::uint64_t offset) {
  return format_->parse_again(bytes, interface, offset);
}
FileFormat Reader::format() const { return format_->format(); }
const Source& Reader::source() const { return format_->source(); }
const std::vector<Section>& Reader::sections() const { return format_->sections(); }
const std::vector<Interface>& Reader::interfaces() const { return format_->interfaces(); }
const ReadCounters& Reader::counters() const { return format_->counters(); }

Reader open_reader(const std::string& path, ReaderOptions options) {
  return Reader(open_source(path), options);
}

}  // namespace pcapml
