/* SPDX-License-Identifier: GPL-2.0-only */
/* Captures the packets of a cgroup and the owners of their sockets. Thin entries; what they do is in
   owner.h, process.h and packet.h. */
#include <linux/bpf.h>
#include <linux/in.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define AF_INET 2
#define AF_INET6 10

#include "owner.h"
#include "packet.h"

char _license[] SEC("license") = "GPL";

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff* skb) { return record(skb, PCAPML_EGRESS); }

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff* skb) { return record(skb, PCAPML_INGRESS); }

SEC("cgroup/sock_create")
int on_create(struct bpf_sock* socket) {
  use_socket(socket, bpf_get_socket_cookie(socket), PCAPML_VIA_CREATE, 0);
  return 1;
}

SEC("cgroup/post_bind4")
int on_bind4(struct bpf_sock* socket) {
  use_socket(socket, bpf_get_socket_cookie(socket), PCAPML_VIA_CREATE, 0);
  return 1;
}

SEC("cgroup/post_bind6")
int on_bind6(struct bpf_sock* socket) {
  use_socket(socket, bpf_get_socket_cookie(socket), PCAPML_VIA_CREATE, 0);
  return 1;
}

#define ON_ADDRESS(name, section, via, confirms)                                   \
  SEC(section)                                                                     \
  int name(struct bpf_sock_addr* context) {                                        \
    struct bpf_sock* socket = context->sk;                                         \
    if (socket) use_socket(socket, bpf_get_socket_cookie(context), via, confirms); \
    return 1;                                                                      \
  }

ON_ADDRESS(on_connect4, "cgroup/connect4", PCAPML_VIA_CONNECT, 1)
ON_ADDRESS(on_connect6, "cgroup/connect6", PCAPML_VIA_CONNECT, 1)
ON_ADDRESS(on_receive4, "cgroup/recvmsg4", PCAPML_VIA_RECEIVE, 1)
ON_ADDRESS(on_receive6, "cgroup/recvmsg6", PCAPML_VIA_RECEIVE, 1)
/* accept() with room for an address asks for the peer's name, in the process that accepts; it may hand the
   connection on. */
ON_ADDRESS(on_accept4, "cgroup/getpeername4", PCAPML_VIA_ACCEPT, 0)
ON_ADDRESS(on_accept6, "cgroup/getpeername6", PCAPML_VIA_ACCEPT, 0)

/* Names the remote end of the datagram that this thread sends next, before any translation. */
#define ON_SEND(name, section, FAMILY, V4, V6)                                                             \
  SEC(section)                                                                                             \
  int name(struct bpf_sock_addr* context) {                                                                \
    struct bpf_sock* socket = context->sk;                                                                 \
    if (!socket) return 1;                                                                                 \
    struct pcapml_socket* record = use_socket(socket, bpf_get_socket_cookie(context), PCAPML_VIA_SEND, 1); \
    if (!record) return 1;                                                                                 \
    struct pcapml_endpoint remote = {};                                                                    \
    __u32 v6[4] = {};                                                                                      \
    V6;                                                                                                    \
    read_endpoint(&remote, FAMILY, context->user_port, V4, v6);                                            \
    const __u32 tid = BPF_CORE_READ(current_task(), pid);                                                  \
    record->owner.remote = remote;                                                                         \
    record->owner.remote_tid = tid;                                                                        \
    record->remote_seal = seal_of_remote(&remote, tid);                                                    \
    return 1;                                                                                              \
  }

ON_SEND(on_send4, "cgroup/sendmsg4", AF_INET, context->user_ip4, (void)v6)
ON_SEND(on_send6, "cgroup/sendmsg6", AF_INET6, 0, v6[0] = context->user_ip6[0]; v6[1] = context->user_ip6[1];
        v6[2] = context->user_ip6[2]; v6[3] = context->user_ip6[3])

/* Since Linux 6.3. Fires after the data was read; the only sign of processes that accept without an address,
   or inherit a bound socket, and never write. */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_read, struct sock* sk, int result, int flags) {
  if (result < 0) return 0;
  struct pcapml_socket* record = bpf_sk_storage_get(&sockets, sk, 0, 0);
  if (!record) return 0;
  struct task_struct* task = current_task();
  const __u64 cookie = bpf_get_socket_cookie(sk);
  /* Who speaks first owns an accepted connection, not who reads. */
  const int confirms = record->owner.cookie == cookie;
  const struct pcapml_owner copy = record->owner;
  barrier();
  if ((!confirms || copy.confirmed_cookie == cookie) && is_taken_by(record, &copy, task)) return 0;
  if (is_kernel_thread(task)) return 0;
  struct current current;
  read_current(task, &current);
  if (take(record, &current, cookie, PCAPML_VIA_RECEIVE, confirms))
    tell_owner(&record->owner, cookie, (__u64)address_of(sk));
  return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task) {
  const __u32 pid = BPF_CORE_READ(task, tgid);
  struct known_process* known = bpf_map_lookup_elem(&processes, &pid);
  if (!known) return 0;
  bpf_probe_read_kernel_str(known->name, sizeof(known->name), &task->comm);
  __sync_fetch_and_add(&names_version, 1);
  tell_process((__u64)address_of(task), bpf_ktime_get_boot_ns(), 1);
  return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct* task, const char* name) {
  const __u32 pid = BPF_CORE_READ(task, tgid);
  if (BPF_CORE_READ(task, pid) != pid) return 0; /* threads do not name their process */
  struct known_process* known = bpf_map_lookup_elem(&processes, &pid);
  if (!known) return 0;
  bpf_probe_read_kernel_str(known->name, sizeof(known->name), name);
  __sync_fetch_and_add(&names_version, 1);
  return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock* sk, int old_state, int new_state) {
  if (new_state != TCP_CLOSE_STATE) return 0;
  const __u64 cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
  if (cookie) tell_closed(cookie); /* only sockets that a program asked about have one */
  return 0;
}

SEC("cgroup/sock_release")
int on_release(struct bpf_sock* socket) {
  if (socket->protocol != IPPROTO_TCP) tell_closed(bpf_get_socket_cookie(socket));
  return 1;
}

/* These two are loaded only where some processes are followed. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* parent, struct task_struct* child) {
  follow_child(address_of(parent), address_of(child));
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct* task) {
  end_member(address_of(task));
  return 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(on_free, struct task_struct* task) {
  forget_process(address_of(task));
  if (follows_some) forget_member(address_of(task));
  return 0;
}
