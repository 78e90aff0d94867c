// SPDX-License-Identifier: Apache-2.0
#include "join/columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "join/record_values.h"
#include "label/text.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

/// Names as `--columns` and the generic header have them.
constexpr std::array<std::string_view, kRoles> kRoleNames = {"src",   "dst", "sport",    "dport", "proto",
                                                             "start", "end", "duration", "label"};

struct Title {
  std::string_view name;  // in lower case
  Role role;
};

struct Form {
  const char* name;
  RecordSource source;
  std::vector<Title> titles;
  std::int64_t duration_unit_ns;
  std::string_view default_label;
};

const std::vector<Form>& forms() {
  using enum Role;
  static const std::vector<Form> kForms = {
      {"CICFlowMeter",
       RecordSource::csv,
       {{"src ip", source},
        {"source ip", source},
        {"src port", source_port},
        {"source port", source_port},
        {"dst ip", destination},
        {"destination ip", destination},
        {"dst port", destination_port},
        {"destination port", destination_port},
        {"protocol", protocol},
        {"timestamp", start},
        {"flow duration", duration},
        {"label", label}},
       1'000,
       {}},
      {"UNSW-NB15",
       RecordSource::csv,
       {{"srcip", source},
        {"sport", source_port},
        {"dstip", destination},
        {"dsport", destination_port},
        {"proto", protocol},
        {"stime", start},
        {"ltime", end},
        {"attack_cat", label}},
       1'000'000'000,
       "Normal"},
      {"generic",
       RecordSource::csv,
       {{"src", source},
        {"sport", source_port},
        {"dst", destination},
        {"dport", destination_port},
        {"proto", protocol},
        {"start", start},
        {"end", end},
        {"duration", duration},
        {"label", label}},
       1'000'000'000,
       {}},
      {"binetflow",
       RecordSource::binetflow,
       {{"srcaddr", source},
        {"sport", source_port},
        {"dstaddr", destination},
        {"dport", destination_port},
        {"proto", protocol},
        {"starttime", start},
        {"dur", duration},
        {"label", label}},
       1'000'000'000,
       {}},
  };
  return kForms;
}

std::string lower_case(std::string_view text) {
  std::string lower(trimmed(text));
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return lower;
}

int column_of(const std::vector<std::string>& titles, std::string_view name) {
  const auto found = std::find(titles.begin(), titles.end(), name);
  return found == titles.end() ? Columns::kAbsent : static_cast<int>(found - titles.begin());
}

std::string missing_roles(const Columns& columns) {
  std::string missing;
  for (const Role role : {Role::source, Role::destination, Role::start, Role::label})
    if (columns[role] == Columns::kAbsent)
      missing += fmt::format("{}{}", missing.empty() ? "" : ", ", kRoleNames[static_cast<std::size_t>(role)]);
  if (columns[Role::end] == Columns::kAbsent && columns[Role::duration] == Columns::kAbsent)
    missing += fmt::format("{}end or duration", missing.empty() ? "" : ", ");
  return missing;
}

void set(Columns& columns, Role role, int index) { columns.index[static_cast<std::size_t>(role)] = index; }

/// `src=NAME,dst=NAME,...`; by number where the table has no header line.
Columns columns_asked_for(const std::vector<std::string>& titles, const std::string& asked) {
  Columns columns;
  columns.name = "--columns";
  bool by_number = true;
  std::string_view rest = asked;
  std::vector<std::pair<Role, std::string>> pairs;
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), piece.size() + 1));
    const std::size_t equals = piece.find('=');
    const std::string_view word = trimmed(piece.substr(0, equals));
    const auto* role = std::find(kRoleNames.begin(), kRoleNames.end(), word);
    if (word.empty() || role == kRoleNames.end() || equals == std::string_view::npos)
      throw UsageError(
          fmt::format("--columns: {} is none of src, dst, sport, dport, proto, start, end, "
                      "duration and label with `=` and a column",
                      shown(piece)));
    pairs.emplace_back(static_cast<Role>(role - kRoleNames.begin()), lower_case(piece.substr(equals + 1)));
    by_number = by_number && !pairs.back().second.empty() && pairs.back().second.size() < 5 &&
                pairs.back().second.find_first_not_of("0123456789") == std::string::npos;
  }
  columns.has_header = !by_number;
  for (const auto& [role, name] : pairs) {
    const int index = by_number ? std::stoi(name) - 1 : column_of(titles, name);
    if (index < 0 || static_cast<std::size_t>(index) >= titles.size())
      throw UsageError(fmt::format("--columns: the table has no column {}", shown(name)));
    set(columns, role, index);
  }
  return columns;
}

