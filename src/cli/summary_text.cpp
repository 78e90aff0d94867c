// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cli/console.h"
#include "cli/printable.h"
#include "cli/summary_report.h"
#include "dataset/time_text.h"

namespace pcapml::cli {
namespace {

constexpr std::size_t kMostShown = 20;  // sections, interfaces and names; JSON has more
constexpr std::size_t kShortestName = 12, kLongestName = 40;
constexpr std::size_t kShortestBar = 8, kLongestBar = 30;
constexpr std::size_t kGap = 2;

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", printable(text)); }

void add_text(std::string& line, std::string_view what, const std::string& text) {
  if (!text.empty()) line += fmt::format(", {} {}", what, quoted(text));
}

std::string comment_lines(const std::vector<std::string>& comments) {
  std::string lines;
  for (const auto& comment : comments) lines += fmt::format("  comment {}\n", quoted(comment));
  return lines;
}

std::string section_lines(const SectionDescription& section, std::size_t number) {
  std::string line =
      fmt::format("section {}: {}-endian", number, section.order == ByteOrder::big ? "big" : "little");
  add_text(line, "application", section.application);
  add_text(line, "os", section.os);
  add_text(line, "hardware", section.hardware);
  return line + "\n" + comment_lines(section.comments);
}

std::string resolution_text(const TimeResolution& resolution) {
  if (resolution == TimeResolution::micro()) return "microseconds";
  if (resolution == TimeResolution::nano()) return "nanoseconds";
  return fmt::format("{}^-{} s", resolution.is_binary() ? 2 : 10, resolution.exponent());
}

std::string offset_text(const InterfaceDescription& interface) {
  std::string text;
  if (interface.offset_seconds != 0) text += fmt::format(", times moved by {} s", interface.offset_seconds);
  if (interface.offset_ns != 0) text += fmt::format(", times moved by {} ns", interface.offset_ns);
  return text;
}

std::string reported(const std::optional<std::uint64_t>& count) {
  return count ? grouped(*count) : "not reported";
}

/// What the capturing side counted; nothing where it reports nothing at all.
std::string loss_line(const InterfaceDescription& interface) {
  const bool any = interface.received || interface.dropped_by_interface || interface.dropped_by_os;
  if (!any && !interface.dropped_between_packets) return {};
  return fmt::format("  received {}; dropped by the interface {}, by the system {}, before packets {}\n",
                     reported(interface.received), reported(interface.dropped_by_interface),
                     reported(interface.dropped_by_os), reported(interface.dropped_between_packets));
}

std::string interface_lines(const InterfaceDescription& interface, std::size_t number,
                            bool several_sections) {
  std::string line = fmt::format("interface {}: {}", number, interface.link_type_name);
  if (interface.link_type_name[0] >= '0' && interface.link_type_name[0] <= '9')
    line = fmt::format("interface {}: link type {}", number, interface.link_type);
  add_text(line, "name", interface.name);
  add_text(line, "description", interface.description);
  if (several_sections) line += fmt::format(", section {}", interface.section);
  line += interface.snap_length == 0 ? ", no snap length"
                                     : fmt::format(", snap length {}", interface.snap_length);
  line += ", " + resolution_text(interface.resolution) + offset_text(interface);
  add_text(line, "filter", interface.filter);
  add_text(line, "os", interface.os);
  add_text(line, "hardware", interface.hardware);
  line += ", " + count_of(interface.packets, "packet");
  return line + "\n" + loss_line(interface) + comment_lines(interface.comments);
}

std::string more_line(std::uint64_t count, std::size_t shown, std::string_view what) {
  return count > shown ? fmt::format("and {} more\n", count_of(count - shown, what)) : "";
}

std::string name_lines(const FileDescription& file) {
  if (file.name_count == 0) return {};
  std::string lines = fmt::format(
      "names of {}:\n", file.name_count == 1 ? "1 address" : grouped(file.name_count) + " addresses");
  const std::size_t shown = std::min(file.names.size(), kMostShown);
  for (std::size_t i = 0; i < shown; ++i) {
    lines += "  " + file.names[i].address;
    for (const auto& name : file.names[i].names) lines += " " + printable(name);
    lines += "\n";
  }
  if (file.name_count > shown) lines += fmt::format("  and {} more\n", grouped(file.name_count - shown));
  return lines;
}

std::string file_lines(const FileDescription& file, const std::string& input) {
  const bool is_pcap = file.format == FileFormat::pcap;
  std::string text =
      fmt::format("{}: {}", input == "-" ? "standard input" : printable(input), is_pcap ? "pcap" : "pcapng");
  if (file.size) text += ", " + count_of(*file.size, "byte");
  text += "\n";
  const std::size_t sections = std::min(file.sections.size(), kMostShown);
  for (std::size_t i = 0; i < sections && !is_pcap; ++i) text += section_lines(file.sections[i], i);
  text += more_line(file.section_count, sections, "section");
  const std::size_t interfaces = std::min(file.interfaces.size(), kMostShown);
  for (std::size_t i = 0; i < interfaces; ++i)
    text += interface_lines(file.interfaces[i], i, file.section_count > 1);
  text += more_line(file.interface_count, interfaces, "interface");
  text += name_lines(file);
  for (std::size_t i = 0; i < file.blocks.size(); ++i)
    text += fmt::format("{}{}: {}", i == 0 ? "other blocks: " : ", ", file.blocks[i].name,
                        grouped(file.blocks[i].count));
  return text + (file.blocks.empty() ? "" : "\n");
}

struct Column {
  std::string title;
  std::vector<std::string> cells;  // one for each row
  bool is_text = false;            // on the left

