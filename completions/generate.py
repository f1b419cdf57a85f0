"""Writes the completions of bash, zsh and fish from the live commands.

    python completions/generate.py      (or `make completions`)

They are plain files: pressing Tab starts no Python and opens no data file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    from kpi_cli.questions.laying_out import Figure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FILE = "file"
FLAG = "flag"
FREE = "free"

# The values of options that take one of a few words; `--format` asks the writers themselves.
WORDS = {
    "--last": "month quarter year 30d",
    "--every": "day week month quarter year",
    "--compare": "previous year",
    "--decimal": ". ,",
    "--date-format": "dmy mdy ymd excel",
    "--allocate": "revenue media customers even",
    "--accounts": "separate",
    "--lang": "en fr",
    "--model": "first last last-non-direct linear position time-decay markov shapley all",
    "--first-payment": "included excluded period-end",
}


# What rows can be grouped by, of all the texts that a file may hold.
DIMENSIONS = frozenset(
    (
        *("channel", "strategy", "platform", "campaign", "source", "medium", "account", "campaign_type", "adset"),
        *("ad_group", "ad", "placement", "keyword", "product", "course", "landing_page", "variant", "country"),
        *("device", "age", "gender", "discount_code"),
    )
)
# The customers' figures in the report's last table; its headlines are named by the report itself.
OF_CUSTOMERS = ("customers", "orders", "aov", "repeat_rate", "ltv")


class Option(NamedTuple):
    """An option as a shell sees it: its names, what it is for, and what follows it."""

    names: tuple[str, ...]
    help: str
    takes: str  # FLAG, FILE, FREE or the words there are
    many: bool
    listed: bool = False  # several words with commas between them


class Command(NamedTuple):
    """A command, its summary and its options; `words` are what its argument may be, where it is no file."""

    name: str
    help: str
    options: tuple[Option, ...]
    words: str = ""


def live() -> list[Command]:
    """The commands of the program, as they are now."""
    import typer

    from kpi_cli.commands.app import SUMMARIES, build

    program = typer.main.get_command(build())
    found = []
    for name, summary in SUMMARIES.items():
        command = program.commands[name]  # type: ignore[attr-defined]  # the program is a group of commands
        with command.make_context(name, [], resilient_parsing=True) as context:
            params = command.get_params(context)
        named = {"--by": dimensions(name), "--sort": _either_way(rows(name)), "--fail-if": figures(name)}
        options = (_option(p, named) for p in params if p.param_type_name == "option")
        found.append(Command(name, summary, tuple(options), _names() if name == "explain" else ""))
    return found


def _option(param: object, named: Mapping[str, str]) -> Option:
    names = (*param.opts, *param.secondary_opts)  # type: ignore[attr-defined]  # a parser's own class, vendored
    text = getattr(param, "help", "") or ""
    takes = next((named[name] for name in names if named.get(name)), None) or _takes(param, names)
    listed = "--by" in names and takes != FREE
    return Option(tuple(sorted(names, key=len, reverse=True)), text, takes, bool(param.multiple), listed)  # type: ignore[attr-defined]


def dimensions(command: str) -> str:
    """What a command's rows can be grouped by: units of time, ours, and texts that its files may hold."""
    from kpi_cli.period import UNITS
    from kpi_cli.questions import cac, channels, funnel, ltv, roi

    uses = {"roi": roi.USES, "cac": cac.USES, "channels": channels.USES, "ltv": ltv.NEEDS[0], "funnel": funnel.USES}
    roles = yaml.safe_load((ROOT / "kpi_cli/exports/formats/generic.yaml").read_text("utf-8"))["roles"]
    held = [name for role in uses.get(command, ()) for name in roles[role]["columns"]]
    ours = ("channel", "strategy", "platform", "campaign")
    found = [*ours, *(name for name in held if name in DIMENSIONS), *UNITS] if held else []
    return " ".join(dict.fromkeys(found))


def rows(command: str) -> str:
    """The figures that a command's rows have or can be given, by name."""
    alone = {figure.name for figure in _shown(command) if figure.total_only}
    return " ".join(name for name in figures(command).split() if name not in alone) if command != "report" else ""


def figures(command: str) -> str:
    """The figures that a command answers, then all others that it computes when they are named."""
    from kpi_cli import definitions

    shown = [figure.name for figure in _shown(command) if figure.unit != "text"]
    return " ".join(dict.fromkeys([*shown, *definitions.figures()])) if shown else ""


