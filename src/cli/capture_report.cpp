// SPDX-License-Identifier: Apache-2.0
#include "cli/capture_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/printable.h"
#include "pcapml/capture.h"

namespace pcapml::cli {

std::string summary_of(const CaptureResult& r) {
  std::string text;
  const auto row = [&](std::uint64_t n, const char* what, bool always = false) {
    if (n > 0 || always) text += fmt::format("{:>14}  {}\n", grouped(n), what);
  };
  row(r.captured, "packets captured", true);
  row(r.written, "written", true);
  row(r.lost_egress, "lost on the way out, for lack of buffer");
  row(r.lost_ingress, "lost on the way in, for lack of buffer");
  row(r.cut, "written without all of their payload, for lack of buffer or by --payload-rate");
  row(r.unknown, "of an unknown process (_unknown)");
  row(r.kernel, "of the kernel itself (_kernel)");
  row(r.translated, "with translated addresses (NAT)");
  row(r.not_followed, "of processes that are not captured");
  row(r.filtered_out, "not matched by --filter");
  row(r.dns_left_out, "DNS, not written (--include-dns)");
  row(r.not_allowed, "left out by --allow and --deny");
  row(r.unknown_left_out, "left out by --known-only");
  row(r.copies_left_out, "further copies for sockets of the same process");
  row(r.checksums_open, "with checksums that could not be filled in, because payload was missing");
  row(r.malformed, "superpackets of no known form, written as they were");
  row(r.forgotten, "samples forgotten while idle, for lack of memory");
  if (r.files > 1) row(r.files, "files");
  if (!r.labels.empty()) text += fmt::format("{:>14}  {:<16}  {}\n", "packets", "label", "executable");
  for (const CapturedLabel& label : r.labels)
    text += fmt::format("{:>14}  {:<16}  {}\n", grouped(label.packets), printable(label.label),
                        printable(label.executable));
  return text;
}

std::string to_json(const CaptureResult& r) {
  nlohmann::ordered_json labels = nlohmann::ordered_json::array();
  for (const CapturedLabel& label : r.labels)
    labels.push_back({{"label", label.label}, {"executable", label.executable}, {"packets", label.packets}});
  nlohmann::ordered_json json = {{"captured", r.captured},
                                 {"written", r.written},
                                 {"bytes", r.bytes},
                                 {"files", r.files},
                                 {"lost", r.lost_egress + r.lost_ingress},
                                 {"lost_egress", r.lost_egress},
                                 {"lost_ingress", r.lost_ingress},
                                 {"cut", r.cut},
                                 {"unknown", r.unknown},
                                 {"kernel", r.kernel},
                                 {"translated", r.translated},
                                 {"dns_left_out", r.dns_left_out},
                                 {"not_followed", r.not_followed},
                                 {"filtered_out", r.filtered_out},
                                 {"not_allowed", r.not_allowed},
                                 {"unknown_left_out", r.unknown_left_out},
                                 {"copies_left_out", r.copies_left_out},
                                 {"checksums_open", r.checksums_open},
                                 {"malformed", r.malformed},
                                 {"events_lost", r.events_lost},
                                 {"holds_cut_short", r.holds_cut_short},
                                 {"clock_steps", r.clock_steps},
                                 {"forgotten", r.forgotten},
                                 {"known_sockets", r.known_sockets},
                                 {"labels", labels}};
  if (r.command_status) json["exit_code"] = *r.command_status;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

bool is_whole(const CaptureResult& r) { return r.lost_egress + r.lost_ingress + r.events_lost == 0; }

std::vector<std::string> warnings_of(const CaptureResult& r, const CaptureRequest& request) {
  std::vector<std::string> lines;
  if (const std::uint64_t lost = r.lost_egress + r.lost_ingress; lost > 0)
    lines.push_back(fmt::format("{} lost; a larger --buffer than {} MB helps against bursts",
                                count_of(lost, "packet"), request.buffer_megabytes));
  if (r.events_lost > 0)
    lines.push_back(fmt::format("{} of processes and sockets lost: some packets may name the process before",
                                count_of(r.events_lost, "message")));
  if (r.holds_cut_short > 0)
    lines.push_back(fmt::format("{} did not wait long enough for their process, for lack of memory",
                                count_of(r.holds_cut_short, "packet")));
  if (r.failed_commands > 0)
    lines.push_back(
        fmt::format("-z '{}' failed for {}", request.files.after, count_of(r.failed_commands, "file")));
  if (!request.command.empty() && r.written == 0)
    lines.push_back(fmt::format(
        "nothing of '{}' was captured: if it was running already, that instance may have taken over (end it "
        "first, or capture it with --pid or --uid); or it used no network",
        request.command.front()));
  else if (request.follows_some() && r.written == 0)
    lines.emplace_back("nothing was captured: none of these processes sent or received a packet");
  else if (r.captured == 0)
    lines.emplace_back("no packet was captured: no socket of this cgroup sent or received any");
  return lines;
}

}  // namespace pcapml::cli
