"""The error that users see."""

from motiongpt.retarget.errors import LONGEST, MotionGPTError


def test_what_a_damaged_file_says_of_itself_is_cut_in_its_middle() -> None:
    error = MotionGPTError(f"clip.npz can't be read ({'x' * 10**6} at byte 7).", "Save it again.")
    assert error.message.startswith("clip.npz can't be read (xxx") and error.message.endswith("xxx at byte 7).")
    assert len(error.message) <= LONGEST and str(error) == f"{error.message} Save it again."


def test_a_sentence_stays_as_it_is() -> None:
    error = MotionGPTError("There is no clip.npz.", kind="no_file")
    assert (error.message, error.cure, error.kind, str(error)) == (
        "There is no clip.npz.", "", "no_file", "There is no clip.npz."
    )  # fmt: skip
