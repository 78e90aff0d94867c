// SPDX-License-Identifier: Apache-2.0
#include "dataset/external_sorter.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "dataset/extent_reader.h"
#include "dataset/loser_tree.h"
#include "dataset/radix_sort.h"
#include "io/worker_thread.h"

namespace pcapml {
namespace {

/// A run is read in pieces of at least this size; where memory has room for fewer, some are merged first.
constexpr std::size_t kLeastPiece = std::size_t{16} << 10;

/// A run of which nothing was merged yet has at least this size, where memory allows it.
constexpr std::size_t kRun = std::size_t{4} << 20;

/// What stands before the text and the content of a record, in memory and in the file.
struct Header {
  std::uint64_t major;
  std::uint64_t minor;
  std::uint32_t text_size;
  std::uint32_t size;

  std::size_t record_size() const {
    return (sizeof(Header) + std::size_t{text_size} + size + (alignof(Header) - 1)) / alignof(Header) *
           alignof(Header);
  }
};

Header header_at(const std::byte* record) {
  Header header;
  std::memcpy(&header, record, sizeof header);
  return header;
}

ExternalSorter::Record record_at(const std::byte* record) {
  const Header header = header_at(record);
  const std::byte* text = record + sizeof header;
  return {{header.major, header.minor, as_text({text, header.text_size})},
          {text + header.text_size, header.size}};
}

int compare_text(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

}  // namespace

/// Records in memory: their bytes grow from the front, what is sorted from the back.
class ExternalSorter::Arena {
 public:
  explicit Arena(std::span<std::byte> memory) : whole_(memory), memory_(memory) { clear(); }

  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  bool has_room(std::size_t record_size) const {
    return used_ + record_size + (count_ + 1) * sizeof(Entry) <= memory_.size();
  }
  static constexpr std::size_t size_for(std::size_t record_size) { return record_size + sizeof(Entry); }

  std::byte* add(const SortKey& key, std::size_t record_size) {
    *--entries_ = {key.major, key.minor, used_};
    ++count_;
    return memory_.data() + std::exchange(used_, used_ + record_size);
  }

  void sort() {
    const std::span<Entry> all(entries_, count_);
    // The first that came is the last in memory.
    std::reverse(all.begin(), all.end());
    const auto before = [this](const Entry& a, const Entry& b) {
      if (a.major == b.major && a.major == SortKey::kByText) {
        const int order = compare_text(record_at(bytes_of(a)).key.text, record_at(bytes_of(b)).key.text);
        if (order != 0) return order < 0;
      }
      return a.words() < b.words();
    };
    if (std::is_sorted(all.begin(), all.end(), before)) return;
    radix_sort(all);
    const auto [begin, end] =
        std::equal_range(all.begin(), all.end(), Entry{SortKey::kByText, 0, 0},
                         [](const Entry& a, const Entry& b) { return a.major < b.major; });
    std::sort(begin, end, before);
  }

  /// The i-th record, in their order after sort().
  const std::byte* record(std::size_t i) const { return bytes_of(entries_[i]); }

  /// Of an empty one: how much of its memory is used.
  void limit(std::size_t bytes) {
    memory_ = whole_.first(std::min(bytes / alignof(Entry) * alignof(Entry), whole_.size()));
    clear();
  }

  void clear() {
    used_ = count_ = 0;
    entries_ = reinterpret_cast<Entry*>(memory_.data() + memory_.size());
  }

 private:
  struct Entry {
    std::uint64_t major;
    std::uint64_t minor;
    std::uint64_t at;

    std::array<std::uint64_t, 3> words() const { return {major, minor, at}; }
  };

  const std::byte* bytes_of(const Entry& entry) const { return memory_.data() + entry.at; }

  std::span<std::byte> whole_;
  std::span<std::byte> memory_;  // its size is a multiple of the entries' alignment
  std::size_t used_ = 0;
  std::size_t count_ = 0;
  Entry* entries_ = nullptr;  // the latest
};

/// Takes records from some sorted sources in their order.
class ExternalSorter::Merger {
 public:
  /// Runs of a file, which share some memory.
  Merger(const TemporaryFile& file, std::span<const Run> runs, std::span<std::byte> memory)
      : heads_(runs.size()), tree_(runs.size(), {*this}) {
    const std::size_t piece = memory.size() / runs.size() / alignof(Header) * alignof(Header);
    for (std::size_t i = 0; i < runs.size(); ++i)
      readers_.emplace_back(file, runs[i].begin, runs[i].end, memory.subspan(i * piece, piece));
    start();
  }

