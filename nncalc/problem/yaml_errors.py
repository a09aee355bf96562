"""What the YAML parser found wrong, in words for somebody who has never read the YAML specification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncalc.errors import ProblemError
from nncalc.problem.source import Source, clean_text, shown

if TYPE_CHECKING:
    import yaml

_IN_QUOTES = "Put text that holds special characters in quotes."
_BRACKETS = {"[": ("list", "]"), "{": ("mapping", "}")}


def explained(error: yaml.YAMLError, source: Source) -> ProblemError:
    """The error to raise for what yaml.parse raised."""
    import yaml

    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return ProblemError("this is not YAML", label=shown(str(error), 80))
    mark, context = error.problem_mark, error.context_mark
    if "nesting depth" in (error.problem or ""):
        # libyaml from 0.2.6 on has a limit of its own, and meets it before the first bracket is an event
        from nncalc.problem.building import DEEPEST

        place = source.place(mark.index)
        return ProblemError(f"nested deeper than {DEEPEST}", label="far more levels than that", place=place)
    finder = _Finder(source, mark.index, context.index if context else None, error.problem or "", error.context or "")
    found = finder.tab() or finder.quote() or finder.bracket() or finder.by_problem()
    start, end = source.line_span(mark.index)
    above, _ = source.line_span(max(start - 1, 0))
    blank = source.text.rfind("\N{NO-BREAK SPACE}", above, end)
    if blank >= 0:
        line = source.line_number(blank)
        found.hint = f"Line {line} holds a no-break space (U+00A0); write an ordinary one."
    return found


class _Finder:
    """One error of the parser: where it is (`at`), where what it belongs to begins (`begin`), what the parser says."""

    def __init__(self, source: Source, at: int, begin: int | None, problem: str, context: str) -> None:
        self.source, self.at, self.begin = source, at, begin
        self.problem, self.context = problem, context
        self.char = clean_text(source.text[at : at + 1])

    def error(self, message: str, label: str, hint: str = "", at: int | None = None) -> ProblemError:
        return ProblemError(message, label=label, hint=hint, place=self.source.place(self.at if at is None else at))

    def tab(self) -> ProblemError | None:
        """A tab in the indentation; in other places YAML allows it."""
        start, end = self.source.line_span(self.at)
        line = self.source.text[start:end]
        tab = line.find("\t", 0, len(line) - len(line.lstrip()))
        if tab < 0:
            return None
        return self.error("a tab where YAML wants spaces", "found a tab", "Indent with spaces.", start + tab)

    def quote(self) -> ProblemError | None:
        """A quote without its end, which the parser only misses at the end of the text."""
        if "quoted scalar" not in self.context or self.begin is None:
            return None
        if "escape" in self.problem:
            return self.error(
                "an escape that YAML does not know",
                f"found {shown(self.source.text[self.at : self.at + 2])} in double quotes",
                "Put text with a backslash in single quotes.",
            )
        if "end of stream" in self.problem or "document indicator" in self.problem:
            return self.error("a quote without its end", "begins here and is never closed", at=self.begin)
        return None

    def bracket(self) -> ProblemError | None:
        """A bracket without its end, or something amiss between two."""
        ended = not self.source.text[self.at :].strip()
        begin = self.begin if "flow" in self.context else None
        if self.problem.startswith("mapping values") or (ended and self.problem.endswith("node content")):
            begin = self._open_bracket()
        opening = self.source.text[begin : begin + 1] if begin is not None else ""
        if begin is None or opening not in _BRACKETS:
            return None
        kind, closing = _BRACKETS[opening]
        line = self.source.line_number(begin)
        opened = f"the {kind} opened in line {line}"
        if self.char in ("]", "}") and self.char != closing and not self.problem.endswith("node content"):
            return self.error(f"'{self.char}' where {opened} ends with '{closing}'", f"expected '{closing}'")
        # A word in a later line is the next key: the bracket was forgotten. Anything else lacks its comma.
        if ended or (self.source.line_number(self.at) > line and self.char not in tuple("[{\"'-+.0123456789")):
            before = "the end of the file" if ended else f"line {self.source.line_number(self.at)}"
            return self.error(f"a '{opening}' without its '{closing}'", f"not closed before {before}", at=begin)
        if self.problem.startswith("mapping values") or (self.char == ":" and self.problem.endswith("node content")):
            return None
        if self.problem.endswith("node content"):
            return self.error("a value is left out", f"found '{self.char}', expected a value")
        return self.error(f"a comma is missing in {opened}", f"expected ',' or '{closing}'")

    def _open_bracket(self) -> int | None:
        """The innermost bracket that is open where the scanner gave up."""
        import yaml

        opened: list[int] = []
        try:
            for token in yaml.scan(self.source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                if isinstance(token, (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)):
                    opened.append(token.start_mark.index)
                elif isinstance(token, (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)) and opened:
                    opened.pop()
        except yaml.YAMLError:
            pass  # it is the error that is being explained
        return opened[-1] if opened else None

    def by_problem(self) -> ProblemError:
        """By the parser's own words; those that are met seldom are passed on."""
        problem, char = self.problem, shown(self.char)
        if problem.startswith("mapping values"):
            return self.error(
                "a ':' where none can stand",
                "not expected here",
                "Check the indentation; put text that holds ': ' in quotes.",
            )
        if problem.startswith("could not find expected ':'"):
            return self.error("a line without a ':'", "expected 'key: value'", at=self.begin)
        if problem.startswith(("block sequence entries", "sequence entries")):
            return self.error(
                "a '-' where no list can begin", "not expected here", "Begin the list in a line of its own."
            )
        if problem.endswith("expected '-' indicator"):
            return self.error(
                "a line that is not part of the list above", "expected '-'", "Check the indentation of this line."
            )
        if char == ":" and problem.endswith(("expected key", "node content")):
            return self.error("a ':' without a key", "expected 'key: value'")
        if problem.endswith("<document start>"):
            return self.error("something behind the end of the whole value", "not expected here", _IN_QUOTES)
        if problem.endswith("expected key"):
            return self._no_key(char)
        if "cannot start any token" in problem:
            return self.error(f"a value can't begin with '{char}'", "not expected here", _IN_QUOTES)
        if problem.endswith("node content"):
            return self.error(
                "a value is left out", f"found '{char}', expected a value" if char else "expected a value"
            )
        if "anchor" in self.context or "alias" in self.context:
            return self.error("'&' and '*' need a name right behind them", "expected a name", _IN_QUOTES, self.begin)
        if "tag" in self.context or "tag" in problem:
            return self.error("a YAML tag that can't be read", "tags begin with '!'", _IN_QUOTES, self.begin)
        if "block scalar" in self.context:
            return self.error(
                "'|' or '>' with something behind it", "the text has to begin in the next line", _IN_QUOTES
            )
        return self.error("this is not YAML", shown(problem, 80))

    def _no_key(self, char: str) -> ProblemError:
        start, _ = self.source.line_span(self.at)
        if char in ("]", "}"):
            return self.error(f"a '{char}' too many", "closes nothing")
        if self.source.text[start : self.at].strip():
            return self.error("something behind the end of a value", "expected a new line", _IN_QUOTES)
        return self.error(
            "the indentation does not fit", "expected a key of the mapping above", "Align keys that belong together."
        )
