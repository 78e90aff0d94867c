// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pcapml {
struct LabelResult;
struct MarkResult;
struct MergeResult;
struct SortResult;
struct SplitResult;
struct StripResult;
}  // namespace pcapml

namespace pcapml::cli {

/// Results as one line of JSON each, for programs.
std::string to_json(const LabelResult& result);
std::string to_json(const MarkResult& result);
std::string to_json(const MergeResult& result);
std::string to_json(const SortResult& result);
std::string to_json(const SplitResult& result);
std::string to_json(const StripResult& result);

}  // namespace pcapml::cli
