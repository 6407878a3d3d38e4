"""The layering, executed: imports point one way, and importing does nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "calendar_mirror" / "calendar_mirror"

#: In reading order; each may import those before it, and the standard library.
PURE = (
    *(
        "errors",
        "instants",
        "settings",
        "credentials",
        "backoff",
        "measures",
        "emf",
        "sigv4",
        "signatures",
    ),
    *(
        "notifications",
        "messages",
        "scopes",
        "spans",
        "planning",
        "spacing",
        "documents",
        "profiles",
        "accounts",
    ),
    *(
        "account_items",
        "due",
        "queries",
        "answers",
        "origins",
        "records",
        "busy",
        "intervals",
        "diffing",
        "repairing",
    ),
    *(
        "announcements",
        "feed",
        "reports",
        "budgets",
        "admission",
        "invitations",
        "consent",
        "screens",
    ),
)
#: What each edge may import from outside the project.
EDGES = {
    "aws_json": set(),
    "client_secrets": set(),
    "secrets_manager": {"botocore"},
    "sync_queue": {"botocore"},
    "dead_letter_queue": {"botocore"},
    "change_bus": {"botocore"},
    "cronofy": {"requests"},
    "tokens": set(),
    "dynamodb": {"boto3", "botocore"},
    "events_table": set(),
    "accounts_table": set(),
    "erasures_table": set(),
    "authorizations_table": set(),
    "budget_table": set(),
    "census": set(),
    "connect_links": {"itsdangerous"},
    "reporting": {"aws_lambda_powertools"},
    "reader": set(),
}
SHELLS = (
    *(
        "receive",
        "visit",
        "channel_keeping",
        "profile_keeping",
        "paging",
        "reading",
        "erasing",
        "attending",
        "sync",
        "connect",
    ),
    *("reconcile", "publish"),
)
#: The one thing that edges share.
SHARED_EDGE = "dynamodb"


def imports_of(file):
    """Return the outside packages, and the modules of ours, that a file imports."""
    outside, ours = set(), set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            outside |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            package, _, module = (node.module or "").partition(".")
            if package != "calendar_mirror":
                outside.add(package)
            else:
                ours |= {module} if module else {alias.name for alias in node.names}
    return outside - sys.stdlib_module_names - {"__future__"}, ours


def test_every_module_has_its_place():
    found = {file.stem for file in LAYER.glob("*.py")} - {"__init__"}

    assert found == {*PURE, *EDGES, *SHELLS}


def test_the_reading_order_names_every_module():
    text = (LAYER / "__init__.py").read_text()

    assert [name for name in (*PURE, *EDGES, *SHELLS) if name not in text] == []


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_imports_the_standard_library_and_earlier_ones(name):
    outside, ours = imports_of(LAYER / f"{name}.py")

    assert outside == set()
    assert ours <= set(PURE[: PURE.index(name)])


@pytest.mark.parametrize("name", EDGES)
def test_an_edge_knows_one_outside_thing_and_no_other_edge(name):
    outside, ours = imports_of(LAYER / f"{name}.py")

    assert outside <= EDGES[name]
    assert ours <= {*PURE, SHARED_EDGE}


@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_imports_earlier_ones_and_nothing_from_outside(name):
    outside, ours = imports_of(LAYER / f"{name}.py")

    assert outside == set()
    assert ours <= {*PURE, *EDGES, *SHELLS[: SHELLS.index(name)]}


def test_receive_needs_the_standard_library_alone():
    program = (
        "import sys; from functions.receive import app; "
        "outside = {m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names "
        "- {'sitecustomize', 'usercustomize'}; "  # the machine's own
        "print(sorted(m for m in outside if not m.startswith(('_', 'functions'))))"
    )

    assert run(program).split("'")[1::2] == ["calendar_mirror"]


@pytest.mark.parametrize(
    "module",
    [
        *(f"calendar_mirror.{name}" for name in (*PURE, *EDGES, *SHELLS)),
        "functions.receive.app",
        "functions.sync.app",
        "functions.connect.app",
        "functions.reconcile.app",
        "functions.publish.app",
        "calmirror.main",
    ],
)
def test_importing_needs_no_environment_and_reaches_nothing(module):
    watch = (
        "import sys; sys.addaudithook(lambda e, a: sys.exit(e) if e.startswith('socket.conn') "
        f"else None); import {module}"
    )

    run(watch)


#: What may be called while a module is imported: it makes values, and looks at nothing.
MAKES_VALUES = {
    *("dataclass", "field", "timedelta", "frozenset", "float", "TypeVar", "compile", "Config"),
    *("api_url", "urlsplit", "Coverage", "Template", "Span", "_Text", "b64encode", "sha256"),
    *("digest", "encode", "decode", "replace"),
}


def called_at_import(tree):
    """Return the names of what a module calls outside of its functions; decorators are calls."""
    if isinstance(tree, ast.FunctionDef | ast.Lambda):
        parts = getattr(tree, "decorator_list", [])
    else:
        parts = list(ast.iter_child_nodes(tree))
    names = {name for part in parts for name in called_at_import(part)}
    if isinstance(tree, ast.Call):
        names.add(getattr(tree.func, "attr", None) or getattr(tree.func, "id", "?"))
    if isinstance(tree, ast.Attribute) and tree.attr in ("environ", "argv"):
        names.add(tree.attr)
    return names


@pytest.mark.parametrize(
    "file", [*LAYER.glob("*.py"), *(ROOT / "functions").rglob("*.py")], ids=lambda f: f.stem
)
def test_importing_makes_values_and_nothing_else(file):
    assert called_at_import(ast.parse(file.read_text())) <= MAKES_VALUES


def run(program):
    done = subprocess.run(
        [sys.executable, "-B", "-c", program],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("file", sorted((ROOT / "functions").rglob("*.py")), ids=str)
def test_a_door_decides_nothing_about_calendars(file):
    tree = ast.parse(file.read_text())
    handler = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "handler")

    assert not [
        n for n in ast.walk(handler) if isinstance(n, ast.If | ast.For | ast.While | ast.Try)
    ]


@pytest.mark.parametrize(
    "file",
    sorted(
        f
        for folder in ("layers", "functions", "cli", "local", "benchmarks")
        for f in (ROOT / folder).rglob("*.py")
    ),
    ids=str,
)
def test_modules_are_small_enough_to_hold(file):
    assert len(file.read_text().splitlines()) <= 300