  /// Sorted records in memory.
  Merger(const Arena& first, const Arena& second) : arenas_{{first}, {second}}, heads_(2), tree_(2, {*this}) {
    start();
  }

  /// The bytes of the next record; nullptr at the end.
  const std::byte* next() {
    if (current_ != nullptr) {
      take(tree_.winner());
      tree_.replay();
    }
    current_ = heads_[tree_.winner()].record;
    return current_;
  }

 private:
  struct Cursor {
    const Arena& arena;
    std::size_t next = 0;
  };
  struct Head {
    std::uint64_t major = 0, minor = 0;
    const std::byte* record = nullptr;  // nullptr: nothing is left
  };
  struct Before {
    const Merger& merger;
    bool operator()(std::size_t a, std::size_t b) const { return merger.comes_before(a, b); }
  };

  static void prefetch(const std::byte* record) {
    constexpr std::size_t kLine = 64;
    for (std::size_t i = 0; i < 4; ++i) __builtin_prefetch(record + i * kLine);
  }

  void start() {
    for (std::size_t i = 0; i < heads_.size(); ++i) take(i);
    tree_.build();
  }

  void take(std::size_t source) {
    Head& head = heads_[source];
    const std::byte* record = nullptr;
    if (readers_.empty()) {
      Cursor& cursor = arenas_[source];
      constexpr std::size_t kAhead = 8;  // records lie in no order
      if (cursor.next + kAhead < cursor.arena.count()) prefetch(cursor.arena.record(cursor.next + kAhead));
      if (cursor.next < cursor.arena.count()) record = cursor.arena.record(cursor.next++);
    } else {
      ExtentReader& reader = readers_[source];
      if (head.record != nullptr) reader.consume(header_at(head.record).record_size());
      if (!reader.at_end()) record = reader.peek(header_at(reader.peek(sizeof(Header))).record_size());
    }
    head.record = record;
    if (record == nullptr) return;
    const Header header = header_at(record);
    head.major = header.major;
    head.minor = header.minor;
  }

  bool comes_before(std::size_t a, std::size_t b) const {
    const Head &x = heads_[a], &y = heads_[b];
    if (x.record == nullptr || y.record == nullptr)
      return x.record != nullptr || (y.record == nullptr && a < b);
    if (x.major != y.major) return x.major < y.major;
    if (x.major == SortKey::kByText) {
      const int order = compare_text(record_at(x.record).key.text, record_at(y.record).key.text);
      if (order != 0) return order < 0;
    }
    return x.minor != y.minor ? x.minor < y.minor : a < b;
  }

  std::vector<ExtentReader> readers_;
  std::vector<Cursor> arenas_;  // where there are no readers
  std::vector<Head> heads_;
  LoserTree<Before> tree_;
  const std::byte* current_ = nullptr;
};

ExternalSorter::ExternalSorter(std::size_t memory_bytes, std::string directory)
    : memory_bytes_(memory_bytes), directory_(std::move(directory)) {}

ExternalSorter::~ExternalSorter() {
  stop_populating();
  if (spilling_.valid()) spilling_.wait();
}

void ExternalSorter::expect(std::uint64_t bytes) {
  constexpr std::size_t kStep = std::size_t{2} << 20;
  if (buffer_.size() == 0) make_room(0);
  stop_populating();
  ends_ = false;
  std::packaged_task<void()> work([this, bytes] {
    const std::size_t end = std::min<std::uint64_t>(bytes, buffer_.size()) / kStep * kStep;
    for (std::size_t at = 0; at < end && !ends_; at += kStep) buffer_.populate(at, at + kStep);
  });
  populating_ = work.get_future();
  start_worker(std::move(work)).detach();
}

void ExternalSorter::stop_populating() {
  ends_ = true;
  if (populating_.valid()) populating_.wait();
}

std::byte* ExternalSorter::add(const SortKey& key, std::size_t size) {
  const Header header{key.major, key.minor, static_cast<std::uint32_t>(key.text.size()),
                      static_cast<std::uint32_t>(size)};
  const std::size_t room = header.record_size();
  largest_record_ = std::max(largest_record_, room);
  held_bytes_ += Arena::size_for(room);
  if (!arenas_[filling_] || !arenas_[filling_]->has_room(room)) make_room(room);
  std::byte* at = arenas_[filling_]->add(key, room);
  std::memcpy(at, &header, sizeof header);
  at += sizeof header;
  std::copy_n(as_bytes(key.text).data(), key.text.size(), at);
  return at + key.text.size();
}

void ExternalSorter::make_room(std::size_t record_size) {
  const bool is_too_large = buffer_.size() / 2 < Arena::size_for(record_size) + alignof(Header);
  if (buffer_.size() > 0 && !is_too_large) {
    Arena& full = *arenas_[filling_];
    filling_ = 1 - filling_;
    Arena& other = *arenas_[filling_];
    // Only once both are full is anything written, so that what fits is not.
    if (!spilling_.valid() && !other.empty()) spill(other);
    wait_for_spill();
    if (!has_spilled()) return;
    // Short runs are sorted in the processor's cache; they grow before there are too many to be merged at
    // once.
    const std::size_t run_bytes = kRun << std::min<std::size_t>(2 * runs_.size() / most_runs(), 40);
    other.limit(std::max(run_bytes, Arena::size_for(record_size) + alignof(Header)));
    spill(full);
    return;
  }
  // The first record, or one that is larger than all that the memory was for.
  for (const std::size_t i : {1 - filling_, filling_}) {
    wait_for_spill();
    if (arenas_[i] && !arenas_[i]->empty()) spill(*arenas_[i]);
  }
  wait_for_spill();
  stop_populating();
  constexpr std::size_t kUnit = 2 * alignof(Header);
  buffer_.reserve(std::max(memory_bytes_, 2 * Arena::size_for(record_size) + kUnit) / kUnit * kUnit);
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}})
    arenas_[i] = std::make_unique<Arena>(memory().subspan(i * buffer_.size() / 2, buffer_.size() / 2));
}

