// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace pcapml {
struct JoinReport;
struct JoinRequest;
}  // namespace pcapml

namespace pcapml::cli {

/// Below this share of packets that have a record a join is worth a warning.
inline constexpr double kFewMatchesPercent = 95;

/// The outcome in one line.
std::string join_summary(const JoinReport& report);
/// All that is known: as text, as one line of JSON, as a page of HTML that needs nothing else.
std::string join_text(const JoinReport& report, const JoinRequest& request);
std::string join_json(const JoinReport& report);
std::string join_html(const JoinReport& report, const JoinRequest& request);

/// Parts of these: how the table's times were read, how windows were widened, a length of time.
std::string join_clock_text(const JoinReport& report);
std::string join_slack_text(const JoinReport& report);
std::string join_seconds(std::int64_t ns);

}  // namespace pcapml::cli
