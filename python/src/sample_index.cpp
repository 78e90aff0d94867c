// SPDX-License-Identifier: Apache-2.0
#include "sample_index.h"

#include <fcntl.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "errors.h"
#include "format/block.h"
#include "format/format_reader.h"
#include "format/process_block.h"
#include "io/file_descriptor.h"
#include "label/packet_label.h"
#include "packets.h"
#include "pcapml/error.h"
#include "readers.h"
#include "text.h"

namespace nb = nanobind;

namespace pcapml::python {
namespace {

constexpr std::size_t kPacketsBetweenSignals = 100'000;

// What an index says is not believed: a block is at most this long (Reader::Format::kLongestRecord), and what
// describes the packets of a file fits memory.
constexpr std::uint64_t kLongestBlock = std::uint64_t{1} << 28;
constexpr std::uint64_t kMostDescription = std::uint64_t{1} << 30;

/// A piece of a file.
struct Extent {
  std::uint64_t offset = 0, size = 0;
};

/// Where a labelled packet lies.
struct PacketPlace {
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t interface = 0;  ///< among those of the file
  std::uint32_t sample = 0;     ///< in order of appearance
  std::uint32_t reserved = 0;
};
static_assert(sizeof(PacketPlace) == 24);

/// A capture that can be read at any place: regular and not compressed.
class PlainFile {
 public:
  explicit PlainFile(const std::string& path)
      : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (!file_) throw_errno(path, "open");
    struct stat status = {};
    if (::fstat(file_.get(), &status) != 0) throw_errno(path, "stat");
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
  bool is_capture() const {
    std::byte start[4];
    return ::pread(file_.get(), start, sizeof start, 0) == sizeof start && is_capture_magic(Bytes(start));
  }
  /// Appends the extent. Throws FormatError where the file is shorter.
  void read(Extent extent, std::vector<std::byte>& into) const {
    if (extent.offset > size_ || extent.size > size_ - extent.offset) fail_short(extent.offset);
    const std::size_t before = into.size();
    into.resize(before + extent.size);
    for (std::size_t done = 0; done < extent.size;) {
      const ssize_t n = ::pread(file_.get(), into.data() + before + done, extent.size - done,
                                static_cast<off_t>(extent.offset + done));
      if (n == 0) fail_short(extent.offset + done);
      if (n < 0 && errno != EINTR) throw_errno(path_, "read");
      if (n > 0) done += static_cast<std::size_t>(n);
    }
  }

 private:
  [[noreturn]] void fail_short(std::uint64_t offset) const {
    throw FormatError(path_, offset, "the file is shorter than the index of its samples says");
  }

  std::string path_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

/// The samples of a capture, and the parts of it that say how to read its packets: all that lies between
/// them, and of each section the packet that tells whether its timestamps are of the old form.
class SampleIndexer {
 public:
  SampleIndexer(const std::string& path, const StreamOptions& options)
      : reader_(open_reader(path, options.reader)), keep_damaged_(options.keep_damaged) {}

  /// Reads on for a while; false at the end.
  bool advance() {
    for (std::size_t n = 0; n < kPacketsBetweenSignals; ++n) {
      const Record* record = next();
      if (record == nullptr) return false;
      if (record->kind == Record::Kind::section) section_is_known_ = false;
      if (record->kind == Record::Kind::block) end_ = record->block.offset + record->block.body.size() + 12;
      if (record->kind == Record::Kind::packet) add(record->packet);
    }
    return true;
  }
  /// Blocks after the last packet, which may tell of processes.
  void finish() { describe_until(end_); }

  std::vector<PacketPlace> places;
  std::vector<Extent> description;
  std::optional<std::string> damage;  ///< with keep_damaged, what ended the reading
  nb::list sample_ids() const { return texts(ids_); }
  nb::list labels() const { return texts(labels_); }

 private:
  static nb::list texts(const std::vector<std::string>& all) {
    nb::list made;
    for (const std::string& text : all) made.append(to_str(text));
    return made;
  }

  const Record* next() {
    try {
      return reader_.next();
    } catch (const FormatError& error) {
      if (!keep_damaged_) throw;
      damage = error.what();
      return nullptr;
    }
  }

  void describe_until(std::uint64_t offset) {
    if (offset <= described_) return;
    if (!description.empty() && description.back().offset + description.back().size == described_) {
      description.back().size += offset - described_;
    } else {
      description.push_back({described_, offset - described_});
    }
    described_ = offset;
  }

