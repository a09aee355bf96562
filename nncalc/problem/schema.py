"""Reading the file's smaller parts: words, settings, `NAME` or `{NAME: {…}}`; every error knows its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from nncalc.catalogue.operation import Option
from nncalc.errors import ProblemError, UsageError, did_you_mean
from nncalc.language.expression import Setting
from nncalc.language.text import setting_text
from nncalc.problem.arrays import read_number
from nncalc.problem.numbers import as_setting
from nncalc.problem.random_values import whole_number
from nncalc.problem.source import shown
from nncalc.problem.tree import Mapping, Scalar, Value, path_of, refuse_unknown
from nncalc.problem.tree import Sequence as List
from nncalc.problem.values import Reader


def text(mapping: Mapping, key: str) -> str:
    """The text under a key, '' where there is none."""
    value = mapping.get(key)
    if value is None or (isinstance(value, Scalar) and value.is_null):
        return ""
    if not isinstance(value, Scalar):
        raise wrong(value, f"'{key}' is text", f"found {kind(value)}")
    return value.text


def word(mapping: Mapping, key: str, choices: Sequence[str], default: str) -> str:
    """One of a few words under a key."""
    value = mapping.get(key)
    if value is None:
        return default
    found = value.text if isinstance(value, Scalar) else kind(value)
    if found not in choices:
        raise wrong(
            value,
            f"'{key}' can't be {shown(found)}",
            f"expected {' or '.join(choices)}",
            did_you_mean(found, tuple(choices)) if isinstance(value, Scalar) and len(choices) > 2 else "",
        )
    return found


def kind(value: Value) -> str:
    """What a value is, in words: its text, a list, keys."""
    if isinstance(value, Scalar):
        return "nothing" if value.is_null else f"'{shown(value.text)}'"
    return "a list" if isinstance(value, List) else "keys"


def wrong(value: Value, message: str, label: str = "", hint: str = "") -> ProblemError:
    """A ProblemError about this value."""
    return ProblemError(message, label=label, hint=hint, key=value.key, place=value.place)


def named(value: Value, what: str, known: Iterable[str], example: str) -> tuple[str, Mapping | None]:
    """`NAME` or `{NAME: {…}}`: the name, and its settings where there are any."""
    names = tuple(known)
    if isinstance(value, Scalar) and not value.is_null:
        name, settings, place = value.text, None, value.place
    elif isinstance(value, Mapping) and len(value) == 1:
        name = next(iter(value))
        inner = value.entries[name]
        place = value.key_place(name)
        if isinstance(inner, Scalar) and inner.is_null:
            settings = None
        elif isinstance(inner, Mapping):
            settings = inner
        else:
            raise wrong(inner, f"the settings of {shown(name)} are keys and values", f"found {kind(inner)}")
    else:
        found = f"{len(value)} keys" if isinstance(value, Mapping) else kind(value)
        raise wrong(value, f"{what} is a name, or one name with its settings", f"found {found}, expected {example}")
    spelling = name.replace("-", "_")
    if spelling not in names:
        raise ProblemError(
            f"unknown {what.split(' ', 1)[-1]} '{shown(name)}'",
            label="not known",
            hint=did_you_mean(name, names),
            key=value.key,
            place=place,
        )
    return spelling, settings


def options(settings: Mapping | None, known: Sequence[Option], allowed: Sequence[str] = ()) -> dict[str, Setting]:
    """The settings that a file states, by name, each checked; `allowed` are keys that are read elsewhere."""
    if settings is None:
        return {}
    refuse_unknown(settings, (*(option.name for option in known), *allowed))
    return {option.name: option_value(settings, option) for option in known if option.name in settings}


def option_value(settings: Mapping, option: Option) -> Setting:
    """One setting's value: a word of its choices, true or false, or a number within its bounds."""
    value = settings.entries[option.name]
    if isinstance(value, Scalar):
        if value.text in option.choices:
            return value.text
        if isinstance(option.default, bool) and not (option.number and value.boolean is None):
            if value.boolean is None:
                raise wrong(value, f"{option.name} is true or false", f"found {kind(value)}")
            return value.boolean
        if option.choices and isinstance(option.default, str) and option.above is None:
            wanted = ", ".join(option.choices)
            raise wrong(
                value,
                f"{option.name} can't be {shown(value.text)}",
                f"expected one of {wanted}",
                did_you_mean(value.text, option.choices),
            )
    if option.nested and isinstance(value, List):
        several = _several(value, option.name)
        expected = option.expected(several)
        if expected:
            raise wrong(value, f"{option.name} can't be {setting_text(several)}", f"expected {expected}")
        return several
    if option.choices and isinstance(value, Scalar) and value.text.isalpha():
        expected = f"expected {option.expected(value.text)}"
        raise wrong(
            value, f"{option.name} can't be {shown(value.text)}", expected, did_you_mean(value.text, option.choices)
        )
    found = as_setting(read_number(value, what=f"'{option.name}'"))
    refuse_setting(option, found, value)
    return found


def _several(value: List, name: str) -> tuple[Setting, ...]:
    """A list of numbers, or of lists of them, as a setting holds it."""
    return tuple(
        _several(item, name) if isinstance(item, List) else as_setting(read_number(item, what=f"'{name}'"))
        for item in value
    )


def refuse_setting(option: Option, found: float, value: Value | None = None) -> None:
    """Raises for a number that can't be this setting: ProblemError with its place in a file, else UsageError."""
    expected = option.expected(found)
    if expected:
        message, label = f"the {option.name.replace('_', ' ')} can't be {found:g}", f"expected {expected}"
        raise wrong(value, message, label) if value is not None else UsageError(message, label=label)


def name_list(mapping: Mapping, key: str, known: Sequence[str]) -> tuple[str, ...]:
    """A list of names of the problem under a key."""
    value = mapping.get(key)
    if value is None:
        return ()
    items = list(value) if isinstance(value, List) else [value]
    found = []
    for item in items:
        if not isinstance(item, Scalar):
            raise wrong(item, f"'{key}' is a list of names", f"found {kind(item)}")
        name = item.text
        if name not in known:
            raise wrong(
                item, f"there is no parameter '{shown(item.text)}'", f"under '{key}'", did_you_mean(name, tuple(known))
            )
        found.append(name)
    return tuple(found)


def required(mapping: Mapping, key: str, example: str) -> Value:
    """The value under a key that has to be there."""
    value = mapping.get(key)
    if value is None:
        raise ProblemError(
            f"'{key}' is missing", label=f"expected {example}", key=path_of(mapping.key, key), place=mapping.place
        )
    return value


MOST_SEED = 2**32 - 1


def reader_of(document: Mapping, folder: Path | None, sizes: bool = False) -> Reader:
    """What reads the file's values: from its folder, random ones from its seed. sizes: for their shapes alone."""
    given = document.get("seed")
    seed = None if given is None else whole_number(given, "'seed'", least=0)
    if given is not None and seed is not None and seed > MOST_SEED:
        raise wrong(given, "the seed is too large", f"expected at most {MOST_SEED}")
    return Reader(folder, seed, sizes)


def base_of(document: Mapping) -> int:
    """What the first class is called."""
    return int(word(document, "index_base", ("1", "0"), "1"))
