// SPDX-License-Identifier: BSD-2-Clause
/* Maps whose keys and values are of every kind that BTF has: for dumps beside bpftool's. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum verdict { V_PASS, V_DROP, V_TX = 7, V_NEG = -3 };
enum big { BIG_ONE = 1, BIG_HIGH = 0x1234567890ULL, BIG_TOP = 0xffffffffffffffffULL };
enum sbig { SBIG_LOW = -0x1234567890LL, SBIG_ONE = 1 };
enum __attribute__((packed)) tiny { TINY_A, TINY_B = 200 };

typedef char letter;
typedef __u32 address_t;

struct point {
	short x, y;
};

struct bits {
	unsigned int a:1, b:3;
	int c:3, d:17;
	enum verdict e:4;
	_Bool f:1;
	unsigned long long g:40;
	long long h:24;
};

union either {
	__u32 word;
	__u8 bytes[4];
	struct point p;
};

struct everything {
	__u8 u8;
	__s8 s8;
	__u16 u16;
	__s16 s16;
	__u32 u32;
	__s32 s32;
	__u64 u64;
	__s64 s64;
	char c;
	letter l;
	_Bool yes, no;
	enum verdict v, unknown;
	enum tiny t;
	enum big big, big_unknown;
	enum sbig sbig;
	void *null, *ptr;
	int (*func)(int);
	char text[8], full[4], odd[4];
	letter letters[4];
	const volatile address_t addr;
	int grid[2][3];
	struct point points[2];
	struct {
		int in_anon;
		union {
			int in_union;
			unsigned int as_word;
		};
	};
	union either either;
	struct bits bits;
	__int128 wide;
	unsigned __int128 uwide;
	char none[0];
};

struct floats {
	float f;
	double d;
};

struct pair {
	__u32 a, b;
};

struct long_key {
	__u8 bytes[20];
};

/* With gaps: between fields, behind bits, in a shorter member of a union, in elements, at the end. */
struct loose {
	__u8 kind;
	__u32 n;
	__u8 low:3;
	union {
		__u64 id;
		struct {
			__u16 port;
			__u8 proto;
		} half;
	};
	union {
		struct {
			__u8 a;
			__u16 b;
		} pairs[2];
		__u8 one;
	} either;
	char name[6];
	__u8 last;
};

#define MAP(kind, name_, k, v, n)		\
	struct {				\
		__uint(type, kind);		\
		__uint(max_entries, n);		\
		__type(key, k);			\
		__type(value, v);		\
	} name_ SEC(".maps")

MAP(BPF_MAP_TYPE_HASH, t_XXXX_every, struct pair, struct everything, 8);
MAP(BPF_MAP_TYPE_HASH, t_XXXX_bits, address_t, struct bits, 8);
MAP(BPF_MAP_TYPE_HASH, t_XXXX_float, __u32, struct floats, 8);
MAP(BPF_MAP_TYPE_HASH, t_XXXX_enum, enum verdict, enum big, 8);
MAP(BPF_MAP_TYPE_HASH, t_XXXX_union, union either, struct pair, 8);
MAP(BPF_MAP_TYPE_HASH, t_XXXX_long, struct long_key, struct long_key, 8);
MAP(BPF_MAP_TYPE_ARRAY, t_XXXX_array, __u32, struct point, 3);
MAP(BPF_MAP_TYPE_PERCPU_ARRAY, t_XXXX_percpu, __u32, struct pair, 2);
MAP(BPF_MAP_TYPE_PERCPU_HASH, t_XXXX_pwide, struct long_key, struct long_key, 2);
MAP(BPF_MAP_TYPE_HASH, t_XXXX_loose, struct loose, struct loose, 8);
MAP(BPF_MAP_TYPE_PERCPU_HASH, t_XXXX_ploose, struct loose, struct loose, 2);

int counter;
struct point where = { 3, -4 };
static volatile const char greeting[] = "hello";
char message[16] = "it's \"quoted\"";

SEC("socket")
int t_XXXX_touch(void *ctx)
{
	counter++;
	where.x++;
	return greeting[counter & 3] + message[counter & 7];
}

char _license[] SEC("license") = "GPL";
