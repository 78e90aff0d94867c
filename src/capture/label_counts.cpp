// SPDX-License-Identifier: Apache-2.0
#include "capture/label_counts.h"

#include <algorithm>
#include <map>

namespace pcapml {

LabelCounts::Count& LabelCounts::of(const std::string& label, const std::string& executable) {
  std::string key = label;
  key += '\0';
  key += executable;
  if (const auto it = counts_.find(key); it != counts_.end()) return it->second;
  if (counts_.size() >= kMost) {
    Count& others = counts_["(others)"];
    others.label = "(others)";
    return others;
  }
  Count& count = counts_[key];
  count.label = label;
  count.executable = executable;
  return count;
}

void LabelCounts::add_domain(Count& count, const std::string& domain) {
  std::erase(count.domains, domain);
  count.domains.push_front(domain);
  if (count.domains.size() > kDomains) count.domains.pop_back();
}

std::vector<CapturedLabel> LabelCounts::by_packets() const {
  std::vector<CapturedLabel> labels;
  for (const auto& [key, count] : counts_)
    if (count.packets > 0) labels.push_back({count.label, count.executable, count.packets});
  std::sort(labels.begin(), labels.end(), [](const CapturedLabel& a, const CapturedLabel& b) {
    return std::tie(b.packets, a.label, a.executable) < std::tie(a.packets, b.label, b.executable);
  });
  return labels;
}

std::vector<LiveLabel> LabelCounts::live() const {
  std::map<std::string, LiveLabel> labels;
  for (const auto& [key, count] : counts_) {
    if (count.packets == 0) continue;
    LiveLabel& label = labels[count.label];
    label.label = count.label;
    label.packets += count.packets;
    label.bytes += count.bytes;
    label.flows += count.flows;
    for (const std::string& domain : count.domains)
      if (label.domains.size() < kDomains) label.domains.push_back(domain);
  }
  std::vector<LiveLabel> result;
  for (auto& [key, label] : labels) result.push_back(std::move(label));
  return result;
}

}  // namespace pcapml
