"""The index on disk: one stac-geoparquet file, whose rows are the items.

Others read it as such (geopandas, DuckDB, stac-geoparquet). What we need besides is in one more
column, `rsdat`: the item's JSON as it was read, its address, and by what one sees whether its file
has changed since.

Source: stac-geoparquet 1.1, https://github.com/stac-utils/stac-geoparquet (spec); GeoParquet 1.1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from rsdat.base.errors import Conflict, NotFound
from rsdat.stac.index.features import dumps, loads
from rsdat.stac.index.problems import Problem
from rsdat.stac.index.query import Rows
from rsdat.stac.index.row import NO_TIME, AssetWords, clean, to_ms
from rsdat.stac.index.shape import Shape, kind_of
from rsdat.stac.index.table import Columns, View

FORMAT = 1
ROWS_AT_ONCE = 500
_ROWS_LOADED = 5000
_MOST_PROPERTIES = 200
_MOST_KEYS = 100
_TIMES = (
    "datetime",
    "start_datetime",
    "end_datetime",
    "created",
    "updated",
    "published",
    "expires",
)
_RESERVED = {
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "geometry",
    "bbox",
    "links",
    "assets",
    "collection",
    "rsdat",
}
_TIME = pa.timestamp("ms", tz="UTC")
_LINK = pa.struct([(name, pa.string()) for name in ("href", "rel", "type", "title")])
_ASSET = pa.struct(
    [
        ("href", pa.string()),
        ("title", pa.string()),
        ("type", pa.string()),
        ("roles", pa.list_(pa.string())),
        ("file:size", pa.int64()),
    ]
)
_OURS = pa.struct(
    [
        ("item", pa.binary()),
        ("href", pa.string()),
        ("stamp", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("bbox", pa.list_(pa.float64(), 4)),
        ("cloud", pa.float32()),
        ("keys", pa.string()),
        ("thumbnail", pa.string()),
        ("rings", pa.list_(pa.int32())),
        ("points", pa.list_(pa.float32())),
    ]
)


_TEXTS = ("href", "thumbnail", "stamp")
_NUMBERS = ("start", "end", "cloud")
_ARRAYS = {
    "start": "int64",
    "end": "int64",
    "bbox": "float64",
    "cloud": "float32",
    "rings": "int32",
    "points": "float32",
    "counts": "int32",
}


def write(
    path: Path,
    view: View,
    rows: Rows,
    document: Callable[[int], bytes],
    shape: Shape,
    container: tuple[str, str | None] | None,
    root: str,
    problems: Iterable[Problem] = (),
) -> None:
    """Write rows to a new file.

    Args:
        path: Where; local.
        view: The columns.
        rows: Which rows.
        document: Gives the JSON of a row.
        shape: Of all items.
        container: As `Table.container`.
        root: Address of the catalog.
        problems: Of a container: it is not read again while it is the same file.
    """
    short = _Shortened(root)
    properties, keys = _property_columns(shape), shape.assets(_MOST_KEYS)
    schema = pa.schema(
        [
            ("type", pa.string()),
            ("stac_version", pa.string()),
            ("stac_extensions", pa.list_(pa.string())),
            ("id", pa.string()),
            ("geometry", pa.binary()),
            ("bbox", pa.struct([(n, pa.float64()) for n in ("xmin", "ymin", "xmax", "ymax")])),
            ("links", pa.list_(_LINK)),
            # A struct without fields can't be written.
            *([("assets", pa.struct([(key, _ASSET) for key in keys]))] if keys else []),
            ("collection", pa.string()),
            *properties.items(),
            ("rsdat", _OURS),
        ]
    )
    words = {key: [*each] for key, each in view.asset_words.items()}
    held = None if container is None else (short.of(container[0]), container[1])
    told = {
        "format": FORMAT,
        "root": short.of(root),
        "container": held,
        "assets": words,
        "shape": shape.as_dict(),
        "problems": [[each.href and short.of(each.href), each.message] for each in problems],
    }
    metadata = {"geo": _GEO, "stac-geoparquet": {"version": "1.1.0"}, "rsdat": told}
    schema = schema.with_metadata({key: json.dumps(each) for key, each in metadata.items()})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            writer.write_batch(_batch(view, part, document, schema, properties, keys, short))
        if not len(rows):
            writer.write_table(schema.empty_table())


class _Shortened:
    """Addresses below the catalog's folder, without it.

    One file serves the companion, notebooks and other users, who name the same folder differently,
    and goes on to serve when the catalog is moved.

    Args:
        root: Address of the catalog.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._folder = "" if "?" in root else root.rpartition("/")[0] + "/"

    def of(self, href: str) -> str:
        """As it is kept."""
        if self._folder and href.startswith(self._folder):
            return f"./{href[len(self._folder) :]}"
        return href

    def whole(self, text: str, resolve: Callable[[str, str], str]) -> str:
        """As it was."""
        if self._folder and text.startswith("./"):
            return self._folder + text[2:]
        return resolve(text, self._root)


_GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    "columns": {
        "geometry": {
            "encoding": "WKB",
            "geometry_types": [],
            "covering": {"bbox": {n: ["bbox", n] for n in ("xmin", "ymin", "xmax", "ymax")}},
        }
    },
}


