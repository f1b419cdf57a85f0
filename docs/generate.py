"""Runs every console block of the documentation again, and writes what the program can say of itself.

    python docs/generate.py      (or `make docs`) writes README.md, docs/*.md, tests/errors/expected.console

A block is fenced with ```console; its `$ kpi …` lines are run from the repository root on a terminal of
80 columns, and what they print follows them. A code other than 0 is shown as `[exit 3]`.
Written whole are docs/formats.md and what stands between `<!-- NAME -->` and `<!-- /NAME -->`: see PARTS.
"""

from __future__ import annotations

import contextlib
import glob
import io
import os
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "docs"
ERRORS = ROOT / "tests" / "errors"
EXPECTED = ERRORS / "expected.console"
FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENVIRONMENT = {"COLUMNS": "80", "LANG": "C.UTF-8", "NO_COLOR": "1", "TERM": "dumb", "TZ": "UTC"}


# ------------------------------------------------------------------------------------------- console blocks


class Screen(io.TextIOWrapper):
    """A terminal that remembers: stdout and stderr in the order they were written."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        """Tables are laid out for a terminal."""
        return True

    def text(self) -> str:
        """All that was shown."""
        shown: io.BytesIO = self.buffer  # type: ignore[assignment]  # given in __init__
        return shown.getvalue().decode()


def pages() -> list[Path]:
    """Every page that may hold console blocks."""
    return [ROOT / "README.md", *sorted(HERE.glob("*.md"))]


def words(command: str) -> list[str]:
    """The arguments of a `kpi …` line, names of files filled in as a shell does."""
    program, *given = shlex.split(command)
    if program != "kpi":
        raise ValueError(f"a console block runs kpi alone, not {program}")
    return [name for word in given for name in sorted(glob.glob(word)) or [word]]  # noqa: PTH207 (as a shell does)


def run(command: str) -> str:
    """What `$ kpi …` prints, run in the current folder; a code other than 0 ends it as `[exit N]`."""
    from kpi_cli.commands.app import main

    screen = Screen()
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        code = main(words(command))
    text = screen.text()
    if text and not text.endswith("\n"):
        text += "\n"
    return text + (f"[exit {code}]\n" if code else "")


@contextlib.contextmanager
def repository() -> Iterator[None]:
    """A folder that looks like the repository's root, lest something be written there; a plain environment."""
    before, environment = Path.cwd(), dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        for entry in ROOT.iterdir():
            if not entry.name.startswith("."):
                (Path(folder) / entry.name).symlink_to(entry)
        os.chdir(folder)
        os.environ.update(ENVIRONMENT)
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)


def rerun(block: str) -> str:
    """A block with what its commands print now. Lines that name an error, `# code`, stay."""
    kept = [line for line in block.splitlines() if re.match(r"\$ |# [a-z_]+$", line)]
    return "".join(f"{line}\n" + (run(line[2:]) if line.startswith("$ ") else "") for line in kept)


# ----------------------------------------------------------------------------------------- generated parts


class Message(NamedTuple):
    """One kind of error as tests/errors/expected.console shows it: its code, the command, what is said."""

    code: str
    command: str
    said: str


def messages(text: str) -> list[Message]:
    """The messages of expected.console: `# code`, `$ kpi …`, what is printed."""
    found = []
    for part in re.split(r"^# ", text, flags=re.MULTILINE)[1:]:
        code, command, said = part.split("\n", 2)
        found.append(Message(code, command.removeprefix("$ "), said))
    return found