/// As published, UNSW-NB15_1.csv to _4.csv have no header line.
std::optional<Columns> unsw_without_header(const std::vector<std::string_view>& first_line) {
  constexpr std::size_t kColumns = 49;
  if (first_line.size() != kColumns || !parse_address(trimmed(first_line[0])) ||
      !parse_address(trimmed(first_line[2])))
    return std::nullopt;
  Columns columns;
  columns.name = "UNSW-NB15, without a header line";
  columns.has_header = false;
  columns.default_label = "Normal";
  set(columns, Role::source, 0);
  set(columns, Role::source_port, 1);
  set(columns, Role::destination, 2);
  set(columns, Role::destination_port, 3);
  set(columns, Role::protocol, 4);
  set(columns, Role::start, 28);
  set(columns, Role::end, 29);
  set(columns, Role::label, 47);
  return columns;
}

Columns columns_of_form(const Form& form, const std::vector<std::string>& titles) {
  Columns columns;
  columns.name = form.name;
  columns.duration_unit_ns = form.duration_unit_ns;
  columns.default_label = form.default_label;
  for (const Title& title : form.titles)
    if (columns[title.role] == Columns::kAbsent) set(columns, title.role, column_of(titles, title.name));
  return columns;
}

Columns recognise(const std::vector<std::string_view>& first_line, const std::vector<std::string>& titles,
                  const JoinRequest& request, const std::string& path) {
  if (!request.columns.empty()) return columns_asked_for(titles, request.columns);
  if (request.source == RecordSource::csv)
    if (auto columns = unsw_without_header(first_line)) return *columns;
  std::optional<Columns> nearest;
  std::size_t fewest = std::string::npos;
  for (const Form& form : forms()) {
    if (form.source != request.source) continue;
    Columns columns = columns_of_form(form, titles);
    if (!request.label_field.empty()) {
      set(columns, Role::label, column_of(titles, lower_case(request.label_field)));
      columns.default_label = {};
    }
    const std::string missing = missing_roles(columns);
    if (missing.empty()) return columns;
    if (missing.size() < fewest) nearest = columns;
    fewest = std::min(fewest, missing.size());
  }
  throw DataError(fmt::format(
      "{}:1: the header is none that is known; as {} it lacks {}. Name the columns with --columns "
      "src=...,dst=...,start=...,duration=...,label=... (and sport, dport, proto)",
      path, nearest->name, missing_roles(*nearest)));
}

}  // namespace

std::string Columns::place(Role role) const {
  const auto at = static_cast<std::size_t>(role);
  if (index[at] == kAbsent) return std::string(kRoleNames[at]);
  std::string text = fmt::format("column {}", index[at] + 1);
  if (!titles[at].empty()) text += fmt::format(" ({})", titles[at]);
  return text;
}

Columns find_columns(const std::vector<std::string_view>& first_line, const JoinRequest& request,
                     const std::string& path) {
  std::vector<std::string> titles;
  titles.reserve(first_line.size());
  for (const std::string_view title : first_line) titles.push_back(lower_case(title));
  Columns columns = recognise(first_line, titles, request, path);
  if (!request.columns.empty() && !request.label_field.empty())
    set(columns, Role::label, column_of(titles, lower_case(request.label_field)));
  const std::string missing = missing_roles(columns);
  if (!missing.empty()) throw UsageError(fmt::format("--columns: without {}", missing));
  columns.count = first_line.size();
  if (columns.has_header)
    for (std::size_t i = 0; i < kRoles; ++i)
      if (columns.index[i] != Columns::kAbsent)
        columns.titles[i] =
            utf8_of(trimmed(first_line[static_cast<std::size_t>(columns.index[i])].substr(0, 80)));
  return columns;
}

}  // namespace pcapml
