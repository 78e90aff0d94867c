// SPDX-License-Identifier: Apache-2.0
#include "capture/process_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pcapml {
namespace {

constexpr std::size_t kLongestLabel = 1024;  // bytes; a comment has room for three times that, and for 65,535

std::string text_of(const char* chars, std::size_t capacity) { return {chars, strnlen(chars, capacity)}; }

/// Empty where the kernel's programs could not read all of it.
std::string path_of(const pcapml_process_event& event) {
  if (event.path_is_whole == 0) return {};
  std::string path;
  for (const auto& part : event.path) {
    const std::string name = text_of(part, sizeof part);
    if (name == "/") break;
    if (name.size() >= sizeof part - 1) return {};
    if (!name.empty()) path.insert(0, "/" + name);
  }
  return path;
}

}  // namespace

void ProcessTable::learn(const pcapml_process_event& event, std::int64_t offset_ns) {
  Process process;
  process.start_ns = event.start_ns;
  ProcessInfo& info = process.info;
  info.pid = event.pid;
  info.name = text_of(event.name, sizeof event.name);
  info.path = path_of(event);
  info.command_line.assign(event.arguments,
                           std::min<std::size_t>(event.arguments_length, sizeof event.arguments));
  info.parent = event.parent;
  info.uid = event.uid;
  const std::uint64_t began = event.exec_ns != 0 ? event.exec_ns : event.start_ns;
  info.start_time_ns = static_cast<std::int64_t>(began) + offset_ns;
  complete_(info, process.start_ns, event.inode);
  // What the scan of /proc learnt is the same program, unless this is an exec.
  if (const Process* known = find(event.pid, event.start_ns); known != nullptr && event.exec_ns == 0)
    process.written_in = known->written_in;
  keep(std::move(process));
}

Process& ProcessTable::learn(const pcapml_owner& owner, std::int64_t offset_ns) {
  Process process;
  process.start_ns = owner.start_ns;
  process.info.pid = owner.pid;
  process.info.start_time_ns = static_cast<std::int64_t>(owner.start_ns) + offset_ns;
  if (!complete_(process.info, owner.start_ns, 0)) process.info.name = text_of(owner.name, sizeof owner.name);
  return keep(std::move(process));
}

Process* ProcessTable::find(std::uint32_t pid, std::uint64_t start_ns) {
  const auto it = processes_.find(pid);
  if (it == processes_.end() || !is_same_start(it->second.process.start_ns, start_ns)) return nullptr;
  order_.splice(order_.end(), order_, it->second.place);
  return &it->second.process;
}

Process& ProcessTable::keep(Process process) {
  const std::uint32_t pid = process.info.pid;
  const auto [it, added] = processes_.try_emplace(pid);
  if (added) it->second.place = order_.insert(order_.end(), pid);
  it->second.process = std::move(process);
  if (processes_.size() > kMost) {
    processes_.erase(order_.front());
    order_.pop_front();
  }
  return it->second.process;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string label_of(const Process& process, std::string_view comm, LabelBy by) {
  const ProcessInfo& info = process.info;
  std::string label;
  if (by == LabelBy::exe) label = base_name(info.path);
  if (by == LabelBy::cmdline) {
    label = info.command_line;
    while (!label.empty() && label.back() == '\0') label.pop_back();
    std::replace(label.begin(), label.end(), '\0', ' ');
  }
  if (by == LabelBy::unit) {
    std::string_view rest = info.cgroup;
    label = base_name(rest);
    for (; !rest.empty() && rest != "/"; rest = rest.substr(0, rest.rfind('/'))) {
      const std::string_view part = base_name(rest);
      if (part.ends_with(".service") || part.ends_with(".scope")) {
        label = part;
        break;
      }
    }
  }
  if (label.size() > kLongestLabel) {
    std::size_t end = kLongestLabel;
    while (end > 0 && (static_cast<unsigned char>(label[end]) & 0xc0) == 0x80)
      --end;  // not within a character
    label.resize(end);
  }
  return label.empty() ? std::string(comm) : label;
}

}  // namespace pcapml
