// SPDX-License-Identifier: Apache-2.0
#include "cli/live_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/console.h"
#include "cli/printable.h"
#include "pcapml/capture.h"

namespace pcapml::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kShortestLabel = 8, kShortestDomains = 10;
constexpr const char* kMark = "…";

std::string short_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1000;
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

using Rows = std::vector<const LiveLabel*>;

Rows sorted(const std::vector<LiveLabel>& labels, LiveOrder order, std::size_t wanted) {
  Rows rows;
  rows.reserve(labels.size());
  for (const LiveLabel& label : labels) rows.push_back(&label);
  const auto value = [order](const LiveLabel& label) -> std::uint64_t {
    if (order == LiveOrder::packets) return label.packets;
    if (order == LiveOrder::bytes) return label.bytes;
    return order == LiveOrder::flows ? label.flows : 0;
  };
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(std::min(wanted, rows.size()));
  std::partial_sort(rows.begin(), middle, rows.end(), [&](const LiveLabel* a, const LiveLabel* b) {
    return value(*a) != value(*b) ? value(*a) > value(*b) : a->label < b->label;
  });
  rows.erase(middle, rows.end());
  return rows;
}

struct Column {
  std::string title;
  std::vector<std::string> cells;
  bool is_number = true;
  std::size_t width = 0;

  void measure() {
    width = columns_of(title);
    for (const std::string& cell : cells) width = std::max(width, columns_of(cell));
  }

  std::string padded(const std::string& cell) const {
    const std::string shown = cut_to(cell, width, kMark);
    const std::string blank(width - std::min(width, columns_of(shown)), ' ');
    return is_number ? blank + shown : shown + blank;
  }
};

template <class Cell>
Column column(std::string title, const Rows& rows, bool is_number, Cell cell) {
  Column column{std::move(title), {}, is_number};
  for (const LiveLabel* row : rows) column.cells.push_back(cell(*row));
  column.measure();
  return column;
}

std::string domains_of(const LiveLabel& label) {
  std::string text;
  for (const std::string& domain : label.domains) text += (text.empty() ? "" : ", ") + printable(domain);
  return text;
}

std::size_t width_of(const std::vector<Column>& columns) {
  std::size_t width = 0;
  for (const Column& column : columns) width += column.width + kGap;
  return width - kGap;
}

/// Leaves out columns from the right until the rest has room; the label is the one that gives way, the
/// domains take what is left.
std::vector<Column> fitted(std::vector<Column> columns, std::size_t room) {
  Column domains = std::move(columns.back());
  columns.pop_back();
  Column& label = columns.front();
  const std::size_t natural = label.width;
  label.width = std::min(natural, kShortestLabel);
  while (columns.size() > 1 && width_of(columns) > room) columns.pop_back();
  const std::size_t spare = room - std::min(room, width_of(columns));
  const std::size_t for_domains = std::min(domains.width, std::max(kShortestDomains, room / 4)) + kGap;
  const std::size_t wish = natural - label.width;
  const std::size_t left = spare >= for_domains ? spare - for_domains : spare;
  label.width += std::min(wish, left);
  const std::size_t rest = room - std::min(room, width_of(columns));
  if (rest < kShortestDomains + kGap) return columns;
  domains.width = rest - kGap;
  columns.push_back(std::move(domains));
  return columns;
}

std::string head_of(const CaptureProgress& progress, const LiveView& view, std::size_t room) {
  std::string head = fmt::format("{}, {}, {} lost", count_of(progress.packets, "packet"),
                                 short_bytes(progress.bytes), grouped(progress.lost));
  constexpr std::string_view kKeys = "sort: p b f l, end: q";
  if (view.has_keys && columns_of(head) + kGap + kKeys.size() <= room)
    head += std::string(room - columns_of(head) - kKeys.size(), ' ').append(kKeys);
  return cut_to(head, room, kMark);
}

std::string line_of(const std::vector<Column>& columns, std::size_t room, std::optional<std::size_t> row) {
  std::string line;
  for (const Column& column : columns) {
    if (!line.empty()) line.append(kGap, ' ');
    line += column.padded(row ? column.cells[*row] : column.title);
  }
  while (line.ends_with(' ')) line.pop_back();
  return cut_to(line, room, kMark);
}

}  // namespace

std::optional<LiveOrder> order_of_key(char key) {
  if (key == 'p') return LiveOrder::packets;
  if (key == 'b') return LiveOrder::bytes;
  if (key == 'f') return LiveOrder::flows;
  if (key == 'l') return LiveOrder::label;
  return std::nullopt;
}

std::vector<std::string> live_table(const CaptureProgress& progress, const LiveView& view) {
  // A line of the full width would leave the cursor where terminals differ in what they do next.
  const std::size_t room = std::max<std::size_t>(view.width, 2) - 1;
  std::vector<std::string> lines{head_of(progress, view, room)};
  if (view.height < 4 || progress.labels.empty()) return lines;

  std::size_t shown = view.height - 3;
  if (progress.labels.size() > shown) --shown;
  const Rows rows = sorted(progress.labels, view.order, shown);
  const auto title = [&](const char* name, LiveOrder order) {
    return std::string(name) + (view.order == order ? "*" : "");
  };
  const std::vector<Column> columns =
      fitted({column(title("label", LiveOrder::label), rows, false,
                     [](const LiveLabel& row) { return printable(row.label); }),
              column(title("packets", LiveOrder::packets), rows, true,
                     [](const LiveLabel& row) { return grouped(row.packets); }),
              column(title("bytes", LiveOrder::bytes), rows, true,
                     [](const LiveLabel& row) { return short_bytes(row.bytes); }),
              column(title("flows", LiveOrder::flows), rows, true,
                     [](const LiveLabel& row) { return grouped(row.flows); }),
              column("domains", rows, false, domains_of)},
             room);
  lines.push_back(line_of(columns, room, std::nullopt));
  for (std::size_t row = 0; row < rows.size(); ++row) lines.push_back(line_of(columns, room, row));
  if (const std::size_t more = progress.labels.size() - rows.size(); more > 0)
    lines.push_back(cut_to(fmt::format("and {} more", grouped(more)), room, kMark));
  return lines;
}

}  // namespace pcapml::cli
