// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pcapml {
struct JoinReport;
struct JoinRequest;
}  // namespace pcapml

namespace pcapml::cli {

/// The outcome in a few lines.
std::string join_summary(const JoinReport& report);
/// All that is known, as text, and as one line of JSON.
std::string join_text(const JoinReport& report, const JoinRequest& request);
std::string join_json(const JoinReport& report);

}  // namespace pcapml::cli
