// SPDX-License-Identifier: BSD-2-Clause
/*
 * An indirect jump through a table, as compilers newer than ours make them:
 * written by hand, and too new for most kernels.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* gotox r3 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define GOTOX ".8byte 0x030d\n"
#else
#define GOTOX ".8byte 0x0d30000000000000\n"
#endif

char LICENSE[] SEC("license") = "GPL";

asm(".section xdp,\"ax\",@progbits\n"
    ".globl jump\n"
    ".type jump,@function\n"
    "jump:\n"
    "r2 = *(u32 *)(r1 + 16)\n"
    "r2 &= 1\n"
    "r2 <<= 3\n"
    "r3 = table ll\n"
    "r3 += r2\n"
    "r3 = *(u64 *)(r3 + 0)\n"
    GOTOX
    "r0 = 1\n"
    "exit\n"
    "r0 = 2\n"
    "exit\n"
    ".size jump, . - jump\n"
    ".section .jumptables,\"\",@progbits\n"
    "table:\n"
    ".8byte 64\n"
    ".8byte 80\n"
    ".size table, . - table\n"
    ".text\n");
