"""What the README says of `sam deploy --guided`: its questions, and their answers."""

import re
from dataclasses import dataclass

from tests.models.template import ROOT

#: Stands for the parameters that the README leaves out: what stands in brackets is taken.
OTHERS = "Parameter …"
_LINE = re.compile(r"(?P<question>.+?)(?: \[[^]]*\])?:(?: (?P<answer>.+))?")


@dataclass(frozen=True)
class Line:
    question: str
    answer: str


def lines():
    """Return the lines of the transcript in the README."""
    text = (ROOT / "README.md").read_text()
    (block,) = re.findall(r"```text\n(Stack Name .*?)```", text, re.DOTALL)
    found = (_LINE.fullmatch(line) for line in block.splitlines())
    return tuple(Line(each["question"], each["answer"] or "") for each in found)


def bare(question):
    """Return a question of SAM's without what it takes by default."""
    return re.sub(r" \[[^]]*\]$", "", question)