def errors_table() -> str:
    """Every error kind with its exit code and its message on the fixture, for docs/check.md."""
    lines = ["| Code | Exit | Said of the file in tests/errors |", "|---|---|---|"]
    for code, _, said in sorted(messages(EXPECTED.read_text("utf-8"))):
        told = re.search(r"^kpi: error: (.*)$", said, re.MULTILINE)
        ended = re.search(r"^\[exit (\d+)\]$", said, re.MULTILINE)
        lines.append(f"| `{code}` | {ended[1] if ended else 0} | {_cell(told[1] if told else '')} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def platform_files() -> list[Mapping[str, Any]]:
    """The platforms' format files, by role and name."""
    from kpi_cli.packaged import package_data

    folder = ROOT / "kpi_cli" / "exports" / "formats"
    specs = [package_data(f"exports/formats/{path.name}") for path in folder.glob("*.yaml")]
    roles = ["spend", "sales", "traffic", "search", "leads", "mail", "social", "progress"]
    return sorted((s for s in specs if "role" in s), key=lambda s: (roles.index(s["role"]), s["format"]))


def platforms_line() -> str:
    """The platforms by role, in one paragraph, for README.md."""
    by_role: dict[str, list[str]] = {}
    for spec in platform_files():
        by_role.setdefault(spec["role"], []).append(spec["title"])
    return "; ".join(f"**{role}**: {', '.join(titles)}" for role, titles in by_role.items()) + "."


def pages_line() -> str:
    """Links to every page of docs/, the commands in the order of their help first, for README.md."""
    from kpi_cli.commands.app import COMMANDS

    rest = sorted({page.stem for page in pages()[1:]} - set(COMMANDS))
    return " ·\n".join(f"[{name}](docs/{name}.md)" for name in (*COMMANDS, *rest) if (HERE / f"{name}.md").exists())


def formats_page() -> str:
    """docs/formats.md: what each format file says, and how to add one."""
    parts = [FORMATS_TOP]
    role = ""
    for spec in platform_files():
        if spec["role"] != role:
            role = spec["role"]
            parts.append(f"## {role.capitalize()}\n")
        parts.append(_platform(spec))
    parts.append(_generic())
    parts.append(FORMATS_END)
    return "\n".join(parts)


def _platform(spec: Mapping[str, Any]) -> str:
    columns = spec["columns"]
    languages = sorted({language for headers in columns.values() for language in headers}, key=_language)
    facts = [
        f"Headers in {', '.join(languages)}; recognised by "
        + " and ".join(f"`{_header(columns, name)}`" for name in spec.get("recognise", {}).get("all", ()))
        + ".",
        _fixed(spec),
        _rules("Counted", spec.get("used")),
        _left_out(spec),
        _refused(spec.get("recognise", {})),
        f"Facts: {spec['source']}.",
    ]
    table = ["| Column | Headers |", "|---|---|"]
    table += [f"| {name} | {_headers(columns[name])} |" for name in columns]
    body = "\n".join(f"- {fact}" for fact in facts if fact)
    return f"### {spec['title']} (`{spec['format']}`)\n\n{body}\n\n" + "\n".join(table) + "\n"


def _language(code: str) -> tuple[int, str]:
    order = ["en", "fr", "de", "es", "pt", "it"]
    return (order.index(code) if code in order else len(order), code)


def _header(columns: Mapping[str, Any], name: str) -> str:
    """The first header of a column in the first language there is."""
    headers = columns[name]
    first = headers[min(headers, key=_language)]
    return str(first if isinstance(first, str) else first[0])


def _headers(languages: Mapping[str, Any]) -> str:
    texts: list[str] = []
    for language in sorted(languages, key=_language):
        headers = languages[language]
        texts += [headers] if isinstance(headers, str) else headers
    return _cell(" · ".join(dict.fromkeys(texts)))


def _fixed(spec: Mapping[str, Any]) -> str:
    said = []
    if "decimal" in spec:
        said.append(f"decimal mark `{spec['decimal']}`")
    if "date_order" in spec:
        said.append(f"dates {spec['date_order']}")
    if spec.get("grain") == "range":
        said.append("rows cover a range of days")
    return f"Where the file settles nothing: {', '.join(said)}." if said else ""


def _rules(word: str, used: Mapping[str, Any] | None) -> str:
    parts = [f"{column} {', '.join(str(v) or 'blank' for v in values)}" for column, values in (used or {}).items()]
    return f"{word}: {_cell('; '.join(parts))}." if parts else ""


def _left_out(spec: Mapping[str, Any]) -> str:
    reasons = dict.fromkeys(rule["as"] for rule in spec.get("left_out", ()))
    reasons |= {"totals_row": None} if spec.get("totals") else {}
    reasons |= {"footer": None} if spec.get("footer") else {}
    return f"Left out, and counted: {', '.join(f'`{reason}`' for reason in reasons)}." if reasons else ""


def _refused(recognise: Mapping[str, Any]) -> str:
    things = dict.fromkeys([*recognise.get("reject", {}).values(), *(r["is"] for r in recognise.get("reject_ids", ()))])
    return f"Refused: {'; '.join(things)}." if things else ""


def _generic() -> str:
    from kpi_cli.packaged import package_data

    roles = package_data("exports/formats/generic.yaml")["roles"]
    parts = ["## Files made by hand (`generic`)\n", GENERIC_TOP]
    for role, spec in sorted(roles.items()):
        needs = ", and ".join(" or ".join(group) for group in spec["needs"])
        parts.append(f"### {role}\n\nNeeds {needs}.\n\n| Column | Headers |\n|---|---|")
        parts += [f"| {name} | {_headers(languages)} |" for name, languages in spec["columns"].items()]
        parts.append("")
    return "\n".join(parts)


FORMATS_TOP = """\
<!-- Written by `make docs` from kpi_cli/exports/formats/*.yaml; change those files, not this page. -->
# Formats

What `kpi` knows of each platform's download. A file is recognised by its columns, in any of the languages
listed, after its encoding, delimiter, preamble and header row were found; [check](check.md) shows what a file was
taken for. Headers are compared without regard to case and to kinds of space, quote and dash; a currency or
zone in brackets after a header is read as such. Columns not listed are ignored.
"""

GENERIC_TOP = """\
A CSV, TSV, XLSX, Parquet, JSON or YAML file with columns of these names. The name in the first column always
works, with `_` or a space. YAML and JSON hold a list of records, or lists under `spend:`, `sales:`, `costs:`.
`--map ROLE.COLUMN=HEADER` names a column that has another name. Any other name makes it a dimension, but one that looks
like a slip is asked about. Rates are what 1 of their currency is in the reporting one: where a column beside it (`to`,
`base`) says otherwise, they are refused.
"""

FORMATS_END = """\
## How to add a platform

One file, no code:

1. Export a small file and replace what is in it: invented campaigns and customers, round figures.
2. Copy the nearest file of `kpi_cli/exports/formats/` to `NAME.yaml`; `format` is `NAME`, `role` is one of
   spend, sales, costs, traffic, leads, search, mail, social, progress, events, touches.
3. Under `columns`, write each header exactly as the platform does, by language. `recognise.all` lists the
   columns that make the file what it is, `recognise.any` those that only this platform has: a header row must
   have all of the first and one of each group of the second, or a title above it that `recognise.title` matches.
   What looks like it and is something else is refused by a column (`recognise.reject`) or by how the ids of its
   rows begin (`recognise.reject_ids`).
4. Say what the file does not: `decimal`, `date_order`, `grain: range`, the channel of its rows, which `totals`
   rows it has, what `footer` lines it ends with, and for sales every `status` there is, either in `used` or in
   `left_out`. A status in neither is refused: a guess would be a wrong figure.
5. Run `kpi check` on the file: every row should be used or left out for a reason, and the platform's own
   totals should agree. Work out the sums by hand and add the file with them to the tests.
6. `make docs` writes this page again.
"""


# ------------------------------------------------------------------------------------------------ all of it


PARTS = {"errors": errors_table, "platforms": platforms_line, "pages": pages_line}


def between(text: str, name: str, content: str) -> str:
    """The text with what stands between `<!-- NAME -->` and `<!-- /NAME -->` replaced."""
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return marked.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text)


def generated(page: Path) -> str:
    """A page with its generated parts written anew; its console blocks are left alone."""
    if page.name == "formats.md":
        return formats_page()
    text = page.read_text("utf-8")
    for name, write in PARTS.items():
        if f"<!-- {name} -->" in text:
            text = between(text, name, write())
    return text


def main() -> None:
    """Rewrite everything, and say what changed."""
    with repository():
        os.chdir("tests/errors")
        _write(EXPECTED, rerun(EXPECTED.read_text("utf-8")))
    with repository():
        for page in pages():
            _write(page, FENCE.sub(lambda match: f"```console\n{rerun(match[1])}```", generated(page)))


def _write(path: Path, text: str) -> None:
    if text != path.read_text("utf-8"):
        path.write_text(text, "utf-8")
        print(f"{path.relative_to(ROOT)} is written again")


if __name__ == "__main__":
    main()
