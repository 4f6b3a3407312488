"""Trees of files in pages: whatever the history, the same files give the same pages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madang.datahub.commits import pages
from madang.datahub.commits.pages import Entry, Gone, Tree, index_bytes, index_from, paged
from madang.datahub.commits.paths import kept_path
from madang.datahub.errors import PathInvalid


class Held:
    """Pages in a dictionary."""

    def __init__(self) -> None:
        self.pages: dict[bytes, bytes] = {}
        self.loads = 0

    def load(self, hash: bytes) -> bytes:
        self.loads += 1
        return self.pages[hash]

    def save(self, pages) -> None:
        self.pages |= pages


def entry(path: str, size: int = 1) -> Entry:
    return Entry(path, size, bytes(20), bytes(32), bytes(32))


def tree_of(paths, held: Held | None = None) -> Tree:
    held = held or Held()
    index, fresh = paged(entry(path) for path in sorted(set(paths)))
    held.save(fresh)
    return Tree(index, held)


parts = st.text("abc가나-0", min_size=1, max_size=3)
paths = st.lists(parts, min_size=1, max_size=3).map("/".join)


@settings(deadline=None, max_examples=150)
@given(
    st.sets(paths, max_size=60), st.sets(paths, max_size=10), st.sets(paths, max_size=10),
    st.sets(paths, max_size=3), st.sampled_from([1, 2, 4, pages.PAGE_ENTRIES]),
)  # fmt: skip
def test_changes_end_where_the_files_are(before, puts, files, folders, close_every) -> None:
    """With pages of a few files, too, so that most changes cross several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "PAGE_ENTRIES", close_every)
        patch.setattr(pages, "PAGE_ENTRIES_MAX", 4 * close_every)
        gone = Gone(frozenset(files), tuple(f"{folder}/" for folder in folders))
        _change(before, puts, gone)


def changed(tree, puts, gone, keep):
    fresh = sorted(puts)
    return tree.changed(fresh, map(entry, fresh), gone, keep)


def _change(before, puts, gone) -> None:
    held = Held()
    tree = tree_of(before, held)
    index = changed(tree, puts, gone, held.save)
    wanted = sorted({path for path in before if not gone(path)} | puts)
    assert [found.path for found in Tree(index, held).walk()] == wanted
    assert index == paged(entry(path) for path in wanted)[0], "the same pages, however made"
    assert index_from(index_bytes(index)) == index


@settings(deadline=None, max_examples=150)
@given(st.sets(paths, max_size=40), st.one_of(st.just(""), paths))
def test_folders_list_what_lies_in_them(held, folder) -> None:
    prefix = f"{folder}/" if folder else ""
    inside = [path[len(prefix) :] for path in sorted(held) if path.startswith(prefix)]
    wanted = {prefix + path.split("/")[0] for path in inside}
    tree = tree_of(held)
    found = [one.path if isinstance(one, Entry) else one for one in tree.children(folder)]
    assert set(found) == wanted
    assert tree.has_folder(folder) == (not folder or bool(inside))


def test_large_tree_is_found_page_by_page() -> None:
    many = [f"d{n % 7}/{n:06}.txt" for n in range(20_000)]
    held = Held()
    tree = tree_of(many, held)
    assert tree.files == 20_000
    assert 20 <= len(held.pages) <= 80
    assert tree.find("d3/000003.txt") == entry("d3/000003.txt")
    assert tree.find("d3/000004.txt") is None
    assert tree.find("a") is tree.find("z") is None
    assert list(tree.children("")) == [f"d{n}" for n in range(7)]
    assert next(tree.walk("d2/010000.txt")).path == "d2/010005.txt"
    cold = Held()
    cold.pages = held.pages
    fresh = {}
    changed(Tree(tree._index, cold), ["d3/new.txt"], Gone(folders=("d5/",)), fresh.update)
    inside = sum(ref.files for ref in tree._index) // 7 // 512
    assert cold.loads <= 3 * inside, "pages that nothing falls into are not read"
    fresh = {}
    changed(tree, ["d3/new.txt"], Gone(), fresh.update)
    assert len(set(fresh) - set(held.pages)) <= 2, "an edit rewrites the page it falls into"


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/etc/passwd", "a//b", "a/", "./a", "a/./b", "../a", "a/../b", "..", "a/..",
        ".git/config", ".GIT/config", "x/.cache/y", "a\\b", "..\\a", "C:/a", "a\0b", "a\nb",
        "a\u202eb", "a*", "a?", 'a"b', "<a>", "a|b", "a /b", " a", "a.", "가" * 400, "x" * 256,
    ],
)  # fmt: skip
def test_path_that_leads_elsewhere_is_refused(path) -> None:
    with pytest.raises(PathInvalid):
        kept_path(path)


def test_names_are_kept_in_one_form() -> None:
    assert kept_path("\u1100\u1161/a.txt") == "가/a.txt"
    assert kept_path("data/train-00001-of-00081.parquet") == "data/train-00001-of-00081.parquet"
