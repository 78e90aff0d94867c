/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "members.h"
#include "process.h"

static __always_inline struct task_struct* current_task(void) { return (void*)bpf_get_current_task(); }

/* The kernel's own object behind a socket or a context. The verifier allows no arithmetic on such a pointer;
   read back as a number it is an address like any other. */
static __always_inline void* address_of(void* object) {
  void* volatile kept = object;
  void* address = 0;
  bpf_probe_read_kernel(&address, sizeof(address), (void*)&kept);
  return address;
}

static __always_inline int is_kernel_thread(struct task_struct* task) {
  return (BPF_CORE_READ(task, flags) & PF_KTHREAD) != 0;
}

static __always_inline void read_endpoint(struct pcapml_endpoint* end, __u16 family, __u16 port, __u32 v4,
                                          const __u32* v6) {
  end->port = port;
  end->family = family;
  if (family == AF_INET6 && v6[0] == 0 && v6[1] == 0 && v6[2] == bpf_htonl(0xffff)) {
    end->family = AF_INET;
    end->address[0] = v6[3];
  } else if (family == AF_INET6) {
    __builtin_memcpy(end->address, v6, 16);
  } else if (family == AF_INET) {
    end->address[0] = v4;
  }
}

static __always_inline void read_local(struct sock* sk, __u16 family, struct pcapml_endpoint* end) {
  __u32 v6[4] = {};
  if (family == AF_INET6) BPF_CORE_READ_INTO(&v6, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32);
  read_endpoint(end, family, bpf_htons(BPF_CORE_READ(sk, __sk_common.skc_num)),
                BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr), v6);
}

static __always_inline void read_remote(struct sock* sk, __u16 family, struct pcapml_endpoint* end) {
  __u32 v6[4] = {};
  if (family == AF_INET6) BPF_CORE_READ_INTO(&v6, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32);
  read_endpoint(end, family, BPF_CORE_READ(sk, __sk_common.skc_dport),
                BPF_CORE_READ(sk, __sk_common.skc_daddr), v6);
}

/* Makes the running process the owner. True where it was not, or was not confirmed for this socket before. */
static __always_inline int take(struct pcapml_owner* owner, __u64 cookie, __u32 via, int confirms) {
  struct task_struct* task = current_task();
  if (is_kernel_thread(task)) return 0;
  const __u32 pid = BPF_CORE_READ(task, tgid);
  const __u64 start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
  int is_new = 0;
  if (owner->pid != pid || owner->start_ns != start_ns) {
    know_current(task, pid, start_ns, owner->name);
    owner->start_ns = start_ns;
    owner->pid = pid;
    owner->via = via;
    is_new = 1;
  }
  owner->tid = BPF_CORE_READ(task, pid);
  owner->is_followed = is_followed(task, pid, start_ns);
  if (confirms && owner->confirmed_cookie != cookie) {
    owner->confirmed_cookie = cookie;
    owner->via = via;
    is_new = 1;
  }
  return is_new;
}

static __noinline int tell_owner(struct pcapml_owner* owner, __u64 cookie, __u64 sk_address) {
  if (!owner) return 0;
  struct sock* sk = (void*)sk_address;
  struct pcapml_owner_event* event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
  if (!event) {
    __sync_fetch_and_add(&events_lost, 1);
    return 0;
  }
  event->kind = PCAPML_OWNER;
  event->time_ns = bpf_ktime_get_boot_ns();
  event->cookie = cookie;
  event->owner = *owner;
  struct pcapml_endpoint remote = {};
  read_remote(sk, BPF_CORE_READ(sk, __sk_common.skc_family), &remote);
  event->remote = remote;
  bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
  return 0;
}

static __always_inline void tell_closed(__u64 cookie) {
  struct pcapml_closed_event* event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
  if (!event) return; /* its entry grows old instead */
  event->kind = PCAPML_CLOSED;
  event->padding = 0;
  event->time_ns = bpf_ktime_get_boot_ns();
  event->cookie = cookie;
  bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

/* For hooks that run in the process that uses the socket; `confirms` where it uses it for itself. */
static __always_inline struct pcapml_owner* use_socket(struct bpf_sock* socket, __u64 cookie, __u32 via,
                                                       int confirms) {
  struct pcapml_owner* owner = bpf_sk_storage_get(&owners, socket, 0, BPF_SK_STORAGE_GET_F_CREATE);
  if (!owner) {
    __sync_fetch_and_add(&storage_failures, 1);
    return 0;
  }
  if (owner->cookie == 0) owner->cookie = cookie;
  if (take(owner, cookie, via, confirms) && via != PCAPML_VIA_CREATE)
    tell_owner(owner, cookie, (__u64)address_of(socket));
  return owner;
}
