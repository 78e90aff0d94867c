// SPDX-License-Identifier: Apache-2.0
#include "pcapml/reader.h"

#include "format/block.h"
#include "format/format_reader.h"
#include "pcapml/cursor.h"

namespace pcapml {
namespace {

std::unique_ptr<Reader::Format> detect(std::unique_ptr<Source> source, const ReaderOptions& options) {
  InputBuffer input(std::move(source));
  Cursor start(input.peek(4), ByteOrder::little);
  const std::uint32_t magic = start.u32();
  if (start.ok() && magic == kSectionHeader) return make_pcapng_reader(std::move(input), options);
  if (start.ok() && is_pcap_magic(magic)) return make_pcap_reader(std::move(input));
  const std::string name = input.source().name();
  if (input.peek(1).empty()) throw FormatError(name, 0, "the file is empty; a pcap or pcapng file was expected");
  throw FormatError(name, 0, fmt::format("neither pcap nor pcapng (it begins with {:#010x})", __builtin_bswap32(magic)));
}

}  // namespace

Reader::Reader(std::unique_ptr<Source> source, ReaderOptions options)
    : format_(detect(std::move(source), options)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

const Record* Reader::next() { return format_->next(); }
FileFormat Reader::format() const { return format_->format(); }
const Source& Reader::source() const { return format_->source(); }
const std::vector<Section>& Reader::sections() const { return format_->sections(); }
const std::vector<Interface>& Reader::interfaces() const { return format_->interfaces(); }
const ReadCounters& Reader::counters() const { return format_->counters(); }

Reader open_reader(const std::string& path, ReaderOptions options) { return Reader(open_source(path), options); }

}  // namespace pcapml
