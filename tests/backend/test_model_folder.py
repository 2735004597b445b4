"""Model folders: cards of newer versions, and the starter model."""

from pathlib import Path

import msgspec
from support.model_folders import spoil_card

from motiongpt.backend.model_folder import read_card, verify_files


def test_cards_of_newer_versions_still_load(model: Path) -> None:
    spoil_card(colour="green")(model)
    assert read_card(model).name == "mine"


def test_the_starter_model_is_whole(starter_model: Path) -> None:
    card = read_card(starter_model)
    verify_files(starter_model, card)
    assert msgspec.to_builtins(card)["licence"]
