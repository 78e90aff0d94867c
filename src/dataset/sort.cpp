// SPDX-License-Identifier: Apache-2.0
#include "pcapml/sort.h"

#include <fmt/format.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <utility>

#include "dataset/external_sorter.h"
#include "dataset/gather.h"
#include "dataset/joined_section.h"
#include "dataset/memory_cap.h"
#include "dataset/open_output.h"
#include "dataset/packet_index.h"
#include "io/read_ahead.h"
#include "label/packet_label.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

/// What reading and writing hold, whatever the size of the input.
constexpr std::size_t kStreams = std::size_t{10} << 20;
/// Of a larger file, more memory would have to be cleared than reading it again costs.
constexpr std::uint64_t kMostInMemory = std::uint64_t{512} << 20;

/// Distributes the entries by sample, in numeric order of the ids, keeping their order within each.
void by_sample(std::span<const IndexEntry> entries, const SampleIds& samples, std::span<IndexEntry> sorted) {
  const std::vector<std::uint32_t> ranks = samples.ranks();
  const auto rank = [&](const IndexEntry& entry) {
    return entry.sample == kNoSample ? ranks.size() : std::size_t{ranks[entry.sample]};
  };
  std::vector<std::size_t> places(ranks.size() + 2);
  for (const IndexEntry& entry : entries) ++places[rank(entry) + 1];
  for (std::size_t i = 1; i < places.size(); ++i) places[i] += places[i - 1];
  for (const IndexEntry& entry : entries) sorted[places[rank(entry)]++] = entry;
}

void sort_by_time_within_samples(std::span<IndexEntry> entries) {
  const auto earlier = [](const IndexEntry& a, const IndexEntry& b) {
    return a.timestamp_ns != b.timestamp_ns ? a.timestamp_ns < b.timestamp_ns : a.offset < b.offset;
  };
  for (auto begin = entries.begin(); begin != entries.end();) {
    const auto end =
        std::find_if(begin, entries.end(), [&](const IndexEntry& e) { return e.sample != begin->sample; });
    if (!std::is_sorted(begin, end, earlier)) std::sort(begin, end, earlier);
    begin = end;
  }
}

/// What one sort is told, with what it may use.
struct Job {
  const SortRequest& request;
  std::string directory;  // of temporary files
  std::size_t memory_bytes;
  OutputFile& output;
  SortResult result;
};

/// Sorts an index of the input, and reads the packets again in that order. False, with nothing written, where
/// index and windows of a sensible size do not fit into the memory.
bool sort_by_index(Job& job) {
  constexpr std::uint64_t kLeastWindow = std::uint64_t{16} << 20;
  // A window for each quarter of the input: each window may have to look at all of it. More, up to a point,
  // where that leaves as much for the index.
  const std::uint64_t input_bytes = std::filesystem::file_size(job.request.input);
  const std::uint64_t most = std::min<std::uint64_t>(kGatherBytes, job.memory_bytes / 2);
  const std::uint64_t window_bytes = std::min(input_bytes, std::max({kLeastWindow, input_bytes / 4, most}));
  if (job.memory_bytes < kStreams + window_bytes) return false;
  const std::uint64_t most_index_bytes = job.memory_bytes - kStreams - window_bytes;

  std::vector<std::unique_ptr<IndexedCapture>> inputs;
  inputs.push_back(
      std::make_unique<IndexedCapture>(job.request.input, job.request.input_options, job.directory));
  IndexedCapture& input = *inputs.front();
  Column<IndexEntry> entries;
  while (input.index_some(entries, 0)) {
    const std::uint64_t index_bytes =
        entries.size() * 2 * sizeof(IndexEntry) + input.samples().memory_bytes();
    const auto share =
        static_cast<double>(input.reader().source().position()) / static_cast<double>(input_bytes);
    const bool will_not_fit =
        share > 0.05 && static_cast<double>(index_bytes) / share > 2 * static_cast<double>(most_index_bytes);
    if (index_bytes > most_index_bytes || will_not_fit) return false;
  }
  const std::size_t packets = entries.size();
  const auto sorted = std::make_unique_for_overwrite<IndexEntry[]>(packets);
  by_sample(entries.all(), input.samples(), {sorted.get(), packets});
  entries.release();
  sort_by_time_within_samples({sorted.get(), packets});

  SortResult& result = job.result;
  PcapngWriter writer(job.output.stream());
  JoinedSection section(writer, {{input.reader(), input.blocks()}});
  section.begin(result.report.warnings);
  const auto write = [&](const IndexEntry& entry, Bytes bytes) {
    const PacketView& packet = input.reader().parse_again(bytes, entry.interface, entry.offset);
    section.packet(packet, 0, {{}, {}, packet.options.encoded()});
    result.unlabeled += entry.sample == kNoSample ? 1 : 0;
  };
  gather({sorted.get(), packets}, inputs, write, window_bytes, job.request.output_options.threads);
  section.end(result.report.warnings);
  result.packets = packets;
  result.samples = input.samples().size();
  input.input().add_to(result.report);
  return true;
}

