#!/usr/bin/env python3
"""Holds docs/api.md to the program: its calls and shapes to `docgenlab reference --openapi`, its codes to the sources.

With --write the calls and shapes are written anew. Needs build/docgenlab. Ends with "N passed, M failed". Standard library only.
"""
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "api.md")
PROGRAM = os.environ.get("DGL_PROGRAM", os.path.join(ROOT, "build", "docgenlab"))
BEGIN, END = "<!-- calls: written by tests/lint/api.py -->\n", "<!-- end -->\n"
TITLES = {"templates": "Templates", "documents": "Documents", "webhooks": "Webhooks", "system": "The system"}
# What an example's fields hold; the fields are those that are required, and these.
SAMPLES = {"template_id": "…", "input_json": {"name": "Ada"}, "webhook_url": "https://app.example.com/hook", "url": "https://app.example.com/hook",
           "since": "2026-01-15T00:00:00Z", "timestamp": 1768473000, "http_status": 200, "overlap_s": 3600, "dry_run": True}
WORTH = {"DocumentRequest": ["output_format"], "EndpointSpec": ["events"], "SecretRotation": ["overlap_s"], "RedeliverRange": ["dry_run"],
         "EventResult": ["http_status"], "WebhookTestRequest": ["webhook_url"]}
MORE = {"output_format": "pdf", "events": ["document.generated"]}


def last(ref):
    return ref["$ref"].split("/")[-1]


