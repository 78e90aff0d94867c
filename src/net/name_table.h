// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pcapml {

/// The numbers of names that something refers to.
class NameMarks {
 public:
  /// 0, which is no name's number, is passed over.
  void add(std::uint32_t number) { is_marked_[number] = true; }

 private:
  friend class NameTable;
  std::vector<bool> is_marked_;
};

/// Numbers names, from 1 on. A full table forgets names whose numbers nothing refers to any more, and gives
/// the numbers to new names. Memory is bounded; not thread-safe.
class NameTable {
 public:
  /// Adds every number that is referred to.
  using VisitReferences = std::function<void(NameMarks&)>;

  explicit NameTable(std::size_t limit);

  /// The number of a name, which is valid until the next call, and as long as every visit adds it; 0: there
  /// is no room. Visits only a full table, and not again before a sixteenth of its limit in further names: a
  /// visit may cost what the table does.
  std::uint32_t intern(const std::string& name, const VisitReferences& visit);

  /// The name of a number. Lives until the next call of intern().
  std::string_view operator[](std::uint32_t number) const { return *names_[number - 1]; }

  std::size_t size() const { return numbers_.size(); }
  std::uint64_t forgotten() const { return forgotten_; }
  /// How often there was no room.
  std::uint64_t refused() const { return refused_; }

 private:
  std::uint32_t find_room(const VisitReferences& visit);
  std::uint32_t reuse();

  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<const std::string*> names_;  // keys of numbers_
  std::size_t limit_;
  NameMarks marks_;
  std::size_t next_;  // index into names_: those from here on that are not marked go, each when it is needed
  std::size_t new_since_marking_ = 0;
  std::uint64_t forgotten_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace pcapml
