"""`workstation hotkeys` as a person calls it: what is printed, and the exit code."""

import json

from workstation.__main__ import main

SCENE = {"symbol": "AAPL", "bid": "187.19", "ask": "187.21"}


def test_lint_of_the_shipped_keys_is_clean(tmp_path, capsys):
    assert main(["hotkeys", "lint", "--home", str(tmp_path), "--layout", "us"]) == 0
    assert "0 findings" in capsys.readouterr().out


def test_lint_of_a_home_with_a_doubtful_bind_prints_it_and_fails(tmp_path, capsys):
    (tmp_path / "hotkeys.toml").write_text('version = 1\n[[bind]]\nid = "a"\nkeys = "Ctrl+C"\ndo = "arm"\n')
    assert main(["hotkeys", "lint", "--home", str(tmp_path)]) == 1
    assert "hotkeys.toml: line 2: a: Ctrl+C shadows" in capsys.readouterr().out


def test_a_file_that_does_not_load_is_a_wrong_call_with_line_and_column(tmp_path, capsys):
    (tmp_path / "hotkeys.toml").write_text('version = 1\n[[bind]]\nid = "a"\nkeys = "F5"\ndo = "buy"\n')
    assert main(["hotkeys", "lint", "--home", str(tmp_path)]) == 2
    assert "hotkeys.toml: line 5, column 6: 'buy' is no verb" in capsys.readouterr().err


def test_a_dry_run_prints_the_order(tmp_path, capsys):
    scene = tmp_path / "scene.json"
    scene.write_text(json.dumps(SCENE))
    assert main(["hotkeys", "dry-run", "F1", "--at", str(scene), "--home", str(tmp_path)]) == 0
    assert "intent  BUY 1 AAPL LIMIT 187.19 DAY" in capsys.readouterr().out


def test_a_dry_run_of_a_key_without_a_bind_or_of_a_broken_scene_is_a_wrong_call(tmp_path, capsys):
    scene = tmp_path / "scene.json"
    scene.write_text("{")
    assert main(["hotkeys", "dry-run", "F10", "--at", str(scene), "--home", str(tmp_path)]) == 2
    assert main(["hotkeys", "dry-run", "F1", "--at", str(scene), "--home", str(tmp_path)]) == 2
    assert "no bind has F10" in capsys.readouterr().err


def test_an_import_writes_a_new_file_only_and_lists_what_it_left_out(tmp_path, capsys):
    keys, out = tmp_path / "das.htk", tmp_path / "new.toml"
    keys.write_text("F1:Buy:Price=Ask;Share=100;BUY=Send\nF2:x:Nothing\n")
    assert main(["hotkeys", "import", "das", str(keys), "--out", str(out)]) == 1
    assert "enabled = false" in out.read_text()
    assert "line 2: 'Nothing' has no counterpart" in capsys.readouterr().out
    assert main(["hotkeys", "import", "das", str(keys), "--out", str(out)]) == 2