def _property_columns(shape: Shape) -> dict[str, Any]:
    """Columns for the properties that have one plain type everywhere."""
    columns: dict[str, Any] = {"datetime": _TIME}
    for name, kinds in shape.properties(_MOST_PROPERTIES).items():
        column = _TIME if name in _TIMES else _COLUMNS.get(kinds)
        if name not in _RESERVED and column is not None:
            columns[name] = column
    return columns


_COLUMNS = {
    frozenset({"text"}): pa.string(),
    frozenset({"bool"}): pa.bool_(),
    frozenset({"int"}): pa.int64(),
    frozenset({"float"}): pa.float64(),
    frozenset({"int", "float"}): pa.float64(),
    frozenset({"texts"}): pa.list_(pa.string()),
    frozenset({"numbers"}): pa.list_(pa.float64()),
}


def _batch(
    view: View,
    rows: Rows,
    document: Callable[[int], bytes],
    schema: pa.Schema,
    properties: dict[str, Any],
    keys: list[str],
    short: _Shortened,
) -> pa.RecordBatch:
    texts = [document(row) for row in rows]
    items = [loads(text) for text in texts]
    known = [
        each["properties"] if isinstance(each.get("properties"), dict) else {} for each in items
    ]
    columns: dict[str, Any] = {
        "type": ["Feature"] * len(items),
        "stac_version": [_text(each.get("stac_version")) for each in items],
        "stac_extensions": [_texts(each.get("stac_extensions")) for each in items],
        "id": [view.ids[row] for row in rows],
        "geometry": _wkb(items),
        "bbox": [_corners(view, row) for row in rows],
        "links": [_links(each.get("links")) for each in items],
        "assets": [_assets(each.get("assets"), keys) for each in items],
        "collection": [view.collections[view.collection[row]] for row in rows],
        "rsdat": [_ours(view, row, text, short) for row, text in zip(rows, texts, strict=True)],
    }
    for name, kind in properties.items():
        values = [each.get(name) for each in known]
        if kind == _TIME:
            moments = [to_ms(value) for value in values]
            values = [None if ms == NO_TIME else ms for ms in moments]
        elif kind == pa.float64():
            values = [None if value is None else float(value) for value in values]
        elif kind == _COLUMNS[frozenset({"numbers"})]:
            # Arrow refuses whole numbers that a float can't hold exactly.
            values = [value and [float(each) for each in value] for value in values]
        elif kind == pa.string():
            values = [_text(value) for value in values]
        elif kind == _COLUMNS[frozenset({"texts"})]:
            values = [value and _texts(value) for value in values]
        columns[name] = values
    return pa.RecordBatch.from_arrays(
        [pa.array(columns[field.name], field.type) for field in schema], schema=schema
    )


def _wkb(items: list[dict[str, Any]]) -> Any:
    texts = [dumps(each["geometry"]).decode() if each.get("geometry") else None for each in items]
    with np.errstate(all="ignore"):
        shapes = shapely.from_geojson(np.array(texts, object), on_invalid="ignore")
    return list(shapely.to_wkb(shapes))


def _corners(view: View, row: int) -> dict[str, float] | None:
    box = view.box(row)
    return None if box is None else dict(zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))


def _links(links: Any) -> list[dict[str, Any]]:
    return [
        {name: _text(link.get(name)) for name in ("href", "rel", "type", "title")}
        for link in (links if isinstance(links, list) else [])
        if isinstance(link, dict)
    ]


def _assets(assets: Any, keys: list[str]) -> dict[str, Any]:
    found = {}
    for key in keys:
        asset = assets.get(key) if isinstance(assets, dict) else None
        if isinstance(asset, dict):
            size = asset.get("file:size")
            found[key] = {
                **{name: _text(asset.get(name)) for name in ("href", "title", "type")},
                "roles": _texts(asset.get("roles")),
                "file:size": size if kind_of(size) == "int" else None,
            }
    return found


def _ours(view: View, row: int, text: bytes, short: _Shortened) -> dict[str, Any]:
    first, count = view.rings[row]
    ends = view.ring_ends[first : first + count]
    thumbnail = view.thumbnails[row]
    points = view.points[ends[0, 0] : ends[-1, 1]].ravel() if count else np.zeros(0, np.float32)
    return {
        "item": text,
        "href": short.of(view.hrefs[row]),
        "stamp": view.stamps[row],
        "start": int(view.start[row]),
        "end": int(view.end[row]),
        "bbox": view.boxes[row],
        "cloud": float(view.cloud[row]),
        "keys": json.dumps(view.key_sets[view.keys[row]]),
        "thumbnail": None if thumbnail is None else short.of(thumbnail),
        "rings": ends[:, 1] - ends[:, 0],
        "points": points,
    }


def _text(value: Any) -> str | None:
    return clean(value) if isinstance(value, str) else None


def _texts(value: Any) -> list[str]:
    return (
        [clean(each) for each in value if isinstance(each, str)] if isinstance(value, list) else []
    )


