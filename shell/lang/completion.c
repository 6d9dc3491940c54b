// SPDX-License-Identifier: BSD-2-Clause
/* Completion for other shells: the scripts, and what they ask for. */
#include <stdlib.h>
#include <string.h>

#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/complete.h"
#include "shell/lang/grammar.h"
#include "shell/lang/manual.h"

/*
 * Bash splits words at "=" and ":" too, and replaces only what stands behind
 * the last of these: words are put together again for bpfsh, and what bash
 * keeps is taken off its answers. Notes are shown where candidates are listed
 * (COMP_TYPE 63), which inserts nothing. What is inserted is quoted: names of
 * files and pins may be anything, also commands.
 */
static const char bash_script[] =
"# Completion of bpfsh for bash.\n"
"_bpfsh()\n"
"{\n"
"	local line=${COMP_LINE:0:COMP_POINT} words=() word blanks text note kept i\n"
"\n"
"	for ((i = 0; i <= COMP_CWORD; i++)); do\n"
"		word=${COMP_WORDS[i]}\n"
"		blanks=${line%%[![:blank:]]*}\n"
"		line=${line#\"$blanks\"}\n"
"		if ((i)) && [[ -z $blanks ]]; then\n"
"			words[${#words[@]}-1]+=$word\n"
"		else\n"
"			words+=(\"$word\")\n"
"		fi\n"
"		line=${line#\"$word\"}\n"
"	done\n"
"	word=${words[${#words[@]}-1]}\n"
"	kept=\n"
"	[[ $word == *[$COMP_WORDBREAKS]* ]] && kept=${word%\"${word##*[=:]}\"}\n"
"	COMPREPLY=()\n"
"	while IFS=$'\\t' read -r text note; do\n"
"		text=${text#\"$kept\"}\n"
"		[[ -z $text || $COMP_TYPE == 63 ]] || printf -v text %q \"$text\"\n"
"		[[ -n $note && $COMP_TYPE == 63 ]] && text+=\"  ($note)\"\n"
"		COMPREPLY+=(\"$text\")\n"
"	done < <(\"${words[0]}\" --complete \"${words[@]:1}\" 2>/dev/null)\n"
"	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[/=] ]] && compopt -o nospace\n"
"	return 0\n"
"}\n"
"complete -o nosort -F _bpfsh bpfsh\n";

static const char zsh_script[] =
"#compdef bpfsh\n"
"# Completion of bpfsh for zsh.\n"
"_bpfsh()\n"
"{\n"
"	local line text note\n"
"	local -a whole part\n"
"\n"
"	while IFS= read -r line; do\n"
"		text=${line%%$'\\t'*}\n"
"		note=${line#$text}\n"
"		text=${text//:/\\\\:}${note:+:${note#$'\\t'}}\n"
"		[[ ${line%%$'\\t'*} == *[/=] ]] && part+=(\"$text\") || whole+=(\"$text\")\n"
"	done < <(\"$words[1]\" --complete \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)\n"
"	(( $#part )) && _describe bpfsh part -S ''\n"
"	(( $#whole )) && _describe bpfsh whole\n"
"}\n"
"if [[ $zsh_eval_context == *:file ]]; then\n"
"	compdef _bpfsh bpfsh\n"
"else\n"
"	_bpfsh \"$@\"\n"
"fi\n";

static const char fish_script[] =
"# Completion of bpfsh for fish.\n"
"function __bpfsh_complete\n"
"	set -l words (commandline -opc)\n"
"	set -l current (commandline -ct)\n"
"	$words[1] --complete $words[2..-1] \"$current\" 2>/dev/null\n"
"end\n"
"complete -c bpfsh -f -a '(__bpfsh_complete)'\n";

static const struct {
	const char *shell, *text;
} scripts[] = {
	{ "bash", bash_script },
	{ "zsh", zsh_script },
	{ "fish", fish_script },
};

bool completion_script(struct buf *out, const char *shell)
{
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		if (!strcmp(scripts[i].shell, shell)) {
			buf_puts(out, scripts[i].text);
			return true;
		}
	}
	return false;
}