constexpr std::uint64_t kUnlabeled = ~std::uint64_t{0};

SortKey key_of(const PacketView& packet) {
  const std::uint64_t time = static_cast<std::uint64_t>(packet.timestamp_ns) ^ std::uint64_t{1} << 63;
  const auto label = find_label(packet.options).label;
  if (!label) return {kUnlabeled, time};
  const std::string_view id = canonical_sample_id(label->sample_id);
  std::uint64_t number = 0;
  if (id.size() > std::numeric_limits<std::uint64_t>::digits10) return {SortKey::kByText, time, id};
  std::from_chars(id.data(), id.data() + id.size(), number);
  return {number, time};
}

/// What a packet writer appends becomes a record.
class RecordAppender final : public Appender {
 public:
  explicit RecordAppender(ExternalSorter& sorter) : sorter_(sorter) {}
  void begin(const SortKey& key) {
    falls_ += key.major < key_.major || (key.major == key_.major && key.minor < key_.minor) ? 1 : 0;
    key_ = key;
  }
  std::byte* append(std::size_t n) override { return sorter_.add(key_, n); }
  /// How often a packet belonged before the one that it came after.
  std::uint64_t falls() const { return falls_; }

 private:
  ExternalSorter& sorter_;
  SortKey key_;
  std::uint64_t falls_ = 0;
};

/// Reads the input once and makes its packets records, which are blocks of the output. False as soon as
/// `goes_on` says so, which is asked now and then.
template <class GoesOn>
bool sort_in(Job& job, CaptureInput& input, BlockSpool& blocks, RecordAppender& record, GoesOn goes_on) {
  constexpr std::uint64_t kSome = 4096;
  std::optional<PcapngWriter> writer;
  std::uint32_t first_interface = 0;
  while (const Record* next = input.next()) {
    switch (next->kind) {
      case Record::Kind::packet: {
        const PacketView& packet = next->packet;
        if (!writer) writer.emplace(record, input.reader().sections().front().order);
        record.begin(key_of(packet));
        write_transcoded(*writer, packet.interface, packet, {{}, {}, packet.options.encoded()});
        if (++job.result.packets % kSome == 0 && !goes_on()) return false;
        break;
      }
      case Record::Kind::section:
        first_interface = static_cast<std::uint32_t>(input.reader().interfaces().size());
        break;
      case Record::Kind::block: blocks.add(next->block, first_interface); break;
      case Record::Kind::interface: break;
    }
  }
  return true;
}

/// Counts the different keys of sorted records.
class SampleCounter {
 public:
  void add(const SortKey& key) {
    if (count_ > 0 && key.major == major_ && key.text == text_) return;
    ++count_;
    major_ = key.major;
    text_ = key.text;
  }
  std::uint64_t count() const { return count_; }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t major_ = 0;
  std::string text_;
};

/// Writes what was sorted.
void write_sorted(Job& job, CaptureInput& input, BlockSpool& blocks, ExternalSorter& sorter) {
  SortResult& result = job.result;
  PcapngWriter writer(job.output.stream());
  JoinedSection section(writer, {{input.reader(), blocks}});
  section.begin(result.report.warnings);
  SampleCounter samples;
  while (const ExternalSorter::Record* record = sorter.next()) {
    job.output.stream().write(record->content);
    if (record->key.major == kUnlabeled) {
      ++result.unlabeled;
    } else {
      samples.add(record->key);
    }
  }
  section.end(result.report.warnings);
  result.samples = samples.count();
  input.add_to(result.report);
}