def _shown(command: str) -> list[Figure]:
    from kpi_cli.questions import cac, channels, ltv, report, roi, staging
    from kpi_cli.questions.laying_out import Figure

    headlines = [Figure(name, "count") for name in (*sorted(report.HEADLINES), *OF_CUSTOMERS)]
    shown: dict[str, list[Figure]] = {
        "roi": [*roi.FIGURES, roi.MER],
        "cac": [*cac.FIGURES],
        "channels": [*channels.FIGURES],
        "ltv": [*ltv.FIGURES, *ltv.AGAINST_COST],
        "funnel": [figure for figure, _ in staging.stage_figures()],
        "report": headlines,
    }
    return shown.get(command, [])


def _either_way(names: str) -> str:
    """Names, then the same with the minus that turns the order round."""
    return " ".join([*names.split(), *(f"-{name}" for name in names.split())])


def _names() -> str:
    from kpi_cli.definitions import built_in

    return " ".join(sorted(built_in()))


def _takes(param: object, names: Iterable[str]) -> str:
    from kpi_cli.render import WRITERS

    if getattr(param, "is_flag", False) or "--help" in names:
        return FLAG
    if "--format" in names:
        return " ".join(WRITERS)
    words = next((WORDS[name] for name in names if name in WORDS), None)
    is_path = getattr(param, "metavar", None) == "FILE" or getattr(param.type, "name", "") == "path"  # type: ignore[attr-defined]
    return words or (FILE if is_path else FREE)


# ---------------------------------------------------------------------------------------------------- bash


def bash(commands: list[Command]) -> str:
    """The bash script."""
    names = " ".join(command.name for command in commands)
    values = "\n".join(
        f"        {_places(commands, takes)}) options={_quoted(takes)} ;;"
        for takes in sorted({o.takes for c in commands for o in c.options} - {FLAG, FILE, FREE})
    )
    words = "\n".join(f"            {c.name}) options={_quoted(c.words)} ;;" for c in commands if c.words)
    options = "\n".join(
        f"            {command.name}) options={_quoted(' '.join(n for o in command.options for n in o.names))} ;;"
        for command in commands
    )
    listed = {name for command in commands for option in command.options if option.listed for name in option.names}
    return BASH.format(
        names=names,
        cases="|".join(command.name for command in commands),
        values=values,
        files=_places(commands, FILE),
        free=_places(commands, FREE),
        options=options,
        listed="|".join(f"*:{name}" for name in sorted(listed)),
        words=words,
    )


def _places(commands: list[Command], takes: str) -> str:
    """Where such a thing is typed, as a pattern of `command:option`; `*` where it is so in every command."""
    kinds: dict[str, dict[str, str]] = {}
    for command in commands:
        for option in command.options:
            for name in option.names:
                kinds.setdefault(name, {})[command.name] = option.takes
    places = []
    for name, by_command in kinds.items():
        here = [command for command, kind in by_command.items() if kind == takes]
        places += [f"*:{name}"] if len(here) == len(by_command) else [f"{command}:{name}" for command in here]
    return "|".join(places)


def _quoted(text: str) -> str:
    """A text in single quotes, as bash and zsh read it."""
    return "'" + text.replace("'", "'\\''") + "'"


BASH = """\
# Completion of kpi for bash. Written by `make completions`; do not edit.
# Put it into ~/.local/share/bash-completion/completions/kpi, or source it.

_kpi() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command= options= each done=
    COMPREPLY=()
    [[ $word == "=" ]] && word= before="="
    [[ $before == "=" ]] && before=${{COMP_WORDS[COMP_CWORD-2]}} # --option=word stands in three parts
    [[ $before == --* && $word == [\\'\\"]* ]] && word=${{word:1}} # a condition is quoted
    for each in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case $each in {cases}) command=$each; break ;; esac
    done
    if [[ -z $command ]]; then
        COMPREPLY=($(compgen -W '{names} --version --help' -- "$word"))
        return
    fi
    case $command:$before in
{values}
        {files}) return ;; # a file: bash's own completion
        {free}) compopt +o default 2>/dev/null; return ;;
    esac
    if [[ -z $options && $word == -* ]]; then
        case $command in
{options}
        esac
    elif [[ -z $options ]]; then
        case $command in
{words}
        esac
    fi
    [[ -n $options ]] || return
    case $command:$before in
        {listed}) [[ $word == *,* ]] && done=${{word%,*}}, word=${{word##*,}} ;;
    esac
    COMPREPLY=($(compgen -P "$done" -W "$options" -- "$word"))
}}

complete -o default -F _kpi kpi
"""


# ----------------------------------------------------------------------------------------------------- zsh


