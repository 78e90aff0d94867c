// SPDX-License-Identifier: Apache-2.0
#include "dataset/capture_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "pcapml/error.h"
#include "pcapml/sink.h"

namespace pcapml {
namespace fs = std::filesystem;

CaptureInput::CaptureInput(const std::string& path, const InputOptions& options)
    : CaptureInput(open_source(path), options) {}

CaptureInput::CaptureInput(std::unique_ptr<Source> source, const InputOptions& options)
    : options_(options), reader_(std::move(source), {options.legacy_timestamps}) {}

const Record* CaptureInput::next_salvaged() {
  if (!damage_.empty()) return nullptr;
  try {
    return reader_.next();
  } catch (const FormatError& error) {
    damage_ = error.what();
    return nullptr;
  }
}

void CaptureInput::show_progress() const {
  if (options_.progress == nullptr) return;
  const Source& source = reader_.source();
  options_.progress->update(source.position(), source.size(), reader_.counters().packets);
}

void CaptureInput::add_to(InputReport& report) const {
  const ReadCounters& counters = reader_.counters();
  report.counters.packets += counters.packets;
  report.counters.simple_packets += counters.simple_packets;
  report.counters.obsolete_packets += counters.obsolete_packets;
  report.counters.legacy_sections += counters.legacy_sections;
  if (!damage_.empty()) report.damage.push_back(damage_);
}

namespace {

bool is_named_as_capture(fs::path path) {
  if (compression_of_name(path.string()) != Compression::none) path.replace_extension();
  const std::string extension = path.extension().string();
  constexpr std::array kExtensions = {".pcap", ".pcapng", ".cap", ".dmp", ".ntar"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

bool is_capture(const fs::path& path) {
  try {
    open_reader(path.string());
    return true;
  } catch (const FormatError&) {
    if (is_named_as_capture(path)) throw;
    return false;
  }
}

}  // namespace

std::vector<InputFile> list_captures(const std::string& path, std::vector<std::string>& skipped) {
  if (path == "-" || !fs::is_directory(path)) return {{path, fs::path(path).filename().string()}};
  std::vector<InputFile> found;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (!entry.is_regular_file()) continue;
    const std::string relative = entry.path().lexically_relative(path).string();
    if (is_capture(entry.path())) {
      found.push_back({entry.path().string(), relative});
    } else {
      skipped.push_back(relative);
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.relative < b.relative; });
  std::sort(skipped.begin(), skipped.end());
  if (found.empty()) throw DataError(fmt::format("{}: no capture file below this directory", path));
  return found;
}

bool can_read_twice(const std::vector<InputFile>& files) {
  return std::all_of(files.begin(), files.end(), [](const InputFile& file) {
    return file.path != "-" && fs::is_regular_file(file.path);
  });
}

}  // namespace pcapml