/// Sorts a plain file as a whole. False, with nothing written, where it does not fit into the memory or where
/// its packets are in order but for few, so that little memory does.
bool sort_in_memory(Job& job) {
  const std::uint64_t input_bytes = std::filesystem::file_size(job.request.input);
  const std::size_t memory_bytes = job.memory_bytes - kStreams;
  if (input_bytes > std::min<std::uint64_t>(memory_bytes, kMostInMemory)) return false;
  const bool has_threads = job.request.output_options.threads != 1;
  auto source = open_source(job.request.input);
  if (has_threads) source = read_ahead(std::move(source));  // there is nothing else to do yet
  CaptureInput input(std::move(source), job.request.input_options);
  BlockSpool blocks(job.directory);
  ExternalSorter sorter(memory_bytes, job.directory);
  RecordAppender record(sorter);
  bool is_chosen = false;
  const auto goes_on = [&] {
    constexpr double kEnough = 0.02;
    const auto share =
        static_cast<double>(input.reader().source().position()) / static_cast<double>(input_bytes);
    if (share < kEnough) return true;
    if (!std::exchange(is_chosen, true)) {
      if (record.falls() < job.result.packets / 64) return false;
      if (has_threads) sorter.expect(input_bytes);
    }
    return static_cast<double>(sorter.held_bytes()) / share < static_cast<double>(memory_bytes);
  };
  if (!sort_in(job, input, blocks, record, goes_on) || sorter.has_spilled()) {
    job.result = {};
    return false;
  }
  write_sorted(job, input, blocks, sorter);
  return true;
}

void sort_externally(Job& job) {
  CaptureInput input(job.request.input, job.request.input_options);
  BlockSpool blocks(job.directory);
  ExternalSorter sorter(job.memory_bytes - kStreams, job.directory);
  RecordAppender record(sorter);
  sort_in(job, input, blocks, record, [] { return true; });
  write_sorted(job, input, blocks, sorter);
}

std::string in_megabytes(std::uint64_t bytes) { return fmt::format("{} MB", bytes / 1'000'000); }

/// Refuses what cannot end well, before the work: runs take as much room as the input, the output again.
void check_room(const Job& job) {
  const SortRequest& request = job.request;
  const std::uint64_t input_bytes = std::filesystem::file_size(request.input);
  const bool is_plain_output =
      job.output.is_regular() && compression_of_name(request.output) == Compression::none;
  const std::uint64_t output_bytes =
      is_plain_output && share_file_system(job.directory, temporary_directory(request.output)) ? input_bytes
                                                                                               : 0;
  const auto room = free_bytes(job.directory);
  if (!room || *room >= input_bytes + output_bytes) return;
  throw DataError(fmt::format(
      "{}: temporary files of {}{} have to lie there, but {} are free: free some, name another directory "
      "with "
      "--tmp, or allow more --memory than {}",
      job.directory, in_megabytes(input_bytes),
      output_bytes > 0 ? fmt::format(" and the output of {}", in_megabytes(output_bytes)) : std::string(),
      in_megabytes(*room), in_megabytes(job.memory_bytes)));
}

}  // namespace

SortResult sort(const SortRequest& request) {
  refuse_same_file(request.output, {request.input});
  const std::uint64_t memory_bytes = memory_cap(request.memory.bytes);
  OutputFile output = open_output(request.output, request.output_options);
  const std::string& wanted = request.memory.temporary_directory;
  Job job{request, wanted.empty() ? temporary_directory(request.output) : wanted, memory_bytes, output, {}};
  const bool is_plain = is_plain_capture(request.input);
  if (!is_plain || (!sort_in_memory(job) && !sort_by_index(job))) {
#ifdef __GLIBC__
    ::malloc_trim(0);  // what an index held that became too large
#endif
    if (is_plain) check_room(job);
    sort_externally(job);
  }
  output.commit();
  return std::move(job.result);
}

}  // namespace pcapml