  void add(const PacketView& packet) {
    describe_until(packet.offset);
    if (!section_is_known_ && packet.ticks != 0) {
      section_is_known_ = true;
      describe_until(packet.offset + packet.size);
    }
    described_ = packet.offset + packet.size;
    const auto label = find_label(packet.options).label;
    if (!label) return;
    const std::string id(canonical_sample_id(label->sample_id));
    const auto [at, is_new] = numbers_.try_emplace(id, static_cast<std::uint32_t>(ids_.size()));
    if (is_new) {
      std::string scratch;
      ids_.push_back(id);
      labels_.emplace_back(label_name(*label, scratch));
    }
    places.push_back({packet.offset, packet.size, packet.interface, at->second, 0});
  }

  Reader reader_;
  bool keep_damaged_;
  bool section_is_known_ = false;
  std::uint64_t described_ = 0, end_ = 0;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> ids_, labels_;
};

template <class T>
nb::bytes raw_bytes(const std::vector<T>& values) {
  return nb::bytes(values.data(), values.size() * sizeof(T));
}

std::string path_of(const nb::bytes& path) { return {path.c_str(), path.size()}; }

/// `(places, description, sample ids, labels, damage or None)`: two arrays as bytes, two lists.
nb::tuple index_samples(const nb::bytes& path, const std::string& on_error,
                        const std::string& legacy_timestamps) {
  const std::string name = path_of(path);
  if (!PlainFile(name).is_capture())
    throw UsageError(name + ": samples are found again only in a pcap or pcapng file that is not compressed");
  SampleIndexer indexer(name, options_of(on_error, legacy_timestamps));
  bool more = true;
  while (more) {
    check_signals();
    const nb::gil_scoped_release unlocked;
    more = indexer.advance();
  }
  indexer.finish();
  return nb::make_tuple(raw_bytes(indexer.places), raw_bytes(indexer.description), indexer.sample_ids(),
                        indexer.labels(), indexer.damage ? nb::object(to_str(*indexer.damage)) : nb::none());
}

/// Reads packets at their places. Used by one thread at a time, as the GIL makes it.
class StoredPackets {
 public:
  StoredPackets(const std::string& path, const std::string& session, const std::string& legacy_timestamps,
                const std::vector<Extent>& description)
      : plain_(path),
        file_(std::make_shared<CaptureFile>(path, session)),
        description_(read_description(description)),
        reader_(memory_source(description_, path), options_of("raise", legacy_timestamps).reader) {
    while (const Record* record = reader_.next()) {
      if (record->kind != Record::Kind::block || record->block.type != kCustom) continue;
      if (auto info = parse_process_block(record->block.body, record->block.order))
        file_->add_process(static_cast<std::uint32_t>(reader_.sections().size() - 1), *std::move(info));
    }
  }

  Packets read(const std::vector<PacketPlace>& places) {
    auto batch = std::make_shared<PacketBatch>(file_);
    for (const PacketPlace& place : places) {
      if (place.interface >= reader_.interfaces().size() || place.size > kLongestBlock)
        throw FormatError(file_->path(), place.offset, "the index of its samples is not that of this file");
      block_.clear();
      plain_.read({place.offset, place.size}, block_);
      const PacketView& packet = reader_.parse_again(block_, place.interface, place.offset);
      batch->add(packet, reader_.interfaces()[packet.interface]);
    }
    return Packets(std::move(batch));
  }

 private:
  std::vector<std::byte> read_description(const std::vector<Extent>& extents) const {
    std::vector<std::byte> bytes;
    for (const Extent& extent : extents) {
      if (extent.size > kMostDescription - bytes.size())
        throw FormatError(file_->path(), extent.offset, "the index of its samples is not that of this file");
      plain_.read(extent, bytes);
    }
    return bytes;
  }

  PlainFile plain_;
  std::shared_ptr<CaptureFile> file_;
  std::vector<std::byte> description_;  // the reader borrows it
  Reader reader_;
  std::vector<std::byte> block_;
};

template <class T>
std::vector<T> values_of(const nb::bytes& raw) {
  if (raw.size() % sizeof(T) != 0) throw nb::value_error("not an array of this kind");
  std::vector<T> values(raw.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), raw.c_str(), raw.size());
  return values;
}

}  // namespace

void bind_sample_index(nb::module_& module) {
  module.def("index_samples", index_samples, nb::arg("path"), nb::arg("on_error"),
             nb::arg("legacy_timestamps"));
  nb::class_<StoredPackets>(module, "StoredPackets")
      .def(
          "__init__",
          [](StoredPackets* self, const nb::bytes& path, const nb::bytes& session,
             const std::string& legacy_timestamps, const nb::bytes& description) {
            new (self) StoredPackets(path_of(path), path_of(session), legacy_timestamps,
                                     values_of<Extent>(description));
          },
          nb::arg("path"), nb::arg("session"), nb::arg("legacy_timestamps"), nb::arg("description"))
      .def(
          "read",
          [](StoredPackets& self, const nb::bytes& places) {
            return self.read(values_of<PacketPlace>(places));
          },
          nb::arg("places"));
}

}  // namespace pcapml::python