std::span<std::byte> ExternalSorter::memory() const { return {buffer_.get(), buffer_.size()}; }

/// Sorts what is in memory and writes it, on a thread of its own; only one at a time.
void ExternalSorter::spill(Arena& arena) {
  if (!file_) {
    file_ = std::make_unique<TemporaryFile>(directory_);
    out_ = std::make_unique<RunWriter>(*file_);
  }
  std::packaged_task<void()> work([this, &arena] {
    arena.sort();
    const std::uint64_t begin = out_->position();
    for (std::size_t i = 0; i < arena.count(); ++i)
      out_->write({arena.record(i), header_at(arena.record(i)).record_size()});
    arena.clear();
    runs_.push_back({begin, out_->position()});
  });
  spilling_ = work.get_future();
  start_worker(std::move(work)).detach();
}

void ExternalSorter::wait_for_spill() {
  if (spilling_.valid()) spilling_.get();
}

void ExternalSorter::finish() {
  wait_for_spill();
  if (runs_.empty()) {
    if (!arenas_[0]) make_room(0);
    for (const auto& arena : arenas_) arena->sort();
    merger_ = std::make_unique<Merger>(*arenas_[1 - filling_], *arenas_[filling_]);
    return;
  }
  for (const std::size_t i : {1 - filling_, filling_}) {
    if (!arenas_[i]->empty()) spill(*arenas_[i]);
    wait_for_spill();
  }
  while (runs_.size() > most_runs()) merge_some();
  out_->flush();
  out_.reset();
  merger_ = std::make_unique<Merger>(*file_, runs_, memory());
}

std::size_t ExternalSorter::most_runs() const {
  return std::max<std::size_t>(buffer_.size() / std::max(kLeastPiece, largest_record_), 2);
}

/// Makes one run of some neighbours each, behind all that stand in the file, but of no more than necessary.
void ExternalSorter::merge_some() {
  out_->flush();
  std::vector<Run> merged;
  std::size_t excess = runs_.size() - most_runs();
  for (std::span<const Run> rest = runs_; !rest.empty();) {
    const std::span<const Run> group = rest.first(std::min({most_runs(), excess + 1, rest.size()}));
    rest = rest.subspan(group.size());
    excess -= group.size() - 1;
    if (group.size() == 1) {
      merged.push_back(group[0]);
      continue;
    }
    const std::uint64_t begin = out_->position();
    Merger merger(*file_, group, memory());
    while (const std::byte* record = merger.next()) out_->write({record, header_at(record).record_size()});
    merged.push_back({begin, out_->position()});
  }
  runs_ = std::move(merged);
}

const ExternalSorter::Record* ExternalSorter::next() {
  if (!merger_) finish();
  const std::byte* record = merger_->next();
  if (record == nullptr) return nullptr;
  record_ = record_at(record);
  return &record_;
}

}  // namespace pcapml
