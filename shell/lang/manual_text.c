// SPDX-License-Identifier: BSD-2-Clause
/* The manual's hand-written parts. */
#include "shell/lang/manual_text.h"

#define SECTION(title) { MANUAL_SECTION, title, 0 }
#define PART(title) { MANUAL_PART, title, 0 }
#define TEXT(...) { MANUAL_TEXT, __VA_ARGS__, 0 }
#define TAG(tag, ...) { MANUAL_TAG, __VA_ARGS__, tag }
#define FILE(path, ...) { MANUAL_FILE, __VA_ARGS__, path }
#define CODE(...) { MANUAL_CODE, __VA_ARGS__, 0 }

const struct manual_item manual_of_program[] = {
	SECTION("PROMPT"),
	TAG("Tab", "Completes the word, with notes beside the candidates when pressed again."),
	TAG("?", "Between words: shows what may stand there."),
	TAG("Ctrl-C", "Drops the line, or stops the command that runs."),
	TAG("Ctrl-D", "On an empty line: leaves. An open transaction is rolled back."),
	TAG("Up, Down", "Older and newer entries that begin with what stands before the cursor; "
	    "`Ctrl-R` searches."),
	TEXT("The prompt is `bpfsh>` outside of a transaction, `bpfsh*>` in one, and `bpfsh!>` in one "
	     "whose last command failed."),

	SECTION("EXAMPLES"),
	TEXT("A session: a map, an element, how many it has by jq, and the last change taken back. The "
	     "map lives as long as $m."),
	CODE("# bpfsh\n"
	     "bpfsh> $m = map create type hash key 4 value 8 entries 64 name ports\n"
	     "bpfsh> map update $m key 443 value 1\n"
	     "bpfsh> map dump $m | jq length\n"
	     "bpfsh> map update $m key 443 value 2\n"
	     "bpfsh> undo\n"
	     "bpfsh> quit\n"),
	TEXT("The same from a file, all or nothing, after a look at what it would do:"),
	CODE("# bpfsh --plan -f ports.bsh\n"
	     "# bpfsh -f ports.bsh\n"),
	TEXT("One command, as with bpftool, for people and for programs:"),
	CODE("# bpfsh -o table prog show\n"
	     "# bpfsh -j prog show | jq '.[].name'\n"),
	TEXT("A program loaded with a map that is there already, and its control flow as a picture:"),
	CODE("bpfsh> $p = prog load filter.o map name ports pinned /sys/fs/bpf/ports\n"
	     "bpfsh> prog cfg $p file filter.svg\n"),
	TEXT("A change to the network that takes itself back unless `confirm` follows, here or in "
	     "another bpfsh:"),
	CODE("bpfsh> begin\n"
	     "bpfsh*> link create $p xdp dev eth0 pin /sys/fs/bpf/filter\n"
	     "bpfsh*> commit confirm 30\n"),

	SECTION("CAPABILITIES"),
	TEXT("bpfsh runs as any user. What the kernel then refuses names the capability that is missing, "
	     "see `capabilities`(7). `CAP_SYS_ADMIN` stands for all of them. Those in another user "
	     "namespace than the first do not count."),
	TAG("none", "Help, `--check`, drawing and showing object files; showing, dumping and "
	    "changing what is pinned, where the pin's mode and the sysctl "
	    "kernel.unprivileged_bpf_disabled allow it."),
	TAG("CAP_SYS_ADMIN", "Whatever lists, or looks for an ID, a name or a tag: `prog show`, `link "
	    "show`, `perf show`."),
	TAG("CAP_BPF", "Making maps, loading programs, reading a program's instructions."),
	TAG("CAP_NET_ADMIN", "Besides, programs for packets: XDP, tc, sockets, cgroups, and what attaches "
	    "them; device and socket maps."),
	TAG("CAP_PERFMON", "Besides, programs that trace, or calculate with pointers; reading events."),
	TAG("CAP_SYS_PTRACE", "Who holds an object open, where that is a process of another user."),

	SECTION("EXIT STATUS"),
	TAG("0", "Done, and committed."),
	TAG("1", "Failed; everything was rolled back."),
	TAG("2", "Usage or syntax error; nothing ran."),
	TAG("3", "Failed, and the rollback is incomplete: what is left is listed."),
	TAG("129, 130, 143", "Ended by SIGHUP, SIGINT or SIGTERM, and rolled back."),
	TAG("141", "The reader of the output went away, and all was rolled back."),

	SECTION("ENVIRONMENT"),
	TAG("NO_COLOR", "Where it is set, messages have no colours. `--color` decides before it."),
	TAG("TERM", "The terminal's kind: none, or `dumb`, has neither colours nor pictures."),
	TAG("HOME, XDG_CONFIG_HOME, XDG_STATE_HOME, EDITRC", "Where the files below are."),
	TAG("XDG_RUNTIME_DIR", "Where the journal of a user other than root is."),
	TAG("SHELL", "What runs the rest of a line behind `!`."),
	TAG("PATH", "Where programs behind a bar are looked for, and graphical helpers such as chafa."),
	TAG("KITTY_WINDOW_ID, GHOSTTY_RESOURCES_DIR, TERM_PROGRAM, LC_TERMINAL, TMUX, STY",
	    "By these `prog cfg ... show` knows which protocol for pictures the terminal has."),
	TAG("SSH_CONNECTION, SSH_TTY", "Where one is set, a terminal's answers are waited for longer."),

	SECTION("FILES"),
	FILE("/run/bpfsh/", "Journals of open transactions, removed at their end; mode 0700. Of other "
	     "users: `$XDG_RUNTIME_DIR/bpfsh`."),
	FILE("bpfsh_tx_*", "Folders on a bpffs with what an open transaction needs to be undone; "
	     "removed at its end, or by `recover`."),
	FILE("$XDG_CONFIG_HOME/bpfsh/rc", "Commands to run at the prompt's start; by default below "
	     "~/.config. It is not run where somebody other than root and you can write it, or a "
	     "folder above it."),
	FILE("$XDG_STATE_HOME/bpfsh/history", "What was typed at the prompt, by default below "
	     "~/.local/state. Lines that begin with a blank are not kept."),
	FILE("~/.editrc", "Key bindings, see `editrc`(5); lines for this program begin with "
	     "'bpfsh:'. The same holds for it as for rc."),

	SECTION("BUGS"),
	TEXT("What makes a report useful: the output of `bpfsh --version` and `uname -r`, the command, "
	     "all that it printed, and for a program that is refused the object file."),
	TEXT("A transaction is safe against failure, and no isolation from others: between two of its "
	     "changes they see the first."),
	{ 0 }
};

