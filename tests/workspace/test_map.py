"""The map of the reference: `tinytorch/README.md`."""

from make_map import MAP, REFERENCE, the_map


def test_it_is_what_the_files_say():
    assert MAP.read_text(encoding="utf-8") == the_map(), "python scripts/make_map.py renews it"


def test_every_file_is_in_it_once():
    text = MAP.read_text(encoding="utf-8")
    assert [path.name for path in REFERENCE.glob("*.py") if text.count(f"]({path.name})") != 1] == []