class KeptFile:
    """A file that `write` made.

    Raises:
        NotFound: It is whole, but none of ours.
        Conflict: It is damaged, of another catalog, or of another rsdat.
    """

    def __init__(self, path: Path, root: str, resolve: Callable[[str, str], str]) -> None:
        short = _Shortened(root)
        self._short, self._resolve = short, resolve
        try:
            self._file = pq.ParquetFile(path)
            told = json.loads((self._file.schema_arrow.metadata or {}).get(b"rsdat", b"{}"))
        except (OSError, ValueError, pa.ArrowException) as error:
            raise Conflict(f"The index is damaged: {error}", code="damaged_file") from error
        if not isinstance(told, dict) or not told:
            raise NotFound("This is no index of rsdat's", code="no_index")
        if told.get("format") != FORMAT:
            raise Conflict("This is no index that this rsdat reads", code="other_format")
        if told.get("root") != short.of(root):
            raise Conflict("This is the index of another catalog", code="other_catalog")
        self._told = told
        groups = [self._file.metadata.row_group(n) for n in range(self._file.num_row_groups)]
        self._ends = np.cumsum([group.num_rows for group in groups])
        self._groups: dict[int, Any] = {}

    def _whole(self, text: str) -> str:
        return self._short.whole(text, self._resolve)

    @property
    def container(self) -> tuple[str, str | None] | None:
        """As `Table.container`."""
        container = self._told.get("container")
        return None if container is None else (self._whole(container[0]), container[1])

    @property
    def problems(self) -> list[Problem]:
        """What could not be read of a container."""
        return [
            Problem(href and self._whole(href), message)
            for href, message in self._told.get("problems", [])
        ]

    def columns(self) -> Columns:
        """Everything but the JSON.

        Raises:
            Conflict: The file is damaged.
        """
        try:
            columns = self._columns()
            columns.check()
        except (
            KeyError,
            TypeError,
            ValueError,
            OSError,
            AttributeError,
            pa.ArrowException,
        ) as error:
            raise Conflict(f"The index is damaged: {error}", code="damaged_file") from error
        return columns

    def _columns(self) -> Columns:
        ours = [f"rsdat.{field.name}" for field in _OURS if field.name != "item"]
        texts: dict[str, list[Any]] = {name: [] for name in ("id", "collection", *_TEXTS)}
        arrays: dict[str, list[Any]] = {name: [] for name in _ARRAYS}
        keys: list[tuple[str, ...]] = []
        sets: dict[str, tuple[str, ...]] = {}
        # A part at a time: all at once would need twice the memory.
        for batch in self._file.iter_batches(
            _ROWS_LOADED, columns=["id", "collection", *ours], use_threads=False
        ):
            kept = batch.column("rsdat")
            if any(kept.field(name).null_count for name in ("href", *_NUMBERS, "rings", "points")):
                raise ValueError("a row lacks something")
            texts["id"] += batch.column("id").to_pylist()
            texts["collection"] += batch.column("collection").to_pylist()
            for name in _TEXTS:
                found = kept.field(name).to_pylist()
                if name != "stamp":
                    found = [None if each is None else self._whole(each) for each in found]
                texts[name] += found
            for name in _NUMBERS:
                arrays[name].append(kept.field(name).to_numpy(zero_copy_only=False))
            for name in ("bbox", "rings", "points"):
                arrays[name].append(kept.field(name).flatten().to_numpy(zero_copy_only=False))
            arrays["counts"].append(kept.field("rings").value_lengths().to_numpy())
            for text in kept.field("keys").to_pylist():
                known = sets.get(text)
                if known is None:
                    known = sets[text] = tuple(json.loads(text))
                keys.append(known)
        pa.default_memory_pool().release_unused()
        shape = Shape()
        shape.load(self._told["shape"])
        whole = {
            name: np.concatenate(parts) if parts else np.zeros(0, _ARRAYS[name])
            for name, parts in arrays.items()
        }
        return Columns(
            ids=texts["id"],
            hrefs=texts["href"],
            thumbnails=texts["thumbnail"],
            stamps=texts["stamp"],
            start=whole["start"],
            end=whole["end"],
            boxes=whole["bbox"].reshape(-1, 4),
            cloud=whole["cloud"],
            collections=texts["collection"],
            keys=keys,
            asset_words={
                key: AssetWords(each[0], each[1], tuple(each[2]))
                for key, each in self._told["assets"].items()
            },
            ring_counts=whole["counts"],
            ring_lengths=whole["rings"],
            points=whole["points"].reshape(-1, 2),
            shape=shape,
        )

    def item(self, row: int) -> bytes:
        """The JSON of a row."""
        number = int(np.searchsorted(self._ends, row, "right"))
        start = int(self._ends[number - 1]) if number else 0
        group = self._groups.get(number)
        if group is None:
            table = self._file.read_row_group(number, columns=["rsdat.item"], use_threads=False)
            while len(self._groups) >= 2:
                self._groups.pop(next(iter(self._groups)))
            group = self._groups[number] = table["rsdat"].combine_chunks().field("item")
        data: bytes = group[row - start].as_py()
        return data

    def close(self) -> None:
        """Close it."""
        self._groups.clear()
        self._file.close()