const struct manual_item manual_of_scripts[] = {
	SECTION("DESCRIPTION"),
	TEXT("A script of `bpfsh`(8) is lines of commands; ';' separates commands on a line, a backslash "
	     "at its end, an open quote or an open brace continues it, and '#' at a word's start begins "
	     "a comment. Words are quoted as in `sh`(1). All of a script is parsed before anything "
	     "runs: with a syntax error nothing does."),
	TAG("$name = COMMAND", "Keeps the result: an open handle where the command makes or opens an "
	    "object, which then lives as long as the variable; otherwise the command's JSON."),
	TAG("$name, $name.field, \"${name.field}\"", "The value. It is never split into words or read "
	    "again."),
	TAG("$1, $_, $?", "Argument of the script, last result, last status."),
	TAG("COMMAND | jq FILTER", "Filters the command's JSON without starting a program; the filter "
	    "knows all variables. Any other name behind the bar is a program that reads text. "
	    "'$name =' before the command keeps what comes out at the end."),
	TAG("COMMAND > FILE", "Writes to a file; '>>' appends."),
	TAG("if EXPR { COMMANDS } else { COMMANDS }", "Runs the commands where the expression is true: "
	    "neither false nor null. Expressions are those of `jq`(1) with all variables as $name, an "
	    "object being its record; one ends at the line's end, or before the brace. 'else if' may "
	    "follow."),
	TAG("for $name in EXPR { COMMANDS }", "Runs the commands for each result of the expression, and "
	    "for each element where a result is an array. A block is one transaction where none is "
	    "open."),
	TAG("!COMMAND", "Gives the rest of the line to a shell. What it does is not undone."),
	PART("Names of objects"),
	TEXT("Objects are referred to by `id` N, `name` S, `tag` T, `pinned` PATH, a variable, a bare ID or "
	     "a bare path; programs also as traces write them, bpf_prog_TAG_NAME. The kernel keeps 15 "
	     "characters of a name. A longer one is compared with that in BTF, and refused where there "
	     "is none; the 15 themselves name what begins so."),
	PART("Keys and values"),
	TEXT("As many bytes as the object has, each a word, decimal or 0x, or all of them hexadecimal "
	     "behind `hex`; or, where BTF tells the type, a number, the name of an enumerator, words like "
	     "`field=value`, `a.b=1` or `list=[1,2]`, a JSON object, a string, or an address; or an "
	     "integer where the size is 1, 2, 4 or 8. A number behind `be` is in network order: "
	     "`\"port=be 80\"`."),
	TEXT("A value of each CPU is one for all of them, `cpu` N VALUE ... for some, or a JSON list. "
	     "Where a map holds programs or maps, the value is a reference to one. The key of a task "
	     "storage is `pid` N; that of an inode or cgroup storage is a path, as is the value of a "
	     "cgroup array."),

	SECTION("TRANSACTIONS"),
	TEXT("A script is one transaction. Each change is made at once, and what undoing it takes is kept "
	     "until the commit; the first failure, SIGINT, SIGTERM or a reader that goes away undo all "
	     "in reverse order. `commit` ends the transaction and begins the next, `savepoint` and "
	     "`rollback to` take back a part. At the prompt `begin` opens one; a command that fails in "
	     "it is undone by itself. Outside of one, each command is a transaction of its own."),
	TEXT("An element that somebody else changed meanwhile is left as it is, and reported; the exit "
	     "status is 3 then."),
	PART("What can be undone"),
	TEXT("`--plan` and `plan { ... }` run nothing, and show each change with its class:"),
	TAG("undo: full", "As if it had not been: elements of hash tables, arrays and LPM tries, of "
	    "each CPU too, and of maps of maps and programs; pins, also those replaced; maps, programs "
	    "and links that were made."),
	TAG("undo: lossy", "Undone, but something is lost, and the plan says what: the order of an LRU "
	    "map, timers and locks in a value, the ID and place of a link that was detached."),
	TAG("undo: none", "Cannot be undone. Freezing a map and detaching for good wait until the "
	    "commit and run last. Pushing to and popping from queues, reading events, running a "
	    "program are refused in a transaction, unless `--allow-irreversible` is given."),
	PART("How far undoing reaches"),
	TAG("undo", "Takes back what this session committed last: a command, a block or a transaction, and "
	    "none before it. Another bpfsh, also the next one, has nothing to undo."),
	TAG("rollback", "The open transaction, or what came after a savepoint."),
	TAG("commit confirm N", "Rolls back after N seconds, or where the session ends before, unless "
	    "`confirm` was given, there or in another bpfsh."),
	TAG("recover", "What a bpfsh left that was killed in a transaction, by its journal in "
	    "/run/bpfsh; also what an earlier rollback could not do. `bpfsh --plan recover` shows it. A "
	    "journal of another mount namespace, another bpffs or another boot is left as it is, and "
	    "said; `recover discard` forgets it."),
	TEXT("Objects that no map or link holds any more survive until the commit where a bpffs is "
	     "mounted. Where no journal can be made, scripts and changes of many elements are refused; a "
	     "single change is made, with a note."),

	SECTION("JSON"),
	TEXT("With `-j` the output is one document, errors included. That of a script, and of a command "
	     "that runs others, such as `watch`, is an array with an object for each command: its words "
	     "as `command`, and its `output`. With `-o jsonl` each record is a document and a line of its "
	     "own, as it comes."),

	SECTION("EXAMPLES"),
	TEXT("A map, filled in a loop, checked, and kept by a pin; where the check fails there is no map."),
	CODE("$m = map create /sys/fs/bpf/ports type hash key 4 value 4 entries 8 name ports\n"
	     "for $port in 22, 80, 443 {\n"
	     "        map update $m key $port value 1\n"
	     "}\n"
	     "$n = map count $m\n"
	     "assert $n.count == 3\n"),
	TEXT("What would be tried, and taken back whatever comes of it:"),
	CODE("savepoint before\n"
	     "map update name ports key 22 value 0\n"
	     "map dump name ports\n"
	     "rollback to before\n"),
	{ 0 }
};
