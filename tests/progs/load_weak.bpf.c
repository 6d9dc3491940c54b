// SPDX-License-Identifier: BSD-2-Clause
/* Weak externs that no kernel has, used without asking for them. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

extern int bpf_no_such_kfunc(struct __sk_buff *skb) __weak __ksym;
extern void bpf_no_such_void(struct __sk_buff *skb) __weak __ksym;
extern const int bpf_no_such_variable __weak __ksym;

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int weak_kfunc(struct __sk_buff *skb)
{
	return skb->len ? bpf_no_such_kfunc(skb) : 0;
}

SEC("tc")
int weak_void(struct __sk_buff *skb)
{
	bpf_no_such_void(skb);
	return 0;
}

SEC("tc")
int weak_variable(struct __sk_buff *skb)
{
	return bpf_no_such_variable;
}
