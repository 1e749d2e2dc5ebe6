"""The file of a search: kept, continued, refused; damage is told in a sentence."""

import sqlite3
from dataclasses import replace

import pytest

from screening.errors import UserError
from screening.learners import ModelOptions
from screening.tuning.file import SearchFile
from screening.tuning.records import Trial
from screening.tuning.space import settings_of, space_around
from tests.same_bytes import same_bytes

SPACE = space_around(ModelOptions())
WANTED = {"assay": "abc", "options": ModelOptions().to_dict()}


def trial(number, folds=(0.7123456789, 1 / 3)):
    return Trial(number, settings_of(ModelOptions(dropout=0.1 * number), SPACE), folds)


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("search") / "s.sqlite"
    file = SearchFile(path, WANTED, SPACE)
    for number in range(3):
        file.add(trial(number))
    file.write_note("check", [[0.1], [0.2]])
    return path.read_bytes()


@pytest.fixture
def path(content, tmp_path):
    # In a URL half of these signs would mean something.
    path = tmp_path / "a {model} of?us#50%.tune.sqlite"
    path.write_bytes(content)
    return path


def test_what_was_kept_is_found_again(path):
    again = SearchFile(path, WANTED, SPACE)
    assert again.trials() == [trial(0), trial(1), trial(2)]
    assert again.note("check") == [[0.1], [0.2]]
    assert again.note("another") is None
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_a_trial_that_two_processes_did_counts_once_and_a_gap_ends_the_trials(path):
    file = SearchFile(path, WANTED, SPACE)
    file.add(trial(2))
    file.add(trial(4))
    assert file.trials() == [trial(0), trial(1), trial(2)]


def test_between_calls_nothing_holds_the_file(path, monkeypatch):
    made = []

    def connect(path):
        made.append(sqlite3.Connection(path))
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    file = SearchFile(path, WANTED, SPACE)
    file.add(trial(3))
    assert len(file.trials()) == 4
    assert len(made) > 3
    for connection in made:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_another_search_is_refused_and_the_difference_named(path):
    other = {"assay": "abd", "options": replace(ModelOptions(), seed=1).to_dict()}
    with pytest.raises(UserError) as refused:
        SearchFile(path, other, SPACE)
    said = str(refused.value)
    assert str(path) in said
    assert "assay was 'abc' and is 'abd'" in said
    assert "options.seed was 0 and is 1" in said
    assert "epochs" not in said


def cut_short(path):
    path.write_bytes(path.read_bytes()[:50_000])


def overwrite(path):
    data = bytearray(path.read_bytes())
    data[8192:60_000] = b"\xa5" * (60_000 - 8192)
    path.write_bytes(data)


def replace_by_text(path):
    path.write_text("no database, whatever the name says\n" * 100)


def replace_by_other_database(path):
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE compounds (smiles TEXT)")
    connection.close()


def change(statement):
    def damage(path):
        with sqlite3.connect(path) as connection:
            connection.execute(statement)
        connection.close()

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        cut_short,
        overwrite,
        replace_by_text,
        replace_by_other_database,
        lambda path: path.write_bytes(b""),
        change("DELETE FROM study_user_attributes"),
        change("DELETE FROM trial_user_attributes WHERE key = 'folds'"),
        change("UPDATE trial_user_attributes SET value_json = '[]' WHERE key = 'folds'"),
        change("UPDATE trial_user_attributes SET value_json = '{' WHERE key = 'number'"),
        change("DELETE FROM trial_params WHERE param_name = 'dropout'"),
        change("UPDATE alembic_version SET version_num = 'v99'"),
    ],
)
def test_a_damaged_file_is_told_in_a_sentence(path, damage):
    damage(path)
    with pytest.raises(UserError) as refused:
        SearchFile(path, WANTED, SPACE).trials()
    said = str(refused.value)
    assert said.startswith(str(path))
    assert "move it away" in said
    assert "\n" not in said


def test_another_database_is_left_as_it_was(path):
    replace_by_other_database(path)
    before = path.read_bytes()
    with pytest.raises(UserError):
        SearchFile(path, WANTED, SPACE)
    assert same_bytes(path, before)
