"""The settings of a search: section `tuning` of the config. Only `textclf tune` reads it."""

from typing import Any, Literal

from textclf.core.options import Options, setting


class TuningOptions(Options):
    """Search space and budget of `textclf tune`. A training ignores them."""

    minutes: float | None = setting(
        default=None,
        gt=0,
        description="Time of the whole search, with the last training (null: 30 minutes, or no limit if `trials` is "
        "set).",
    )
    trials: int | None = setting(default=None, ge=1, description="Maximum number of trials (null: no limit).")
    workers: int = setting(
        default=1,
        ge=1,
        le=1000,
        description="Number of trials at the same time. Trial n is proposed from the results of the trials up to "
        "n - workers, so another number gives other trials.",
    )
    size: float | None = setting(
        default=None, gt=0, description="Maximum size of the classifier folder in MB (null: no limit)."
    )
    latency: float | None = setting(
        default=None,
        gt=0,
        description="Maximum time for a single text in milliseconds, as the median on this machine (null: no limit).",
    )
    metric: Literal["accuracy", "f1_macro", "loss", "roc_auc"] | None = setting(
        default=None,
        description="Validation metric that decides which trial is best (null: that of `training.early_stopping`, or "
        "loss).",
    )
    folds: int | None = setting(
        default=None,
        ge=2,
        le=100,
        description="Folds of the cross-validation that scores a trial, for small data (null: the validation texts "
        "score it).",
    )
    default_space: bool = setting(
        default=True,
        description="Also search the default settings (`textclf tune CONFIG --show-space` prints them), not only "
        "those of `settings`.",
    )
    settings: dict[str, Any] = setting(
        default={},
        description="Settings to search, by path: `{from: 0.0001, to: 0.01, scale: log}` or `{choices: [32, 64]}` "
        "(null: do not search this one).",
    )