/* The option that a word is, "-o" or "--output" or the beginning of "--output=json". */
static const struct option_doc *find_option(const char *word)
{
	size_t len = strcspn(word, "=");

	for (const struct option_doc *o = bpfsh_options; o->name; o++)
		if ((word[1] == '-' && strlen(o->name) + 2 == len &&
		     !strncmp(word + 2, o->name, len - 2)) ||
		    (o->letter && word[1] == o->letter && !word[2]))
			return o;
	return NULL;
}

/* What the argument of an option may be, behind "--name=" or as a word: one of a few, or a file. */
static void complete_option(struct ctx *ctx, const struct option_doc *o, struct candidates *c)
{
	size_t len = c->prefix[0] == '-' ? strcspn(c->prefix, "=") + 1 : 0;

	for (const char *const *w = o->words; w && *w; w++) {
		char *text = xasprintf("%.*s%s", (int)len, c->prefix, *w);

		candidate_add(c, text, NULL, false);
		free(text);
	}
	if (!o->words)
		arg_file.complete(ctx, NULL, NULL, NULL, 0, c);
}

static void complete_options(struct ctx *ctx, struct candidates *c)
{
	const struct option_doc *with_arg = strchr(c->prefix, '=') ? find_option(c->prefix) : NULL;

	if (with_arg && with_arg->words) {
		complete_option(ctx, with_arg, c);
		return;
	}
	for (const struct option_doc *o = bpfsh_options; o->name; o++) {
		char *text = xasprintf("--%s", o->name);

		candidate_add(c, text, o->help, false);
		free(text);
	}
}

/* The command's words as a statement, which is then completed like one at the prompt. */
static void complete_command(struct session *s, char **words, int nr, struct completion *c)
{
	struct buf text = BUF_INIT;

	for (int i = 0; i < nr; i++) {
		if (i)
			buf_putc(&text, ' ');
		word_quoted(&text, words[i], i < nr - 1);
	}
	complete_text(s, buf_str(&text), text.len, c);
	buf_free(&text);
}

static void put_field(struct buf *out, const char *s)
{
	buf_escaped(out, s, strlen(s));
}

static void put_candidates(struct out *out, const struct candidates *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		struct buf *b = out_buf(out);

		put_field(b, c->list[i].text);
		if (c->list[i].note && *c->list[i].note) {
			buf_putc(b, '\t');
			put_field(b, c->list[i].note);
		}
		buf_putc(b, '\n');
		out_pushed(out);
	}
}

/* A command line, taken apart as main() does. */
struct line {
	char **words;			/* what is no option */
	int nr;
	bool script;			/* -f or -c is there: the words are a script's arguments */
	const struct option_doc *open;	/* the option whose argument is asked for */
};

/* The last word is what is asked for, and always kept. */
static struct line take_apart(char **words, int nr)
{
	struct line l = { .words = xcalloc(nr, sizeof(*l.words)) };

	for (int i = 0; i < nr; i++) {
		const struct option_doc *o = NULL;

		if (words[i][0] == '-' && !l.script && i < nr - 1)
			o = find_option(words[i]);
		if (!o) {
			l.words[l.nr++] = words[i];
			continue;
		}
		l.script |= !!(o->flags & OPTION_SCRIPT);
		if (o->arg && !strchr(words[i], '=') && ++i == nr - 1) {
			l.words[l.nr++] = words[i];
			l.open = o;
		}
	}
	return l;
}

void completion_words(struct session *s, char **words, int nr, struct out *out)
{
	struct ctx ctx = { .s = s };
	struct completion c = { 0 };
	struct line l;

	if (!nr)
		return;
	l = take_apart(words, nr);
	c.found.prefix = words[nr - 1];
	if (l.open)
		complete_option(&ctx, l.open, &c.found);
	else if (l.script)
		arg_file.complete(&ctx, NULL, NULL, NULL, 0, &c.found);
	else if (words[nr - 1][0] == '-')
		complete_options(&ctx, &c.found);
	else
		complete_command(s, l.words, l.nr, &c);
	put_candidates(out, &c.found);
	completion_free(&c);
	free(l.words);
}
