import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsim.exercises.handing_out import KEY, PRACTICE, hand_out, handed_out, keep, keyed
from mlsim.exercises.sealing import HEAD, NotSealed, seal, unseal
from tests.exercises.conftest import EXERCISES

names = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}", fullmatch=True)


@given(st.dictionaries(names, st.text()))
def test_what_was_sealed_comes_out_again(texts: dict[str, str]):
    assert unseal(seal(texts), "x.sealed") == texts


@pytest.mark.parametrize(
    "text", ["", "nonsense", HEAD + "AAAA", seal({"../up.yaml": ""}), seal({"/etc/passwd": ""})]
)
def test_what_is_no_sealed_file_of_ours_is_refused(text: str):
    with pytest.raises(NotSealed, match=r"^x\.sealed: "):
        unseal(text, "x.sealed")


def test_a_bomb_is_refused():
    with pytest.raises(NotSealed, match="more than"):
        unseal(seal({"a": "0" * (5 << 20)}), "x.sealed")


def test_students_get_no_hidden_fault_in_any_form(tmp_path):
    exercise = EXERCISES["fahrenheit"]
    hand_out(exercise, tmp_path)
    sealed = unseal((tmp_path / PRACTICE).read_text(), PRACTICE)
    given = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    for text in (given, *sealed.values()):
        assert "hundredths" not in text
        assert "solution" not in text.lower().replace("resolution", "")
    assert "tenths" not in given
    with handed_out(tmp_path) as opened:
        assert opened.spec.hidden is None
        assert opened.spec.practice == exercise.spec.practice


def test_a_teachers_key_holds_the_whole_exercise(tmp_path):
    exercise = EXERCISES["fahrenheit"]
    keep(exercise, tmp_path)
    for key in (tmp_path, tmp_path / KEY):
        with keyed(key) as opened:
            assert opened.spec == exercise.spec
