// SPDX-License-Identifier: Apache-2.0
#include "capture/kernel_trouble.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "capture/kernel_facts.h"

namespace pcapml {
namespace {

std::optional<std::string> cause(int error) {
  const KernelVersion kernel = running_kernel();
  if (kernel.is_before(5, 10)) return old_kernel(kernel).sentence();
  if (!missing_to_load(effective_capabilities()).empty()) return no_capabilities().sentence();
  if (!has_btf()) return no_btf().sentence();
  if (error == EPERM && lockdown_mode() == "confidentiality") return locked_down().sentence();
  if (error == EPERM)
    return std::string(
        "the kernel forbids it; in a container, add the capabilities CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN "
        "and allow "
        "the bpf system call; before Linux 5.11, ulimit -l unlimited");
  if (error == ENOMEM) return std::string("there is not enough memory; ask for a smaller --buffer");
  if (error == E2BIG || error == EACCES || error == EINVAL)
    return fmt::format(
        "the kernel's verifier refused them (Linux {}); please report this with the words below",
        kernel.release);
  return std::nullopt;
}

}  // namespace

std::string trouble(std::string_view action, int error, std::string_view words) {
  std::string text = fmt::format("cannot {}: {}", action, std::strerror(error));
  if (const auto known = cause(error))
    return text + "\n" + *known + (known->ends_with("below") ? "\n" + std::string(words) : "");
  while (!words.empty() && words.back() == '\n') words.remove_suffix(1);
  if (!words.empty()) text += fmt::format("\n{}", words);
  return text;
}

}  // namespace pcapml
