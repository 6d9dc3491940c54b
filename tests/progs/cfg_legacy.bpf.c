// SPDX-License-Identifier: BSD-2-Clause
/* A socket filter: loads of packet bytes by LD_ABS and LD_IND, and of context fields. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long off) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long off) asm("llvm.bpf.load.word");

SEC("socket")
int classic(struct __sk_buff *skb)
{
	__u32 head;

	if (load_half(skb, 12) != ETH_P_IP)
		return 0;
	head = (load_byte(skb, 14) & 15) * 4;
	if (load_byte(skb, 23) == 6 && load_half(skb, 14 + head) == 80)
		return skb->len;
	return load_word(skb, 26) == 0x7f000001 ? -1 : skb->mark & 0xff;
}
