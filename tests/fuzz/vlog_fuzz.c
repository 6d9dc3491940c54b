// SPDX-License-Identifier: BSD-2-Clause
/*
 * Verifier logs: pieces of lines in any order, cut anywhere. Nothing may crash
 * or hang, and instructions on the path must be ones that were counted.
 */
#include "render/vlog.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *log = xmemdup(data, size ? size : 1);	/* exactly as long: reads behind it are seen */
	struct vlog *v = vlog_new(log, size);
	struct buf text = BUF_INIT;

	for (uint32_t i = 0; i < v->nr_path; i++)
		if (v->path[i].insn >= v->nr || !v->insns[v->path[i].insn].visits)
			abort();
	vlog_explain(&text, v, NULL);
	buf_free(&text);
	vlog_free(v);
	free(log);
	return 0;
}

static const char *const pieces[] = {
	"0", "1", "7", "31", "999999", "99999999999", ": ", "(07) r1 += 1", "(18) r2 = 0x0",
	"(15) if r1 == 0x7 goto pc+1", "(95) exit", " ; ", "R1=scalar(var_off=(0x0; 0xff))", "R10=fp0",
	"R2_w=inv0", "R1", "=", "from ", " to ", ": safe", "; int x = 1; @ x.c:1", "caller:", "callee:",
	" frame1: ", "Validating f() func#1...", "mark_precise: ", "processed ", "insn ", "(", ")", "\x1b",
	"R1 invalid mem access 'scalar'", "\n", "\n", "\n", "\n", "\n", "\n",
};

static void random_log(void)
{
	struct buf log = BUF_INIT;

	for (int n = random() % 300; n > 0; n--)
		buf_puts(&log, pieces[random() % ARRAY_SIZE(pieces)]);
	LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&log), log.len);
	buf_free(&log);
}

#ifndef LIBFUZZER
int main(int argc, char **argv)
{
	return fuzz_main(argc, argv, random_log);
}
#endif
