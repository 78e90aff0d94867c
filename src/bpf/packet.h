/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "owner.h"

/* A connection that was established but not accepted when the capture began has no owner yet: its listener's.
 */
static __noinline struct pcapml_owner* inherit_from_listener(struct bpf_sock* socket,
                                                             struct pcapml_packet* packet) {
  if (!socket || !packet) return 0;
  struct pcapml_listener key = {.netns = packet->netns, .local = packet->local};
  struct pcapml_owner* owner = bpf_map_lookup_elem(&listeners, &key);
  if (!owner) {
    __builtin_memset(key.local.address, 0, sizeof(key.local.address));
    owner = bpf_map_lookup_elem(&listeners, &key);
  }
  if (!owner) {
    key.local.family = AF_INET6;
    owner = bpf_map_lookup_elem(&listeners, &key);
  }
  if (!owner) return 0;
  return bpf_sk_storage_get(&owners, socket, owner, BPF_SK_STORAGE_GET_F_CREATE);
}

static __always_inline __u64 wire_packets(struct __sk_buff* skb) {
  return skb->gso_size && skb->gso_segs > 1 ? skb->gso_segs : 1;
}

static __always_inline void lose(struct __sk_buff* skb, const struct pcapml_packet* packet) {
  const __u64 packets = wire_packets(skb);
  __sync_fetch_and_add(&lost[packet->direction & 1], packets);
  struct pcapml_loss_key key = {packet->netns, packet->interface, packet->direction};
  __u64* count = bpf_map_lookup_elem(&losses, &key);
  if (count) {
    __sync_fetch_and_add(count, packets);
    return;
  }
  bpf_map_update_elem(&losses, &key, &packets, BPF_NOEXIST);
}

static __always_inline void know_interface(struct __sk_buff* skb, const struct pcapml_packet* packet) {
  struct interface_key key = {packet->netns, packet->interface};
  if (bpf_map_lookup_elem(&interfaces, &key)) return;
  struct pcapml_interface_event* event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
  if (!event) {
    __sync_fetch_and_add(&events_lost, 1);
    return;
  }
  event->kind = PCAPML_INTERFACE;
  event->interface = key.interface;
  event->netns = key.netns;
  event->padding = 0;
  struct net_device* device = BPF_CORE_READ((struct sk_buff*)address_of(skb), dev);
  event->name[0] = 0;
  bpf_probe_read_kernel_str(event->name, sizeof(event->name), &device->name);
  bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
  const __u8 known = 1;
  bpf_map_update_elem(&interfaces, &key, &known, BPF_ANY);
}

/* Whether the running process sends this very packet. */
static __always_inline int sends(struct sock* sk, const struct pcapml_packet* packet,
                                 struct task_struct* task) {
  if (is_kernel_thread(task)) return 0;
  if (packet->protocol != IPPROTO_TCP && packet->protocol != IPPROTO_SCTP) return 1;
  /* A socket whose lock a process holds sends for that process; softirqs leave such a socket alone. */
  return !(packet->socket_flags & PCAPML_SOCKET_LISTENS) && BPF_CORE_READ(sk, sk_lock.owned) != 0;
}

static __always_inline void find_owner(struct __sk_buff* skb, struct pcapml_packet* packet) {
  struct bpf_sock* any = skb->sk;
  if (!any) return;
  struct bpf_sock* socket = bpf_sk_fullsock(any);
  if (!socket) return;
  struct sock* sk = address_of(socket);
  const __u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
  packet->protocol = socket->type == SOCK_RAW ? IPPROTO_RAW : socket->protocol;
  packet->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
  read_local(sk, family, &packet->local);
  read_remote(sk, family, &packet->remote);
  if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock)) packet->socket_flags |= PCAPML_SOCKET_KERNEL;
  if (packet->protocol == IPPROTO_TCP) {
    if (BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN_STATE)
      packet->socket_flags |= PCAPML_SOCKET_LISTENS;
    else
      packet->socket_flags |= PCAPML_SOCKET_CONNECTED;
  } else if (packet->remote.address[0] | packet->remote.address[1] | packet->remote.address[2] |
             packet->remote.address[3]) {
    packet->socket_flags |= PCAPML_SOCKET_CONNECTED;
  }

  struct pcapml_owner* owner = bpf_sk_storage_get(&owners, socket, 0, 0);
  if (!owner && (packet->socket_flags & PCAPML_SOCKET_CONNECTED) && packet->protocol == IPPROTO_TCP &&
      !(packet->socket_flags & PCAPML_SOCKET_KERNEL))
    owner = inherit_from_listener(socket, packet);
  if (!owner) return;
  struct task_struct* task = current_task();
  if (packet->direction == PCAPML_EGRESS && sends(sk, packet, task)) {
    packet->socket_flags |= PCAPML_SOCKET_SENT_BY_CURRENT;
    take(owner, packet->cookie, PCAPML_VIA_SEND, 1);
  }
  packet->owner = *owner;
  if (packet->socket_flags & PCAPML_SOCKET_SENT_BY_CURRENT) {
    /* Another process may have sent through the same socket in between. */
    packet->owner.pid = BPF_CORE_READ(task, tgid);
    packet->owner.tid = BPF_CORE_READ(task, pid);
    packet->owner.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
    packet->owner.is_followed = is_followed(task, packet->owner.pid, packet->owner.start_ns);
  }
  struct known_process* known = bpf_map_lookup_elem(&processes, &packet->owner.pid);
  if (known && known->start_ns == packet->owner.start_ns)
    __builtin_memcpy(packet->owner.name, known->name, PCAPML_NAME_LENGTH);
}

