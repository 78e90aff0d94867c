/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "members.h"
#include "process.h"

#define barrier() asm volatile("" ::: "memory")

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

/* The running thread, as records have it. */
struct current {
  __u64 thread, thread_start_ns;
  __u64 start_ns;
  __u32 pid, tid;
  __u32 names_seen;
  char name[PCAPML_NAME_LENGTH];
};

static __always_inline void read_current(struct task_struct* task, struct current* current) {
  current->thread = (__u64)task;
  current->thread_start_ns = BPF_CORE_READ(task, start_boottime);
  current->tid = BPF_CORE_READ(task, pid);
  current->pid = BPF_CORE_READ(task, tgid);
  current->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
  current->names_seen = *(volatile __u32*)&names_version; /* before the name itself */
  know_current(task, current->pid, current->start_ns, current->name);
}

static __always_inline __u64 mix(__u64 seal, __u64 value) { return (seal ^ value) * 0xff51afd7ed558ccd; }

/* Two processes may write into one record at the same time; only what one of them wrote whole has its seal.
   So it is made of what is known, never of what the record says. */
static __always_inline __u64 seal_of(__u64 thread, __u64 thread_start_ns, __u64 start_ns, __u32 pid,
                                     __u32 tid, const char* name, __u32 names_seen) {
  const __u64* words = (const __u64*)name;
  __u64 seal = mix(thread ^ 0x9e3779b97f4a7c15, thread_start_ns);
  seal = mix(seal, start_ns);
  seal = mix(seal, (__u64)pid << 32 | tid);
  seal = mix(seal, words[0]);
  seal = mix(seal, words[1]);
  return seal ^ names_seen;
}

static __always_inline __u64 seal_of_remote(const struct pcapml_endpoint* remote, __u32 tid) {
  __u64 seal = mix(0x9e3779b97f4a7c15 ^ tid, (__u64)remote->address[0] << 32 | remote->address[1]);
  seal = mix(seal, (__u64)remote->address[2] << 32 | remote->address[3]);
  return mix(seal, (__u64)remote->port << 16 | remote->family);
}

static __always_inline void copy_current(struct pcapml_owner* owner, const struct current* current) {
  owner->pid = current->pid;
  owner->tid = current->tid;
  owner->start_ns = current->start_ns;
  __builtin_memcpy(owner->name, current->name, PCAPML_NAME_LENGTH);
  owner->is_followed = is_followed((struct task_struct*)current->thread, current->pid, current->start_ns);
}

/* Makes the running process the owner. True where it was not, or was not confirmed for this socket before. */
static __always_inline int take(struct pcapml_socket* record, const struct current* current, __u64 cookie,
                                __u32 via, int confirms) {
  struct pcapml_owner* owner = &record->owner;
  const int is_confirmed_now = confirms && owner->confirmed_cookie != cookie;
  const int is_new = is_confirmed_now || owner->pid != current->pid || owner->start_ns != current->start_ns;
  if (is_new) owner->via = via;
  copy_current(owner, current);
  record->thread = current->thread;
  record->thread_start_ns = current->thread_start_ns;
  record->names_seen = current->names_seen;
  record->seal = seal_of(current->thread, current->thread_start_ns, current->start_ns, current->pid,
                         current->tid, current->name, current->names_seen);
  barrier(); /* who sees that it is confirmed sees by whom */
  if (is_confirmed_now) owner->confirmed_cookie = cookie;
  return is_new;
}

#define USES_BETWEEN_LOOKS 256 /* so that a busy process stays in `processes` */

static __always_inline int is_whole(const struct pcapml_socket* record, const struct pcapml_owner* copy,
                                    __u32 names_seen) {
  return record->seal == seal_of(record->thread, record->thread_start_ns, copy->start_ns, copy->pid,
                                 copy->tid, copy->name, names_seen);
}

/* Whether this copy of the record's owner says what taking the socket again would say. */
static __always_inline int is_taken_by(struct pcapml_socket* record, const struct pcapml_owner* copy,
                                       struct task_struct* task) {
  const __u32 names_seen = record->names_seen;
  if (follows_some || record->thread != (__u64)task || names_seen != *(volatile __u32*)&names_version)
    return 0;
  if (++record->uses % USES_BETWEEN_LOOKS == 0) return 0;
  return record->thread_start_ns == BPF_CORE_READ(task, start_boottime) && is_whole(record, copy, names_seen);
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
static __always_inline struct pcapml_socket* use_socket(struct bpf_sock* socket, __u64 cookie, __u32 via,
                                                        int confirms) {
  struct pcapml_socket* record = bpf_sk_storage_get(&sockets, socket, 0, BPF_SK_STORAGE_GET_F_CREATE);
  if (!record) {
    __sync_fetch_and_add(&storage_failures, 1);
    return 0;
  }
  if (record->owner.cookie == 0) record->owner.cookie = cookie;
  struct task_struct* task = current_task();
  const struct pcapml_owner copy = record->owner;
  barrier();
  if ((!confirms || copy.confirmed_cookie == cookie) && is_taken_by(record, &copy, task)) return record;
  if (is_kernel_thread(task)) return record;
  struct current current;
  read_current(task, &current);
  if (take(record, &current, cookie, via, confirms) && via != PCAPML_VIA_CREATE)
    tell_owner(&record->owner, cookie, (__u64)address_of(socket));
  return record;
}
