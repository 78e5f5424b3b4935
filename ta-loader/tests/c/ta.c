/* SPDX-License-Identifier: BSD-2-Clause */
/* A TA as far as its loader is concerned, with every relocation that the compiler makes for one. */

typedef unsigned int u32;
typedef unsigned long long u64;

struct head {
	u32 uuid[4];
	u32 stack_size;
	u32 flags;
	u64 depr_entry;
};

const struct head ta_head __attribute__((section(".ta_head"), used)) = {
	{ 0x8aaaf200, 0x11e42450, 0x0200e2ab, 0x1bc5d5a5 }, 8192, 0x4, ~0ull
};

u32 oxtee_ta_limits[4] = { 0x4c54584f, 16, 1500, 0 };

struct phdr_info {
	u32 reserved;
	unsigned short count;
	unsigned char reserved2;
	char zero;
	void *infos;
} __elf_phdr_info;

extern int nowhere(int) __attribute__((weak));

int visible(int x)
{
	return x + 1;
}

static int hidden(int x)
{
	return x + 2;
}

static char zeros[10000];

int (*table[])(int) = { visible, hidden, visible, nowhere };
char *inside = zeros + 1234;
const char *const names[] = { "one", "two", "three" };

static void start(void)
{
	zeros[0] = 1;
}

__attribute__((section(".init_array"), used)) static void (*initialiser)(void) = start;

int __ta_entry(int function)
{
	int sum = zeros[function & 7] + *names[function & 1] + inside[0];

	if (nowhere)
		sum += nowhere(1);
	return sum + table[function & 1](function) + visible(function);
}
