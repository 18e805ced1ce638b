#!/usr/bin/env python3
"""Prints the manual page docgenlab(1), made from what `docgenlab … --help` says, so that the two cannot differ.

    scripts/manual.py PROGRAM >docgenlab.1
"""
import re
import subprocess
import sys

PROGRAM = sys.argv[1]
OPTIONS = "\nOptions (from --config FILE"


def said(*arguments):
    return subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, check=True, text=True, encoding="utf-8").stdout


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def entries(lines):
    """Rows "  --flag VALUE   what it does", with their continued lines, as tagged paragraphs."""
    found = []
    for line in lines:
        row = re.match(r"  (\S.*?)(?:  +| (?=[A-Z][a-z]))(\S.*)$", line)
        if row and not line.startswith("   "):
            found.append([row.group(1), row.group(2)])
        elif found:
            found[-1][1] += " " + line.strip()
    return "".join(f".TP\n.B {roff(flag)}\n{roff(text)}\n" for flag, text in found)


def told(text):
    """A command's help: usage and examples as they stand, rows of flags as tagged paragraphs, the rest filled."""
    out = ""
    for block in text.split(OPTIONS)[0].strip("\n").split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith(("Usage:", "Example:")):
            word = lines[0].split(":")[0]
            out += ".PP\n" + (".B Example\n.PP\n" if word == "Example" else "") + ".nf\n"
            out += "".join(roff(line[len(word) + 2:] if i == 0 else line[7:]) + "\n" for i, line in enumerate(lines)) + ".fi\n"
        elif lines[0].startswith("  -"):
            out += entries(lines)
        else:
            out += ".PP\n" + roff(" ".join(lines)) + "\n"
    return out


def main():
    general = said("--help")
    version = re.match(r"docgenlab (\S+):", general).group(1)
    commands = re.findall(r"^  (\S+) +\S", general, re.M)
    options = said("serve", "--help").split(OPTIONS)[1].split("\n")[2:]
    out = f""".TH DOCGENLAB 1 "" "docgenlab {version}" "DocGenLab"
.SH NAME
docgenlab \\- documents from Word templates, with a webhook when each is ready
.SH SYNOPSIS
.B docgenlab
.I COMMAND
[\\fIARGUMENT\\fR \\&...]
.SH DESCRIPTION
Fills Word templates that hold Jinja tokens with data and makes PDF and DOCX of them, as a server with an HTTP API and web
pages (\\fBserve\\fR) or for one document (\\fBrender\\fR).
.SH COMMANDS
"""
    for command in commands:
        out += f".SS {command}\n{told(said(command, '--help'))}"
    out += f""".SH OPTIONS
Every option can stand in a configuration file (\\fIKEY = value\\fR), in the environment (\\fBDOCGENLAB_\\fIKEY\\fR) or on
the command line; each wins over those before it. \\fIKEY\\fR is the flag without its dashes in front, in capitals, with _ for \\-:
\\fB\\-\\-data\\-dir\\fR is \\fBDATA_DIR\\fR. \\fB\\-\\-data\\fR and \\fB\\-\\-database\\fR are short for \\fB\\-\\-data\\-dir\\fR and
\\fB\\-\\-database\\-url\\fR. \\fBserve\\fR reads all of them, the other commands those that their own \\fB\\-\\-help\\fR names.
{entries(options)}.SH EXIT STATUS
0 done; 1 the work failed, one line on standard error says why; 2 wrong usage.
.SH FILES
.TP
.I docgenlab.conf
in the working directory, or else
.TP
.I /etc/docgenlab/docgenlab.conf
the configuration; \\fB\\-\\-config\\fR names another.
.TP
.I /var/lib/docgenlab
the data folder of the Debian package's service.
.SH SEE ALSO
/usr/share/doc/docgenlab/operations.md, templates.md and webhooks.md.
"""
    sys.stdout.buffer.write(out.encode())


if __name__ == "__main__":
    main()
