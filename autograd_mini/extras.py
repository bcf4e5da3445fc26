"""Optional packages: if one is missing, the error says in one line what needs it and which command installs it."""

from importlib import import_module
from pathlib import Path
from typing import Any


class MissingExtraError(ImportError):
    """A package that is needed only for this feature is not installed.

    Args:
        what: the feature that needs it, the subject of the sentence.
        module: the missing package, as it is imported.
        extra: the extra of autograd_mini that installs it.
    """

    def __init__(self, what: str, module: str, extra: str) -> None:
        super().__init__(f"{what} needs {_PROJECTS.get(module, module)}: {install_command(extra)}", name=module)


_PROJECTS = {"sklearn": "scikit-learn", "numpy": "NumPy", "scipy": "SciPy"}  # projects with another import name


def require(module: str, *, what: str, extra: str) -> Any:
    """Import an optional package.

    Args:
        module: its name, perhaps with that of a submodule: "matplotlib.figure".
        what: the feature that needs it, for the message.
        extra: the extra of autograd_mini that installs it.

    Returns:
        The module.

    Raises:
        MissingExtraError: the package is not installed.

    >>> require("math", what="This example", extra="fast").sqrt(4.0)
    2.0
    """
    package = module.partition(".")[0]
    try:
        import_module(package)
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != package:  # it is installed, but a package that it needs is not
            raise
    raise MissingExtraError(what, package, extra)


def install_command(extra: str) -> str:
    """The command that installs an extra: from the clone if the package came from one, as README.md says.

    >>> install_command("fast").endswith("[fast]'")
    True
    """
    clone = _clone()
    if clone is None:
        return f"pip install 'autograd-mini[{extra}]'"
    move = "" if clone == Path.cwd() else f"cd {_quoted(clone)} && "
    return f"{move}pip install '.[{extra}]'"


def _clone() -> Path | None:
    """The source tree that the package is in, or was installed from; None if there is none."""
    beside = Path(__file__).resolve().parent.parent
    return next((tree for tree in (beside, _installed_from()) if tree and _is_ours(tree / "pyproject.toml")), None)


def _is_ours(project: Path) -> bool:
    return project.is_file() and 'name = "autograd-mini"' in project.read_text(encoding="utf-8").splitlines()


def _installed_from() -> Path | None:
    """The folder that pip installed the package from, as PEP 610 records it."""
    import json  # all of these only for the message
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        record = distribution("autograd-mini").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    url = urlsplit(json.loads(record)["url"]) if record else None
    return Path(url2pathname(url.path)) if url and url.scheme == "file" else None


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