def zsh(commands: list[Command]) -> str:
    """The zsh script; the options that most commands have stand in it once."""
    owners = Counter(option for command in commands for option in command.options)
    shared = [option for option, count in owners.items() if count > len(commands) / 2]
    lines = "\n".join(f"    {line}" for option in shared for line in _zsh_option(option))
    summaries = "\n".join(f"        {_quoted(f'{c.name}:{_colons(c.help)}')}" for c in commands)
    cases = "\n".join(_zsh_command(command, shared) for command in commands)
    return ZSH.format(shared=lines, summaries=summaries, cases=cases)


def _zsh_command(command: Command, shared: list[Option]) -> str:
    has_all = set(shared) <= set(command.options)
    own = [o for o in command.options if not has_all or o not in shared]
    lines = "".join(f" \\\n        {line}" for option in own for line in _zsh_option(option))
    before = "$shared " if has_all else ""
    argument = _quoted(f"1:name:({command.words})") if command.words else "'*:file:_files'"
    return f"    {command.name})\n      _arguments -s {before}{argument}{lines}\n      ;;"


def _zsh_option(option: Option) -> list[str]:
    words = f":value:_values -s , value {option.takes}" if option.listed else f":value:({option.takes})"
    action = {FLAG: "", FILE: ":file:_files", FREE: ":value: "}.get(option.takes, words)
    help_text = re.sub(r"([\[\]\\:])", r"\\\1", option.help)
    before = "*" if option.many else f"({' '.join(option.names)})" if len(option.names) > 1 else ""
    return [_quoted(f"{before}{name}[{help_text}]{action}") for name in option.names]


def _colons(text: str) -> str:
    return text.replace(":", "\\:")


ZSH = """\
#compdef kpi
# Completion of kpi for zsh. Written by `make completions`; do not edit.
# Put it as _kpi into a folder of $fpath.

_kpi() {{
  local state
  local -a shared summaries
  shared=(
{shared}
  )
  _arguments -C '--version[Show the version.]' '--help[Show help.]' '1:command:->command' '*::rest:->argument'
  case $state in
    command)
      summaries=(
{summaries}
      )
      _describe command summaries
      return
      ;;
    argument) ;;
    *) return ;;
  esac
  case $words[1] in
{cases}
  esac
}}

if [[ $funcstack[1] == _kpi ]]; then
  _kpi "$@"
else
  compdef _kpi kpi
fi
"""


# ---------------------------------------------------------------------------------------------------- fish


def fish(commands: list[Command]) -> str:
    """The fish script."""
    lines = [
        "# Completion of kpi for fish. Written by `make completions`; do not edit.",
        "# Put it into ~/.config/fish/completions/kpi.fish.",
        "",
        "complete -c kpi -n __fish_use_subcommand -f -l version -d 'Show the version.'",
        "complete -c kpi -n __fish_use_subcommand -f -l help -d 'Show help.'",
    ]
    lines += [
        f"complete -c kpi -n __fish_use_subcommand -f -a {command.name} -d {_fish(command.help)}"
        for command in commands
    ]
    lines += [
        f"complete -c kpi -n '__fish_seen_subcommand_from {command.name}' -f -a {_fish(command.words)}"
        for command in commands
        if command.words
    ]
    owners: dict[Option, list[str]] = {}
    for command in commands:
        for option in command.options:
            owners.setdefault(option, []).append(command.name)
    for option, names in owners.items():
        seen = f"__fish_seen_subcommand_from {' '.join(names)}"
        lines.append(f"complete -c kpi -n {_fish(seen)} {_fish_option(option)} -d {_fish(option.help)}")
        if downwards := [word for word in option.takes.split() if len(word) > 1 and word.startswith("-")]:
            # To fish a word with a minus is an option of its own: here it is one more argument after --sort.
            after = _fish(f"{seen}; and __fish_prev_arg_in {' '.join(option.names)}")
            words = _fish(" ".join(downwards))
            lines.append(f"complete -c kpi -n {after} -f -a {words} -d {_fish(option.help)}")
    return "\n".join(lines) + "\n"


def _fish_option(option: Option) -> str:
    names = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in option.names)
    several = '(__fish_complete_list , \'string split " " "' + option.takes + "\"')"
    words = several if option.listed else option.takes
    takes = {FLAG: "", FILE: " -r -F", FREE: " -x"}.get(option.takes, f" -x -a {_fish(words)}")
    return names + takes


def _fish(text: str) -> str:
    """A text in single quotes, as fish reads it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS = {"kpi.bash": bash, "_kpi": zsh, "kpi.fish": fish}


def main() -> None:
    """Write all three."""
    commands = live()
    for name, write in SHELLS.items():
        (HERE / name).write_text(write(commands), "utf-8")


if __name__ == "__main__":
    main()
