"""Nothing in the package can run what a file says: a look at every line of it."""

import ast
from pathlib import Path

import pytest

import cxr_triage

PACKAGE = Path(cxr_triage.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
FORBIDDEN = {
    *("torch", "torchvision", "torchxrayvision"),
    *("pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"),
}
RUNNERS = {"eval", "exec", "compile", "__import__", "Unpickler", "find_class"}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def called(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name


def test_there_is_something_to_look_at():
    assert len(FILES) > 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_no_module_imports_torch_or_unpickles(file):
    tree = ast.parse(file.read_text("utf-8"))
    assert not {name.split(".")[0] for name in imported(tree)} & FORBIDDEN
    assert not set(called(tree)) & RUNNERS
    text = file.read_text("utf-8")
    assert "allow_pickle=True" not in text
    assert "importlib.import_module" not in text
