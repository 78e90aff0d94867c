// SPDX-License-Identifier: Apache-2.0
#include "capture/file_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "pcapml/error.h"

namespace pcapml {

std::string numbered(const std::string& path, std::size_t number) {
  const std::size_t name = path.rfind('/') + 1;  // 0 where there is none
  std::size_t dot = path.rfind('.');
  if (dot == std::string::npos || dot <= name) dot = path.size();
  return fmt::format("{}_{:05}{}", path.substr(0, dot), number, path.substr(dot));
}

std::string file_name(const FilePlan& plan, std::size_t number, std::time_t now) {
  if (!plan.rotates()) return plan.path;
  if (plan.file_seconds == 0 || plan.path.find('%') == std::string::npos) return numbered(plan.path, number);
  std::tm local{};
  localtime_r(&now, &local);
  std::string name(4096, '\0');
  name.resize(std::strftime(name.data(), name.size(), plan.path.c_str(), &local));
  if (name.empty()) throw UsageError(fmt::format("{}: no name that strftime(3) can make", plan.path));
  return name;
}

}  // namespace pcapml
