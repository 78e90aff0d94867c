/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The members of kernel structures that the programs read; libbpf finds their places in the running kernel
   (CO-RE), so that building needs no kernel's BTF. Names are the kernel's. */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
  int counter;
} atomic_t;
typedef struct {
  long long counter;
} atomic64_t;

struct ns_common {
  unsigned int inum;
};
struct net {
  struct ns_common ns;
};
typedef struct {
  struct net* net;
} possible_net_t;

struct in6_addr {
  union {
    __u32 u6_addr32[4];
  } in6_u;
};

struct sock_common {
  union {
    struct {
      __u32 skc_daddr;
      __u32 skc_rcv_saddr;
    };
  };
  union {
    struct {
      __u16 skc_dport;
      __u16 skc_num;
    };
  };
  unsigned short skc_family;
  volatile unsigned char skc_state;
  possible_net_t skc_net;
  struct in6_addr skc_v6_daddr;
  struct in6_addr skc_v6_rcv_saddr;
  atomic64_t skc_cookie;
};

typedef struct {
  int owned;
} socket_lock_t;

struct sock {
  struct sock_common __sk_common;
  socket_lock_t sk_lock;
  __u8 sk_kern_sock : 1;
};

struct net_device {
  char name[16];
};
struct skb_shared_info {
  unsigned int gso_type;
};
struct sk_buff {
  unsigned char* head;
  unsigned int end;
  struct net_device* dev;
};

struct qstr {
  const unsigned char* name;
};
struct dentry {
  struct dentry* d_parent;
  struct qstr d_name;
};
struct vfsmount {
  struct dentry* mnt_root;
};
struct mount {
  struct mount* mnt_parent;
  struct dentry* mnt_mountpoint;
  struct vfsmount mnt;
};
struct path {
  struct vfsmount* mnt;
  struct dentry* dentry;
};
struct inode {
  unsigned long i_ino;
};
struct file {
  struct path f_path;
  struct inode* f_inode;
};
struct mm_struct {
  unsigned long arg_start, arg_end;
  struct file* exe_file;
};

typedef struct {
  unsigned int val;
} kuid_t;
struct cred {
  kuid_t uid;
};

struct signal_struct {
  atomic_t live;
};

struct task_struct {
  unsigned int flags;
  int pid;
  int tgid;
  struct task_struct* real_parent;
  struct task_struct* group_leader;
  __u64 start_boottime;
  char comm[16];
  struct mm_struct* mm;
  const struct cred* cred;
  struct signal_struct* signal;
};

#pragma clang attribute pop

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */
#define TCP_CLOSE_STATE 7     /* include/net/tcp_states.h */
#define TCP_LISTEN_STATE 10   /* include/net/tcp_states.h */
#define SKB_GSO_TCP_FIXEDID 8 /* include/linux/skbuff.h */
#define SOCK_RAW 3            /* include/linux/net.h */
