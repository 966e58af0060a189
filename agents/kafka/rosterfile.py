"""The roster's YAML file: read with errors that say where, written so that it can be applied."""

from pathlib import Path

from agents import yamlfile
from agents.errors import RosterError
from schemas.roster import Roster
from streams.roster_rules import validate


def read(file: Path) -> Roster:
    """Return the roster in *file*, checked.

    Raises:
        InputError: it cannot be read, or is no YAML.
        RosterError: it is no roster, or breaks a rule; names all that is wrong.
    """
    roster = parse(yamlfile.read_text(file), name=str(file))
    complaints = validate(roster)
    if complaints:
        lines = "\n".join(f"  {complaint}" for complaint in complaints)
        raise RosterError(f"{file} was not published, because\n{lines}")
    return roster


def parse(text: str, *, name: str) -> Roster:
    """Return the roster in *text*, its types checked but not its rules; *name* goes into errors."""
    return yamlfile.parse(text, Roster, name=name, what="roster")


def dump(roster: Roster) -> str:
    """Return *roster* as YAML that `ringside roster apply` takes."""
    return yamlfile.dump(roster)
