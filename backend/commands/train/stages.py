"""`motiongpt train`: train the project's own model, stage by stage. Needs the extra `train`."""

import argparse
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ..shared.asking import need_torch
from ..shared.declaring import Subparsers, add_command
from ..shared.outputs import add_output
from ..shared.report import Report
from .settings import add_minutes, add_stage, settings_from


def declare(inner: Subparsers) -> None:
    """Declare the stages."""
    _add_tokenizer(inner)
    _add_language_model(inner)
    _add_matching(inner)
    _add_export(inner)
    _add_transition(inner)


def _add_tokenizer(inner: Subparsers) -> None:
    parser = add_stage(
        inner,
        "tokenizer",
        "stage 1: train the motion tokenizer; resumes from the folder's checkpoint",
        "motiongpt train tokenizer dataset/ -o runs/tokenizer --steps 5000",
        run_tokenizer,
    )
    add_minutes(parser)
    parser.add_argument(
        "--refine",
        type=Path,
        metavar="FOLDER",
        help="a trained tokenizer whose decoder to train further; its codes don't change",
    )
    parser.add_argument(
        "--recipe",
        choices=("own", "published"),
        default="own",
        help="published: the papers' tokenizer, one codebook of 512 on HumanML3D's features (own)",
    )
    parser.add_argument(
        "--start", type=Path, metavar="FOLDER", help="with --recipe published: a published tokenizer to train further"
    )


def _add_language_model(inner: Subparsers) -> None:
    parser = add_stage(
        inner,
        "language-model",
        "stage 2: train the language model on a trained tokenizer; resumes from the folder's checkpoint",
        "motiongpt train language-model dataset/ --tokenizer runs/tokenizer -o runs/language --steps 4000",
        run_language_model,
    )
    parser.add_argument(
        "--tokenizer", type=Path, metavar="FOLDER", help="a trained tokenizer; a pack of tokens needs none"
    )
    parser.add_argument("--start", type=Path, metavar="FOLDER", help="a trained language model to train further")
    add_minutes(parser)


def _add_matching(inner: Subparsers) -> None:
    parser = add_stage(
        inner,
        "matching",
        "train the text-motion matching model that judges motion; resumes from the folder's checkpoint",
        "motiongpt train matching dataset/ -o runs/matching --judge judge/",
        run_matching,
    )
    parser.add_argument("--start", type=Path, metavar="FOLDER", help="a trained matching model to train further")
    parser.add_argument(
        "--attempts", type=Path, metavar="FOLDER", help="learn from them, too (`motiongpt train attempts`)"
    )
    parser.add_argument("--judge", type=Path, metavar="FOLDER", help="write the model there for `motiongpt evaluate`")
    parser.add_argument("--licence", default="as the clips", help="of the weights, for judge.json")
    parser.add_argument("--into", type=Path, metavar="MODEL", help="model folder that picks among candidates with it")
    parser.add_argument("--candidates", type=int, default=4, help="number of candidates, with --into (4)")


def _add_export(inner: Subparsers) -> None:
    parser = add_command(
        inner,
        "export",
        "pack a trained tokenizer and language model as a model folder",
        "motiongpt train export --tokenizer runs/tokenizer --language runs/language --card card.json -o models/mine",
        run_export,
    )
    parser.add_argument("--tokenizer", type=Path, required=True, metavar="FOLDER", help="a trained tokenizer")
    parser.add_argument("--language", type=Path, required=True, metavar="FOLDER", help="a trained language model")
    parser.add_argument(
        "--dataset",
        type=Path,
        metavar="DATASET",
        help="what they were trained on: gives sources and licence, and its test clips measure the tokenizer",
    )
    parser.add_argument("--sets", type=Path, metavar="DATASET", help="take only sources and licence from a data set")
    parser.add_argument("--card", type=Path, required=True, metavar="JSON", help="name, licence, sources, description")
    parser.add_argument(
        "--share", type=Path, metavar="FOLDER", help="put the pretrained text side there, for several models"
    )
    add_output(parser, "MODEL", "model folder to write")


def _add_transition(inner: Subparsers) -> None:
    parser = add_stage(
        inner,
        "transition",
        "train the model that fills gaps between keyed poses; resumes from the folder's checkpoint",
        "motiongpt train transition dataset/ -o runs/transition --steps 6000 --into models/mine",
        run_transition,
    )
    parser.add_argument("--into", type=Path, metavar="MODEL", help="add the result to this model folder")
    parser.add_argument("--share", type=Path, metavar="FOLDER", help="put it there instead, for several models")


def run_tokenizer(args: argparse.Namespace) -> Report:
    """Stage 1, then its errors on the test clips."""
    if args.recipe == "published":
        return _run_published_tokenizer(args)
    if args.start:
        raise MotionGPTError("--start is for --recipe published.", "Use --refine for a tokenizer of our own.", "usage")
    from ...dataset.clips import load_dataset
    from ...dataset.sampling import action_of
    from ...training.tokenizer import measuring
    from ...training.tokenizer import train as stage

    if args.refine:
        (config,) = settings_from(args, stage.tokenizer_config(args.refine))
        stage.refine_decoder(args.dataset, args.refine, args.output, config, args.device)
    else:
        (config,) = settings_from(args, stage.TokenizerConfig)
        stage.train_tokenizer(args.dataset, args.output, config, args.device)
    model, statistics = stage.load_tokenizer(args.output)
    errors = measuring.errors_of(model, statistics, load_dataset(args.dataset))
    measured = measuring.evaluated(model, errors)
    groups = {
        "sets": measuring.by_group(errors, lambda clip: clip.set),
        "actions": measuring.by_group(errors, action_of),
    }
    lines = tuple(f"{k}: {v:.3f}" for k, v in measured.items())
    return Report({"path": str(args.output), **measured, **groups}, (*lines, *measuring.table(groups["sets"])))


