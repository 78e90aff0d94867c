/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "state.h"

/* The file's path as the names of its directories, from the file upwards, through mounts, where the name is
   empty. Hooks of this kind may not call bpf_d_path(). */
static __always_inline void read_path(struct task_struct* task, struct pcapml_process_event* event) {
  struct file* file = BPF_CORE_READ(task, mm, exe_file);
  struct dentry* dentry = BPF_CORE_READ(file, f_path.dentry);
  void* vfsmount = BPF_CORE_READ(file, f_path.mnt);
  struct mount* mount = vfsmount - bpf_core_field_offset(struct mount, mnt);
  event->path_is_whole = 0;
  if (!file) return;
  for (int i = 0; i < PCAPML_PATH_PARTS; i++) {
    struct dentry* parent = BPF_CORE_READ(dentry, d_parent);
    struct dentry* root = BPF_CORE_READ(mount, mnt.mnt_root);
    event->path[i][0] = 0;
    if (dentry == parent || dentry == root) {
      struct mount* above = BPF_CORE_READ(mount, mnt_parent);
      if (above == mount) {
        event->path_is_whole = 1;
        return;
      }
      dentry = BPF_CORE_READ(mount, mnt_mountpoint);
      mount = above;
    } else {
      bpf_probe_read_kernel_str(event->path[i], PCAPML_PATH_PART_LENGTH, BPF_CORE_READ(dentry, d_name.name));
      dentry = parent;
    }
  }
}

/* `task` is the running one where `is_current`: only then can its memory be read. */
__noinline int tell_process(__u64 task_address, __u64 exec_ns, int is_current) {
  struct task_struct* task =
      (void*)task_address; /* a number, so that this is verified once for all callers */
  struct pcapml_process_event* event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
  if (!event) {
    __sync_fetch_and_add(&events_lost, 1);
    return -1;
  }
  struct task_struct* leader = BPF_CORE_READ(task, group_leader);
  event->kind = PCAPML_PROCESS;
  event->pid = BPF_CORE_READ(task, tgid);
  event->start_ns = BPF_CORE_READ(leader, start_boottime);
  event->exec_ns = exec_ns;
  event->parent = BPF_CORE_READ(leader, real_parent, tgid);
  event->uid = BPF_CORE_READ(leader, cred, uid.val);
  bpf_probe_read_kernel_str(event->name, sizeof(event->name), &leader->comm);
  event->inode = BPF_CORE_READ(task, mm, exe_file, f_inode, i_ino);
  read_path(task, event);
  event->arguments_length = 0;
  unsigned long start = BPF_CORE_READ(task, mm, arg_start);
  unsigned long length = BPF_CORE_READ(task, mm, arg_end) - start;
  if (is_current && start && length > 0) {
    if (length > PCAPML_ARGUMENTS_LENGTH) length = PCAPML_ARGUMENTS_LENGTH;
    unsigned long masked = length - 1;
    barrier_var(masked);
    masked = (masked & (PCAPML_ARGUMENTS_LENGTH - 1)) + 1; /* a bound that the verifier of 5.10 can follow */
    if (bpf_probe_read_user(event->arguments, masked, (void*)start) == 0) event->arguments_length = masked;
  }
  bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
  return 0;
}

/* So that only those that run have a place in the table. */
static __always_inline void forget_process(struct task_struct* task) {
  const __u32 pid = BPF_CORE_READ(task, pid);
  const struct known_process* known = bpf_map_lookup_elem(&processes, &pid);
  if (known && known->start_ns == BPF_CORE_READ(task, start_boottime)) bpf_map_delete_elem(&processes, &pid);
}

/* Puts the name of the running process into `name`; tells of the process where it is new. */
static __always_inline void know_current(struct task_struct* task, __u32 pid, __u64 start_ns, char* name) {
  struct known_process* known = bpf_map_lookup_elem(&processes, &pid);
  if (known && known->start_ns == start_ns) {
    __builtin_memcpy(name, known->name, PCAPML_NAME_LENGTH);
    return;
  }
  struct known_process process = {.start_ns = start_ns};
  struct task_struct* leader = BPF_CORE_READ(task, group_leader);
  bpf_probe_read_kernel_str(process.name, sizeof(process.name), &leader->comm);
  __builtin_memcpy(name, process.name, PCAPML_NAME_LENGTH);
  if (tell_process((__u64)task, 0, 1) == 0) bpf_map_update_elem(&processes, &pid, &process, BPF_ANY);
}