def type_of(schema):
    if "$ref" in schema:
        return f"[{last(schema)}](#{last(schema).lower()})"
    if "oneOf" in schema:
        return " or ".join(type_of(one) if "$ref" in one else one["type"] for one in schema["oneOf"])
    if "enum" in schema:
        return " \\| ".join(f"`{word}`" for word in schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "array" in kinds:
        inner = "list of " + type_of(schema["items"])
    else:
        words = {"date-time": "time", "uuid": "id", "uri": "URL", "binary": "file", "integer": "integer", "boolean": "boolean"}
        inner = words.get(schema.get("format"), words.get(kinds[0], "text" if kinds[0] == "string" else kinds[0]))
    return inner + (" or null" if "null" in kinds else "")



def answer_of(content):
    kind, said = next(iter(content.items()))
    schema = said.get("schema")
    if not schema:
        return "the file" if kind != "application/json" and kind != "text/plain" else kind
    if "oneOf" in schema:
        return "list, or page, of " + type_of(schema["oneOf"][0]["items"])
    if schema.get("type") == "object":
        return "page of " + type_of(schema["properties"]["items"]["items"])
    return type_of(schema)


def body_of(api, name):
    schema = api["components"]["schemas"][name]
    fields = [*schema.get("required", []), *WORTH.get(name, [])]
    return {field: SAMPLES.get(field, MORE.get(field, "…")) for field in fields}


def curl(api, method, path, operation):
    words = ["curl"]
    if operation.get("security") != []:
        words.append('-H "$K"')
    target = "$S" + path[len("/api/v1"):] if path.startswith("/api/v1") else "http://127.0.0.1:8080" + path
    kind, body = next(iter(operation.get("requestBody", {}).get("content", {"": None}).items()))
    if kind == "multipart/form-data":
        words.append("-F file=@Inter-Regular.ttf" if "/fonts/" in path else "-F name=Invoice -F file=@invoice.docx")
    elif kind:
        words.append('-H "$J"')
    if method == ("post" if kind else "get") or (method == "post" and kind == "multipart/form-data"):
        pass
    else:
        words.append("-X " + method.upper())
    target = re.sub(r"\{version\}", "3", target).replace("{id}", "$ID").replace("{name}", "$NAME")
    if path.startswith("/files/"):
        target = f'"{target}?expires=$EXPIRES&signature=$SIGNATURE"'
    words.append(target)
    if kind == "application/json":
        words.append("-d '" + json.dumps(body_of(api, last(body["schema"])), ensure_ascii=False) + "'")
    if "the file" in str([answer_of(a["content"]) for a in operation["responses"].values() if "content" in a]):
        words.append("-o " + ("sample.xlsx" if path.endswith(".xlsx") else "invoice.docx" if path.endswith("/file") else "invoice.pdf"))
    return " ".join(words)


def call_rows(api, method, path, operation):
    who = "Anyone." if operation.get("security") == [] else f"{operation['x-least-role']}."
    out = f"\n#### {method.upper()} {path}\n\n{operation['summary']}. {who}\n"
    for ref in operation["parameters"]:
        if "$ref" not in ref:
            continue
        parameter = api["components"]["parameters"][last(ref)]
        place = "" if parameter["in"] == "query" else " (header)"
        out += f"\n- `{parameter['name']}`{place}, {type_of(parameter['schema'])}: {parameter['description']}"
    out += "\n" if operation["parameters"] and out[-1] != "\n" else ""
    answers = []
    if "requestBody" in operation:
        kind, body = next(iter(operation["requestBody"]["content"].items()))
        answers.append(f"Takes {'a form: ' if kind.startswith('multipart') else ''}{type_of(body['schema'])}.")
    for status, answer in operation["responses"].items():
        if status[0] == "2":
            answers.append(f"Answers {status}" + (f": {answer_of(answer['content'])}." if "content" in answer else "."))
    return out + "\n" + " ".join(answers) + f"\n\n```sh\n{curl(api, method, path, operation)}\n```\n"


def shape(name, schema):
    out = f"\n#### {name}\n\n{schema['description']}\n\n| field | type |\n| --- | --- |\n"
    required = schema.get("required", [])
    for field, what in schema["properties"].items():
        out += f"| `{field}`{'' if field in required else ' (optional)'} | {type_of(what)} |\n"
    return out


def written(api):
    out = "\n## Calls\n\n`$S`, `$K` and `$J` as above. Every call may answer 400, 401, 403, 404, 405, 413, 422, 429, 500 or 503 with a [Problem](#problem).\n"
    for tag, title in TITLES.items():
        out += f"\n### {title}\n"
        for path, methods in api["paths"].items():
            for method, operation in methods.items():
                if operation["tags"] == [tag]:
                    out += call_rows(api, method, path, operation)
    out += "\n## Shapes\n"
    for name, schema in api["components"]["schemas"].items():
        out += shape(name, schema)
    return out + "\n"


# Codes of the rooms below that no call answers with: of the configuration, of signatures that others check.
OTHERS = {"bad_listen", "bad_network", "too_many", "invalid", "signature_header_missing", "signature_mismatch", "signature_timestamp"}


def codes():
    """(every code of the rooms that answer calls, every word that the sources have in quotes)."""
    own, words = set(), set()
    with open(os.path.join(ROOT, "src", "base", "error.c"), encoding="utf-8") as fh:
        usual = dict(re.findall(r'\[(DGL_E_\w+)\] = \{\d+, "(\w+)"', fh.read()))
    for path in glob.glob(os.path.join(ROOT, "src", "**", "*.[ch]"), recursive=True):
        with open(path, encoding="utf-8") as fh:
            source = fh.read()
        words |= set(re.findall(r'"([a-z_]+)"', source))
        room = os.path.relpath(path, os.path.join(ROOT, "src", "server")).split(os.sep)[0]
        if room in ("api", "http", "document", "webhook") or path.endswith("base/json.c"):
            own |= set(re.findall(r'DGL_FAIL_(?:SLUG|FIELD)\(\s*&?err,\s*DGL_E_\w+,\s*"(\w+)"', source))
            own |= {usual[code] for code in re.findall(r"DGL_FAIL\(\s*&?err,\s*(DGL_E_\w+)|DGL_FAIL_(?:SLUG|FIELD)\(\s*&?err,\s*(DGL_E_\w+),\s*NULL", source)
                    for code in code if code}
            own |= set(re.findall(r'\\"code\\":\\"(\w+)\\"', source))
    return own - OTHERS, words | own


def main():
    api = json.loads(subprocess.run([PROGRAM, "reference", "--openapi"], stdout=subprocess.PIPE, check=True).stdout)
    with open(PAGE, encoding="utf-8") as fh:
        page = fh.read()
    begin, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    made, problems = written(api), []
    if "--write" in sys.argv:
        page = page[:begin] + made + page[end:]
        with open(PAGE, "w", encoding="utf-8") as fh:
            fh.write(page)
        end = page.index(END)
    there, wanted = page[begin:end].split("\n"), made.split("\n")
    if there != wanted:
        odd = next((pair for pair in zip(there, wanted) if pair[0] != pair[1]), (len(there), len(wanted)))
        problems.append(f"docs/api.md has {odd[0]!r} where {odd[1]!r} belongs; `python3 tests/lint/api.py --write` writes it anew.")
    own, words = codes()
    table = page[page.index("## Codes"):page.index(BEGIN)]
    documented = set(re.findall(r"`([a-z_]+)`", "".join(row.split("|")[2] for row in table.split("\n") if row.startswith("| ") and row[2].isdigit())))
    problems += [f"docs/api.md does not tell of the code {code}" for code in sorted(own - documented)]
    problems += [f"docs/api.md tells of the code {code}, which is in no source" for code in sorted(documented - words)]
    for problem in problems:
        print(problem)
    calls = sum(len(methods) for methods in api["paths"].values())
    print(f"{calls + len(documented)} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
