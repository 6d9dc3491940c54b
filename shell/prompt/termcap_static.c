// SPDX-License-Identifier: BSD-2-Clause
/*
 * What libedit asks of a termcap library, for the static build, which finds no description of
 * terminals where it runs: those of today all understand ECMA-48's sequences.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termcap.h>

/* What names of terminals begin with that understand the table below. */
static const char *const families[] = {
	"Eterm", "alacritty", "ansi", "contour", "cygwin", "foot", "ghostty", "gnome", "iterm",
	"kitty", "konsole", "linux", "mintty", "mlterm", "ms-terminal", "putty", "rxvt", "screen",
	"st-", "teraterm", "tmux", "vt220", "vt320", "vt420", "vt520", "vte", "wezterm", "xterm",
};

static const struct {
	char name[3];
	const char *text;	/* %d: a number, from 1 after %i */
} sequences[] = {
	{ "@7", "\033[F" }, { "DC", "\033[%dP" }, { "DO", "\033[%dB" }, { "IC", "\033[%d@" },
	{ "LE", "\033[%dD" }, { "RI", "\033[%dC" }, { "UP", "\033[%dA" }, { "bl", "\a" },
	{ "cd", "\033[J" }, { "ce", "\033[K" }, { "ch", "\033[%i%dG" }, { "cl", "\033[H\033[2J" },
	{ "dc", "\033[P" }, { "ho", "\033[H" }, { "ic", "\033[@" }, { "kD", "\033[3~" },
	{ "kd", "\033[B" }, { "kh", "\033[H" }, { "kl", "\033[D" }, { "kr", "\033[C" },
	{ "ku", "\033[A" }, { "le", "\b" }, { "md", "\033[1m" }, { "me", "\033[0m" },
	{ "nd", "\033[C" }, { "se", "\033[27m" }, { "so", "\033[7m" }, { "ue", "\033[24m" },
	{ "up", "\033[A" }, { "us", "\033[4m" },
};

/* 1, or 0: not known. */
int tgetent(char *buf, const char *terminal)
{
	for (size_t i = 0; terminal && i < sizeof(families) / sizeof(*families); i++) {
		if (!strncmp(terminal, families[i], strlen(families[i])))
			return 1;
	}
	return 0;
}

/* Lines end by themselves, and the cursor stays on the last column until more is written. */
int tgetflag(const char *name)
{
	return !strcmp(name, "am") || !strcmp(name, "xn") || !strcmp(name, "km");
}

/* Of a window whose size the kernel does not know. */
int tgetnum(const char *name)
{
	return !strcmp(name, "co") ? 80 : !strcmp(name, "li") ? 24 : -1;
}

char *tgetstr(const char *name, char **area)
{
	for (size_t i = 0; i < sizeof(sequences) / sizeof(*sequences); i++) {
		if (!strcmp(name, sequences[i].name))
			return (char *)sequences[i].text;
	}
	return NULL;
}

/* Of sequences with one number. */
char *tgoto(const char *sequence, int column, int row)
{
	const char *number = strchr(sequence, '%');
	static char text[32];
	bool from_one;

	if (!number)
		return (char *)sequence;
	from_one = number[1] == 'i';
	snprintf(text, sizeof(text), "%.*s%d%s", (int)(number - sequence), sequence,
		 row + from_one, number + (from_one ? 4 : 2));
	return text;
}

int tputs(const char *sequence, int lines, int (*put)(int))
{
	while (*sequence)
		put(*sequence++);
	return 0;
}
