// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pcapml/dataset.h"

namespace pcapml {

/// One capture that an operation reads: a Reader with progress, and with what --salvage asks for.
class CaptureInput {
 public:
  CaptureInput(const std::string& path, const InputOptions& options);
  CaptureInput(std::unique_ptr<Source> source, const InputOptions& options);

  /// As Reader::next(); with `salvage` damaged data ends the input and damage() tells where.
  const Record* next() {
    if ((++records_ & 0xfff) == 0) show_progress();
    if (!options_.salvage) return reader_.next();
    return next_salvaged();
  }
  const PacketView* next_packet() {
    while (const Record* record = next())
      if (record->kind == Record::Kind::packet) return &record->packet;
    return nullptr;
  }

  Reader& reader() { return reader_; }
  const Reader& reader() const { return reader_; }
  const Interface& interface(const PacketView& packet) const {
    return reader_.interfaces()[packet.interface];
  }

  /// Adds counters and damage to a report. Call once, at the end.
  void add_to(InputReport& report) const;

 private:
  const Record* next_salvaged();
  void show_progress() const;

  InputOptions options_;
  Reader reader_;
  std::uint64_t records_ = 0;
  std::string damage_;
};

/// A capture among the inputs of an operation.
struct InputFile {
  std::string path;
  std::string relative;  ///< to the directory that was named, or to the file's own
};

/// The file itself, or, for a directory, every capture below it, by content, in byte order of the relative
/// names. Files that are no captures are named in `skipped`; one whose name says that it is a capture but
/// whose content is not throws FormatError.
std::vector<InputFile> list_captures(const std::string& path, std::vector<std::string>& skipped);

/// Whether all of them are regular files, no pipes.
bool can_read_twice(const std::vector<InputFile>& files);

}  // namespace pcapml
