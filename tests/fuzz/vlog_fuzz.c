// SPDX-License-Identifier: BSD-2-Clause
/*
 * Verifier logs: pieces of lines in any order, cut anywhere. Nothing may crash
 * or hang, and instructions on the path must be ones that were counted.
 */
#include "render/cfg/cfg_text.h"
#include "render/cfg/marks.h"
#include "shell/base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/code.h"

/* On a graph with loops, a call and a callback, which knows nothing of the log. */
static void mark(const struct vlog *v)
{
	const struct bpf_insn insns[] = {
		LD64(1, BPF_PSEUDO_FUNC, 8, 0), IF(1, 7, -1), CALL(1), CALLF(3), IF(2, 1, -4), GOTO(0), EXIT,
		MOV(0, 1), EXIT, MOV(0, 2), EXIT,
	};
	struct code *code = ELF_CODE(insns);
	struct cfg *cfg = cfg_build(code);
	struct cfg_marks *marks = marks_new(cfg, v);
	struct buf text = BUF_INIT;

	cfg->marks = marks;
	cfg_json(&text, cfg, CFG_NONE);
	cfg_text(&text, cfg, CFG_NONE);
	vlog_explain(&text, v, code);
	buf_free(&text);
	cfg_free(cfg);
	marks_free(marks);
	code_free(code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *log = xmemdup(data, size ? size : 1);	/* exactly as long: reads behind it are seen */
	struct vlog *v = vlog_new(log, size);
	struct buf text = BUF_INIT;

	for (uint32_t i = 0; i < v->nr_path; i++)
		if (v->path[i].insn >= v->nr || !v->insns[v->path[i].insn].visits)
			abort();
	vlog_explain(&text, v, NULL);
	mark(v);
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
	"R1 invalid mem access 'scalar'", "<invalid CO-RE relocation>", "alloc_insn=", "(0) frame 0 insn 1",
	"invalid access to packet, off=1 size=1, R1(id=0,off=1,r=0)", "BPF program is too large",
	"\n", "\n", "\n", "\n", "\n", "\n",
};

static void random_log(void)
{
	struct buf log = BUF_INIT;

	for (int n = random() % 300; n > 0; n--)
		buf_puts(&log, pieces[random() % ARRAY_SIZE(pieces)]);
	LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&log), log.len);
	buf_free(&log);
}

FUZZ_PIECES(pieces)
FUZZ_MAIN(random_log)