#define DNS_PORT 53

static __always_inline int has_dns_port(const struct __sk_buff* skb, const struct pcapml_packet* packet) {
  const __u16 dns = bpf_htons(DNS_PORT);
  if (packet->local.port == dns || packet->remote.port == dns) return 1;
  if (packet->protocol != IPPROTO_UDP || (packet->socket_flags & PCAPML_SOCKET_CONNECTED)) return 0;
  __u8 first = 0;
  __u16 ports[2] = {};
  if (bpf_skb_load_bytes(skb, 0, &first, 1)) return 0;
  const __u32 offset = first >> 4 == 4 ? (first & 15) * 4 : 40;
  return !bpf_skb_load_bytes(skb, offset, ports, sizeof(ports)) && (ports[0] == dns || ports[1] == dns);
}

/* Whether nothing that may still happen makes this a packet of a process that is followed. Answers of name
   servers are shown all the same: a process may ask through another one. */
static __always_inline int is_left_out(struct __sk_buff* skb, const struct pcapml_packet* packet) {
  if (!follows_some || packet->owner.is_followed) return 0;
  const int is_settled = packet->owner.pid == 0 || packet->owner.confirmed_cookie == packet->cookie ||
                         (packet->socket_flags & PCAPML_SOCKET_SENT_BY_CURRENT);
  if (!is_settled || has_dns_port(skb, packet)) return 0;
  __sync_fetch_and_add(&left_out, wire_packets(skb));
  return 1;
}

#define STORE(SIZE)                                                                            \
  if (take_bytes <= SIZE) {                                                                    \
    struct {                                                                                   \
      struct pcapml_packet packet;                                                             \
      __u8 bytes[SIZE];                                                                        \
    }* slot = bpf_ringbuf_reserve(&ring, sizeof(*slot), 0);                                    \
    if (!slot) {                                                                               \
      lose(skb, &packet);                                                                      \
      return 1;                                                                                \
    }                                                                                          \
    packet.time_ns = bpf_ktime_get_boot_ns();                                                  \
    __u32 size = take_bytes - 1;                                                               \
    barrier_var(size);                                                                         \
    size = (size & (SIZE - 1)) + 1; /* bounds that the verifiers of 5.10 and 6.1 can follow */ \
    packet.captured = bpf_skb_load_bytes(skb, 0, slot->bytes, size) ? 0 : size;                \
    slot->packet = packet;                                                                     \
    bpf_ringbuf_submit(slot, wakeup());                                                        \
    return 1;                                                                                  \
  }

static __always_inline int record(struct __sk_buff* skb, __u8 direction) {
  struct pcapml_packet packet = {};
  packet.kind = PCAPML_PACKET;
  packet.length = skb->len;
  packet.gso_size = skb->gso_size;
  packet.direction = direction;
  packet.interface = skb->ifindex;
  packet.cookie = bpf_get_socket_cookie(skb);
  find_owner(skb, &packet);
  if (is_left_out(skb, &packet)) return 1;
  know_interface(skb, &packet);
  if (packet.gso_size) {
    struct sk_buff* buffer = address_of(skb);
    struct skb_shared_info* shared = (void*)(BPF_CORE_READ(buffer, head) + BPF_CORE_READ(buffer, end));
    packet.has_fixed_id = BPF_CORE_READ(shared, gso_type) & SKB_GSO_TCP_FIXEDID;
  }
  packet.lost[0] = lost[0];
  packet.lost[1] = lost[1];

  __u32 take_bytes = packet.length;
  if (take_bytes == 0) return 1;
  if (take_bytes > snap_bytes && wire_packets(skb) == 1) take_bytes = snap_bytes;
  if (take_bytes > HEADERS_ONLY && bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > payload_bytes)
    take_bytes = HEADERS_ONLY;
  if (take_bytes > 131072) take_bytes = 131072;
  STORE(128)
  STORE(256)
  STORE(512)
  STORE(1024)
  STORE(2048)
  STORE(4096)
  STORE(8192)
  STORE(16384)
  STORE(32768)
  STORE(65536)
  STORE(131072)
  return 1;
}
