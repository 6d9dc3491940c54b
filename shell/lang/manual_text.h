/* SPDX-License-Identifier: BSD-2-Clause */
/* What the manual pages say besides what the command table does. */
#ifndef BPFSH_MANUAL_TEXT_H
#define BPFSH_MANUAL_TEXT_H

enum manual_kind {
	MANUAL_END,
	MANUAL_SECTION,		/* .SH: text is its title */
	MANUAL_PART,		/* .SS */
	MANUAL_TEXT,		/* a paragraph */
	MANUAL_TAG,		/* a bold tag, and what it means */
	MANUAL_FILE,		/* the same with a path: in italics */
	MANUAL_CODE,		/* lines as they are, indented */
};

/* In text, what stands between two backquotes is bold; all else is literal. */
struct manual_item {
	enum manual_kind kind;
	const char *text;
	const char *tag;	/* MANUAL_TAG, MANUAL_FILE */
};

/* Sections of bpfsh(8) behind its commands, and bpfsh-script(7); both end with MANUAL_END. */
extern const struct manual_item manual_of_program[];
extern const struct manual_item manual_of_scripts[];

#endif