  std::size_t width() const {
    std::size_t width = columns_of(title);
    for (const auto& cell : cells) width = std::max(width, columns_of(cell));
    return width;
  }
};

std::string aligned(const std::string& cell, std::size_t width, bool is_text) {
  const std::string blank(width - columns_of(cell), ' ');
  return is_text ? cell + blank : blank + cell;
}

std::string duration_cell(const TrafficCounts& counts) {
  if (!counts.first_ns) return "-";
  std::string text = duration_text(*counts.first_ns, *counts.last_ns);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// One row for each group, then the total.
class Table {
 public:
  Table(const SummaryResult& result, std::size_t width) : width_(width) {
    for (const auto& group : result.groups) rows_.push_back(&group.counts);
    rows_.push_back(&result.total);
    add_names(result);
    add_number("packets", &TrafficCounts::packets);
    add_number("bytes", &TrafficCounts::bytes);
    if (result.total.captured_bytes != result.total.bytes)
      add_number("captured", &TrafficCounts::captured_bytes);
    add_number("flows", &TrafficCounts::flows);
    if (result.total.non_ip_packets > 0) add_number("non-IP", &TrafficCounts::non_ip_packets);
    add_number("samples", &TrafficCounts::samples);
    add("seconds", duration_cell, false);
    add(
        "first", [](const TrafficCounts& c) { return c.first_ns ? utc_text(*c.first_ns) : "-"; }, true);
    add(
        "last", [](const TrafficCounts& c) { return c.last_ns ? utc_text(*c.last_ns) : "-"; }, true);
    if (width_ != 0) fit();
  }

  std::string text() const {
    std::string text = line([](const Column& column) { return column.title; }, "");
    for (std::size_t row = 0; row < rows_.size(); ++row)
      text += line([row](const Column& column) { return column.cells[row]; }, bar(row));
    return text;
  }

 private:
  template <class Cell>
  void add(const char* title, Cell cell, bool is_text) {
    Column& column = columns_.emplace_back(Column{title, {}, is_text});
    for (const TrafficCounts* counts : rows_) column.cells.push_back(cell(*counts));
  }
  void add_number(const char* title, std::uint64_t TrafficCounts::*count) {
    add(
        title, [count](const TrafficCounts& counts) { return grouped(counts.*count); }, false);
  }

  void add_names(const SummaryResult& result) {
    const std::size_t longest = width_ == 0 ? 0 : kLongestName;
    Column& column = columns_.emplace_back(Column{cut_to(printable(result.group), longest), {}, true});
    for (const auto& group : result.groups)
      column.cells.emplace_back(group.name.empty() ? "\"\"" : cut_to(printable(group.name), longest));
    column.cells.emplace_back("total");
  }

  std::size_t columns_width() const {
    std::size_t width = 0;
    for (const auto& column : columns_) width += column.width() + kGap;
    return width;
  }

  /// Times give way to bars where the terminal is narrow.
  void fit() {
    while (columns_.back().is_text && columns_.size() > 1 && columns_width() + kShortestBar > width_)
      columns_.pop_back();
    shorten_names();
    const std::size_t used = columns_width();
    if (used + kShortestBar <= width_) bar_ = std::min(width_ - used, kLongestBar);
  }

  void shorten_names() {
    Column& names = columns_.front();
    const std::size_t others = columns_width() - names.width() + kShortestBar;
    const std::size_t room = std::max(width_ - std::min(width_, others), kShortestName);
    for (auto& cell : names.cells) cell = cut_to(std::move(cell), room);
  }

  std::string bar(std::size_t row) const {
    if (bar_ == 0 || row + 1 == rows_.size()) return {};
    std::uint64_t most = 1;
    for (std::size_t i = 0; i + 1 < rows_.size(); ++i) most = std::max(most, rows_[i]->packets);
    const double share = static_cast<double>(rows_[row]->packets) / static_cast<double>(most);
    const auto length = static_cast<std::size_t>(std::lround(share * static_cast<double>(bar_)));
    return std::string(std::max<std::size_t>(length, 1), '#');
  }

  template <class Cell>
  std::string line(Cell cell, const std::string& bar) const {
    std::string text;
    for (const auto& column : columns_) {
      if (!text.empty()) text += std::string(kGap, ' ');
      text += aligned(cell(column), column.width(), column.is_text);
    }
    if (!bar.empty()) text += std::string(kGap, ' ') + bar;
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  }

  std::size_t width_;
  std::size_t bar_ = 0;
  std::vector<const TrafficCounts*> rows_;
  std::vector<Column> columns_;
};

}  // namespace

std::string to_text(const SummaryResult& result, const std::string& input, std::size_t width) {
  std::string text = file_lines(result.file, input) + "\n";
  text += result.groups.empty() ? "no packets\n" : Table(result, width).text();
  if (result.outside_window > 0)
    text += count_of(result.outside_window, "packet") + " outside of the window left out\n";
  if (result.without_time > 0)
    text += count_of(result.without_time, "packet") + " without a time left out: they match no window\n";
  return text;
}

}  // namespace pcapml::cli
