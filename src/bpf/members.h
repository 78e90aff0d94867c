/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "state.h"

/* Whose packets are wanted: processes that were named, those of a user, and what came of them by fork. */

static __always_inline int has_followed_user(struct task_struct* task) {
  return followed_user != 0xffffffff && BPF_CORE_READ(task, cred, uid.val) == followed_user;
}

static __always_inline struct pcapml_member* member(__u32 pid, __u64 start_ns) {
  struct pcapml_member* found = bpf_map_lookup_elem(&members, &pid);
  return found && (found->start_ns == 0 || found->start_ns == start_ns) ? found : 0;
}

static __always_inline int is_followed(struct task_struct* task, __u32 pid, __u64 start_ns) {
  if (!follows_some) return 1;
  return has_followed_user(task) || member(pid, start_ns) != 0;
}

/* Runs before the child does. */
static __always_inline void follow_child(struct task_struct* parent, struct task_struct* child) {
  const __u32 pid = BPF_CORE_READ(child, tgid);
  if (BPF_CORE_READ(child, pid) != pid) return; /* a thread */
  const __u32 parent_pid = BPF_CORE_READ(parent, tgid);
  const struct pcapml_member* found = member(parent_pid, BPF_CORE_READ(parent, group_leader, start_boottime));
  const int is_child_of_member = found && found->follows_children;
  if (!is_child_of_member && !(follows_children && has_followed_user(parent))) return;
  struct pcapml_member added = {BPF_CORE_READ(child, start_boottime), 1, 1};
  if (bpf_map_update_elem(&members, &pid, &added, BPF_ANY) != 0) __sync_fetch_and_add(&members_refused, 1);
}

/* A process closes its sockets after this. It stays a member until its number may be used again. */
static __always_inline void end_member(struct task_struct* task) {
  if (BPF_CORE_READ(task, signal, live.counter) > 0) return; /* other threads go on */
  struct pcapml_member* found =
      member(BPF_CORE_READ(task, tgid), BPF_CORE_READ(task, group_leader, start_boottime));
  if (!found) return;
  found->is_alive = 0;
  __sync_fetch_and_add(&members_ended, 1);
}

static __always_inline void forget_member(struct task_struct* task) {
  const __u32 pid = BPF_CORE_READ(task, pid);
  if (pid != BPF_CORE_READ(task, tgid)) return;
  const struct pcapml_member* found = member(pid, BPF_CORE_READ(task, start_boottime));
  if (found) bpf_map_delete_elem(&members, &pid);
}
