"""Keys of stored objects: readable, never outside of their folder, never the same for two objects."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given, strategies as st

from founderstack.migration.files.keys import key_of

ID = "6b1f8a52-52f5-4f4e-9d4b-0a5ab8c0f3d1"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("me/photo 1.png", "storage/papers/me/photo 1.png"),
        ("año/数.pdf", "storage/papers/año/数.pdf"),
        ("a%2Fb?#&", "storage/papers/a%252Fb?#&"),
        ("back\\slash\n", "storage/papers/back%5Cslash%0A"),
        (".emptyFolderPlaceholder", "storage/papers/.emptyFolderPlaceholder"),
        ("../../etc/passwd", f"storage/papers/~{ID}"),
        ("a//b", f"storage/papers/~{ID}"),
        ("folder/", f"storage/papers/~{ID}"),
        ("~guess", f"storage/papers/~{ID}"),
        ("x" * 201, f"storage/papers/~{ID}"),
        ("/".join(["y" * 190] * 6), f"storage/papers/~{ID}"),
    ],
)
def test_a_name_keeps_its_path_where_it_can(name: str, key: str) -> None:
    assert key_of("papers", name, ID) == key


def test_a_name_that_is_a_folder_of_others_steps_aside() -> None:
    assert key_of("papers", "a", ID, shadowed=True) == f"storage/papers/~{ID}"


@given(bucket=st.text(min_size=1), name=st.text(min_size=1))
def test_no_name_leads_out_of_the_folder(bucket: str, name: str) -> None:
    key = key_of(bucket, name, ID)
    assert posixpath.normpath(key) == key
    assert key.startswith("storage/")
    assert "\0" not in key


@given(one=st.text(alphabet="ab/%.~2F", min_size=1), other=st.text(alphabet="ab/%.~2F", min_size=1))
def test_two_names_have_two_keys(one: str, other: str) -> None:
    keys = {key_of("papers", name, name.encode().hex()) for name in (one, other)}
    assert len(keys) == len({one, other})
