"""Draws the house: `.venv-test/bin/python tools/rooms.py` prints its floors and rooms, who imports whom, and the sizes.

A room is a package below `founderstack`, or a package in one. The floors are the layers of the import contract in
pyproject.toml, so that there is one list of them. Imports for types alone count as well.
"""

from __future__ import annotations

import argparse
import ast
import statistics
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent
PACKAGE = "founderstack"


@dataclass(frozen=True)
class House:
    """The structure of the source: `floors` from the top down, `arrows` from the room that imports to the imported."""

    floors: tuple[tuple[str, ...], ...]
    rooms: Mapping[str, int]
    """Room → how many modules it holds."""
    arrows: Mapping[tuple[str, str], int]
    """(importing room, imported room) → how many imports of modules."""
    circle: tuple[str, ...]
    """Modules that import each other in a circle, empty where there is none."""

    def floor_of(self, room: str) -> int:
        """Number of the floor, 0 is the top; the entry (`__main__`) lies above all."""
        top = room.partition(".")[0]
        return next((number for number, floor in enumerate(self.floors) if top in floor), -1)

    def upwards(self) -> list[tuple[str, str]]:
        """Arrows that lead to a higher floor."""
        return [(start, end) for start, end in self.arrows if self.floor_of(end) < self.floor_of(start)]

    def between_both(self) -> list[tuple[str, str]]:
        """Pairs of rooms that import each other; a package and the rooms inside it are one family."""
        return sorted(
            (start, end)
            for start, end in self.arrows
            if start < end and (end, start) in self.arrows and start.split(".")[0] != end and end.split(".")[0] != start
        )


def read() -> House:
    """The house as the source is now."""
    graph = grimp.build_graph(PACKAGE)
    modules = sorted(graph.modules)
    packages = {module for module in modules if graph.find_children(module)}
    needs = {module: graph.find_modules_directly_imported_by(module) for module in modules}
    arrows: Counter[tuple[str, str]] = Counter()
    for module, imported in needs.items():
        arrows.update((_room(module, packages), _room(other, packages)) for other in imported)
    return House(
        floors=_floors(),
        rooms=Counter(_room(module, packages) for module in modules if module not in packages),
        arrows={arrow: count for arrow, count in sorted(arrows.items()) if arrow[0] != arrow[1] and all(arrow)},
        circle=_circle(needs),
    )


def functions(source: Path = ROOT / "src" / PACKAGE) -> Iterator[int]:
    """Lines of each function."""
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (node.end_lineno or node.lineno) - node.lineno + 1


def drawn(house: House) -> str:
    """The house as text."""
    lines: list[str] = []
    for number, floor in enumerate(house.floors):
        lines.append(f"floor {len(house.floors) - number}: {', '.join(sorted(floor))}")
        for room in sorted(house.rooms):
            if house.floor_of(room) == number and "." in room:
                lines.append(f"    {room:<28}{house.rooms[room]:>3} modules  -> {_below(house, room)}")
    sizes = sorted(functions())
    lines += [
        "",
        f"{len(house.rooms)} rooms, {sum(house.rooms.values())} modules, {len(house.arrows)} arrows,"
        f" {len(house.upwards())} of them up, {len(house.between_both())} pairs in both directions",
        f"{len(sizes)} functions: median {statistics.median(sizes):.0f} lines, longest {sizes[-1]}",
        *(f"up: {start} -> {end}" for start, end in house.upwards()),
        *(f"both directions: {start} <-> {end}" for start, end in house.between_both()),
        *(["circle: " + " -> ".join(house.circle)] if house.circle else []),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the house; 1 where an arrow runs up or modules stand in a circle."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.parse_args(arguments)
    house = read()
    print(drawn(house))
    return 1 if house.upwards() or house.circle else 0


def _room(module: str, packages: set[str]) -> str:
    """The package that a module lies in, or is; below the top package, two names at the most."""
    parts = module.split(".")[1:]
    if module not in packages and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts[:2])


def _floors() -> tuple[tuple[str, ...], ...]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract for contract in contracts if contract["type"] == "layers")["layers"]
    return tuple(tuple(name.strip() for name in layer.split("|")) for layer in layers)


def _circle(needs: Mapping[str, set[str]]) -> tuple[str, ...]:
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as circle:
        return tuple(circle.args[1])
    return ()


def _below(house: House, room: str) -> str:
    own = room.partition(".")[0]
    met = sorted(
        {end if end.startswith(f"{own}.") else end.partition(".")[0] for start, end in house.arrows if start == room}
    )
    return ", ".join(met)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
