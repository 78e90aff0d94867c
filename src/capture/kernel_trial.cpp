// SPDX-License-Identifier: Apache-2.0
#include "capture/kernel_trial.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "capture/kernel_programs.h"
#include "pcapml/error.h"

namespace pcapml {
namespace {

std::string own_cgroup(const std::string& mount) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("0::/")) return mount + line.substr(3);
  return mount;
}

/// An empty cgroup that goes with this object.
class TrialCgroup {
 public:
  explicit TrialCgroup(const std::string& mount) {
    for (const std::string& parent : {mount, own_cgroup(mount)}) {
      std::string path = fmt::format("{}/pcapml-doctor-{}", parent, getpid());
      if (mkdir(path.c_str(), 0755) == 0) {
        path_ = std::move(path);
        return;
      }
      if (trouble_.empty())
        trouble_ = fmt::format("no cgroup can be made below {}: {}", parent, std::strerror(errno));
    }
  }
  ~TrialCgroup() {
    if (!path_.empty()) rmdir(path_.c_str());
  }
  TrialCgroup(const TrialCgroup&) = delete;
  TrialCgroup& operator=(const TrialCgroup&) = delete;

  const std::string& path() const { return path_; }  ///< empty: none could be made
  const std::string& trouble() const { return trouble_; }

 private:
  std::string path_, trouble_;
};

}  // namespace

bool has_live_capture() { return true; }

KernelTrial try_programs(std::size_t buffer_bytes, const std::string& cgroup2) {
  KernelTrial trial;
  std::string* trouble = &trial.load_trouble;
  try {
    const TrialCgroup cgroup(cgroup2);  // before the programs, so that they are detached when it goes
    KernelPlan plan;
    plan.buffer_bytes = buffer_bytes;
    KernelPrograms programs(plan);
    trial.sees_readers = programs.sees_readers();
    if (cgroup.path().empty()) {
      trial.cgroup_trouble = cgroup.trouble();
      return trial;
    }
    trouble = &trial.attach_trouble;
    programs.attach(cgroup.path());
  } catch (const std::exception& error) {
    *trouble = error.what();
  }
  return trial;
}

}  // namespace pcapml
