"""The arrows of the design: which package may import which, and the size of what one reads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("labelaudit_dagster", "app_api")
LARGEST_MODULE_LINES = 420
VAGUE_NAMES = {"utils", "helpers", "common", "misc"}

PURE = ("factorization", "constitution", "auditing", "importers", "sample", "small_groups")
OUTSIDE_WORLD = {"dagster", "fastapi", "starlette", "requests", "sqlalchemy", "alembic", "uvicorn"}
PLAIN_MODULES = {"labelaudit_dagster", "labelaudit_dagster.failures"}
FOR_ALL = {f"labelaudit_dagster.{name}" for name in PURE}
WITHOUT_DAGSTER = (
    "artifacts", "store", "platform_client", "scorer_client", "avid_client", "prolific_client",
)  # fmt: skip
SERVER = "labelaudit_dagster.commands.serve"


def modules() -> dict[str, Path]:
    """Return every module of ours by its name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def type_checking_only(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes that only a type checker sees."""
    return {
        node
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for statement in branch.body
        for node in ast.walk(statement)
    }


def at_import(tree: ast.Module) -> list[ast.AST]:
    """Return the nodes that run when the module is imported: those in no function."""
    found: list[ast.AST] = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        found.append(node)
        pending += [
            child
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        ]
    return found


def imports_of(module: str, *, only_at_import: bool = False) -> set[str]:
    """Return the modules that a module imports, in functions too, but not for types alone."""
    path = MODULES[module]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = type_checking_only(tree)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in at_import(tree) if only_at_import else ast.walk(tree):
        if node in hidden:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            origin = ".".join([*base, node.module or ""]).strip(".") if node.level else node.module
            assert origin is not None
            for alias in node.names:
                # `from package import module` imports the module.
                submodule = f"{origin}.{alias.name}"
                found.add(submodule if submodule in MODULES else origin)
    return found - {"__future__"}


IMPORTS = {module: imports_of(module) for module in MODULES}


def test_every_package_of_the_design_was_looked_at():
    assert len(MODULES) > 100
    for name in ("factorization", "constitution", "importers", "sample", *WITHOUT_DAGSTER):
        assert f"labelaudit_dagster.{name}" in MODULES
    assert "labelaudit_dagster.launch" in IMPORTS["labelaudit_dagster.commands.run"]
    assert "dagster" in IMPORTS["labelaudit_dagster.launch"]


def test_pure_packages_know_no_framework_and_no_shell():
    wrong = [
        f"{module} imports {target}"
        for module, targets in IMPORTS.items()
        if any(is_in(module, pure) for pure in FOR_ALL)
        for target in sorted(targets)
        if target.split(".")[0] in OUTSIDE_WORLD
        or (
            target.split(".")[0] in PACKAGES
            and target not in PLAIN_MODULES
            and not any(is_in(target, pure) for pure in FOR_ALL)
        )
    ]
    assert wrong == []


def test_pure_packages_open_no_files():
    wrong = [
        f"{module}:{node.lineno}"
        for module, path in MODULES.items()
        if any(is_in(module, pure) for pure in FOR_ALL)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("open", "eval", "exec", "print", "input")
    ]
    assert wrong == []


def test_stores_and_client_know_no_dagster_nor_what_is_above_them():
    below = {*FOR_ALL, *(f"labelaudit_dagster.{name}" for name in WITHOUT_DAGSTER)}
    wrong = [
        f"{module} imports {target}"
        for module, targets in IMPORTS.items()
        if any(is_in(module, f"labelaudit_dagster.{name}") for name in WITHOUT_DAGSTER)
        for target in sorted(targets)
        if target.split(".")[0] in ("dagster", "fastapi", "starlette")
        or (
            target.split(".")[0] in PACKAGES
            and target not in PLAIN_MODULES
            and not any(is_in(target, package) for package in below)
        )
    ]
    assert wrong == []


def test_nothing_imports_the_server_but_the_command_that_starts_it():
    wrong = [
        module
        for module, targets in IMPORTS.items()
        if not is_in(module, "app_api")
        and module != SERVER
        and any(is_in(target, "app_api") for target in targets)
    ]
    assert wrong == []


def test_server_starts_dagster_by_the_one_door():
    wrong = [
        f"{module} imports {target}"
        for module, targets in IMPORTS.items()
        if is_in(module, "app_api")
        for target in sorted(targets)
        if target.split(".")[0] == "dagster"
        or is_in(target, "labelaudit_dagster.assets")
        or is_in(target, "labelaudit_dagster.commands")
        or is_in(target, "labelaudit_dagster.definitions")
    ]
    assert wrong == []


def test_assets_know_no_server_and_no_command_line():
    wrong = [
        f"{module} imports {target}"
        for module, targets in IMPORTS.items()
        if is_in(module, "labelaudit_dagster.assets") or is_in(module, "labelaudit_dagster.sensors")
        for target in sorted(targets)
        if is_in(target, "labelaudit_dagster.commands")
        or is_in(target, "labelaudit_dagster.cli")
        or is_in(target, "labelaudit_dagster.definitions")
        or target.split(".")[0] in ("fastapi", "starlette", "click", "rich")
    ]
    assert wrong == []


def test_no_import_cycle_among_modules():
    graph = {
        module: {t for t in imports_of(module, only_at_import=True) if t in MODULES and t != module}
        for module in MODULES
    }
    done: set[str] = set()
    cycles: list[list[str]] = []

    def visit(module: str, trail: list[str]) -> None:
        if module in trail:
            cycles.append([*trail[trail.index(module) :], module])
            return
        if module in done:
            return
        for target in sorted(graph[module]):
            visit(target, [*trail, module])
        done.add(module)

    for module in graph:
        visit(module, [])
    assert cycles == []


def test_no_dynamic_code_and_no_pickle():
    wrong = [
        f"{module} imports {target}"
        for module, targets in IMPORTS.items()
        for target in sorted(targets)
        if target.split(".")[0] in ("pickle", "cloudpickle", "marshal", "shelve", "joblib", "dill")
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", [*PACKAGES, "tests", "benchmarks"])
def test_modules_are_small_and_named_for_what_they_hold(folder: str):
    paths = sorted((REPOSITORY / folder).rglob("*.py"))
    assert [str(p.relative_to(REPOSITORY)) for p in paths if p.stem in VAGUE_NAMES] == []
    if folder in PACKAGES:
        sizes = {
            str(path.relative_to(REPOSITORY)): len(path.read_text(encoding="utf-8").splitlines())
            for path in paths
        }
        assert {name: n for name, n in sizes.items() if n > LARGEST_MODULE_LINES} == {}


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        (
            "import labelaudit_dagster.cli",
            ["jax", "dagster", "pandas", "numpy", "pyarrow", "altair", "sqlalchemy", "pydantic"],
        ),
        (
            "import labelaudit_dagster.commands.constitution",
            ["jax", "dagster", "pandas", "altair", "sqlalchemy", "sklearn"],
        ),
        ("import labelaudit_dagster.importers", ["pandas", "pyarrow", "pandera", "jax"]),
        ("import labelaudit_dagster.store", ["dagster", "jax", "altair"]),
        ("import labelaudit_dagster.artifacts", ["dagster", "jax", "altair", "sqlalchemy"]),
        ("import labelaudit_dagster.platform_client", ["dagster", "jax", "pandas", "sqlalchemy"]),
    ],
)
def test_imports_load_nothing_heavy_that_they_do_not_need(statement: str, heavy: list[str]):
    program = f"import sys; {statement}; print(*sorted(set(sys.argv[1:]) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program, *heavy],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