def _run_published_tokenizer(args: argparse.Namespace) -> Report:
    from ...training.tokenizer.published import PublishedTokenizer, train_published

    if args.refine:
        raise MotionGPTError("--refine is not for --recipe published.", "Use --start to train it further.", "usage")
    (config,) = settings_from(args, PublishedTokenizer)
    measured = train_published(args.dataset, args.output, config, args.device, args.start)
    return Report({"path": str(args.output), **measured}, tuple(f"{k}: {v:g}" for k, v in measured.items()))


def run_language_model(args: argparse.Namespace) -> Report:
    """Stage 2."""
    from ...training.language.data import LanguageTraining
    from ...training.language.net import LanguageConfig
    from ...training.language.packed import is_pack
    from ...training.language.train import train_language_model

    if args.tokenizer is None and not is_pack(args.dataset):
        raise MotionGPTError("A data set needs a tokenizer.", "Give a trained one with --tokenizer FOLDER.", "usage")
    training, config = settings_from(args, LanguageTraining, LanguageConfig)
    train_language_model(
        args.dataset, args.tokenizer or args.dataset / "tokenizer", args.output, training, config, args.device,
        args.start,
    )  # fmt: skip
    return Report({"path": str(args.output)}, (f"{args.output}: trained",))


def run_matching(args: argparse.Namespace) -> Report:
    """The text-motion matching model."""
    from ...dataset.clips import load_dataset
    from ...training.loop import load_trained
    from ...training.matching.data import MatchingTraining
    from ...training.matching.export import add_picker, calibrate, export_judge, right_where_set_apart
    from ...training.matching.net import MatchingConfig
    from ...training.matching.train import train_matching

    training, config = settings_from(args, MatchingTraining, MatchingConfig)
    model = train_matching(args.dataset, args.output, training, config, args.device, args.start, args.attempts).cpu()
    dataset = load_dataset(args.dataset)
    measured = {**calibrate(model, dataset), **right_where_set_apart(model, dataset, training.without)}
    settings = load_trained(args.output, "matching model")["config"]
    if args.judge:
        export_judge(model, args.judge, {"licence": args.licence, "training": settings, **measured})
    if args.into:
        add_picker(args.into, model, settings, args.candidates)
    return Report({"path": str(args.output), **measured}, tuple(f"{k}: {v:g}" for k, v in measured.items()))


def run_transition(args: argparse.Namespace) -> Report:
    """The transition model, added to the model folder that --into names."""
    from ...dataset.sets import load_sets
    from ...licences import LICENCE_OF, strictest
    from ...training.transition.export import add_transition, share_transition
    from ...training.transition.net import TransitionConfig
    from ...training.transition.train import TransitionTraining, train_transition

    training, config = settings_from(args, TransitionTraining, TransitionConfig)
    train_transition(args.dataset, args.output, training, config, args.device)
    shared = None
    if args.share:
        sets = load_sets(args.dataset)
        licence = LICENCE_OF[strictest(s.group for s in sets)] if sets else "as the clips"
        sources = tuple(dict.fromkeys(s.licence for s in sets))
        shared = share_transition(args.share, args.output, licence, sources, args.into)
    if args.into:
        add_transition(args.into, args.output, shared)
    where = args.into or args.share or args.output
    return Report({"path": str(where)}, (f"{where}: trained",))


def run_export(args: argparse.Namespace) -> Report:
    """A model folder, whose card records the training and measurements."""
    need_torch()
    from ...dataset.clips import load_dataset
    from ...dataset.sets import load_sets
    from ...model_folder import add_measured, all_files, find_file
    from ...training.language.card import read_card_draft, training_record
    from ...training.language.export import export_model
    from ...training.language.known import known_phrases
    from ...training.language.stored import language_stored, tokenizer_stored
    from ...training.language.train import caption_words, load_language_model, unused_codes
    from ...training.tokenizer.measuring import evaluate_tokenizer
    from ...training.tokenizer.train import load_tokenizer

    draft = read_card_draft(args.card, load_sets(known) if (known := args.sets or args.dataset) else ())
    tokenizer, statistics = load_tokenizer(args.tokenizer)
    draft["training"] = training_record(args.tokenizer, args.language)
    found = {"unused_codes": unused_codes(args.language), "caption_words": caption_words(args.language)}
    draft["settings"] = {**found, **draft.get("settings", {})}
    if args.dataset:
        measured = evaluate_tokenizer(tokenizer, statistics, load_dataset(args.dataset))
        draft["measured"] = {**draft.get("measured", {}), "tokenizer": {k: round(v, 4) for k, v in measured.items()}}
    language, known = load_language_model(args.language), known_phrases(args.language)
    card = export_model(tokenizer, statistics, language, known, args.output, draft, args.share)
    stored = language_stored(args.output, card, language, args.language)
    if args.dataset:
        stored |= tokenizer_stored(args.output, statistics, load_dataset(args.dataset))
    add_measured(str(args.output.absolute()), stored=stored)
    size = sum(find_file(args.output, card, name).stat().st_size for name in all_files(card))
    lines = (f"{args.output}: {size / 1e6:.1f} MB", *(f"stored {name}: {value:g}" for name, value in stored.items()))
    return Report({"path": str(args.output), "bytes": size, "stored": stored}, lines)
