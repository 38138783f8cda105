"""The settings of a training: section `training` of the config, and of each member of an ensemble."""

from typing import Annotated, Literal

from textclf.core.options import Check, Limit, Options, setting
from textclf.core.search_ranges import Around, OneOf


def _devices(value: object) -> int | str:
    if value in ("auto", "all") or (type(value) is int and value >= 1):
        return value
    raise ValueError("auto, all, or a number of devices >= 1")


Devices = Annotated[Literal["auto", "all"] | Annotated[int, Limit(ge=1)], Check(_devices)]


class EarlyStoppingOptions(Options):
    """Settings for stopping before the last epoch. The weights of the best epoch are always kept."""

    metric: Literal["accuracy", "f1_macro", "loss", "roc_auc"] = setting(
        default="loss", description="Validation metric that decides which epoch is best."
    )
    patience: int = setting(
        default=3,
        ge=1,
        description="Number of validations without improvement after which training stops. With "
        "`validations_per_epoch: 1`, it is a number of epochs.",
    )


class AugmentationOptions(Options):
    """Random changes to the training texts, different in each epoch, against overfitting."""

    deletion: float = setting(default=0.0, ge=0, lt=1, description="Share of the tokens of a text that are deleted.")
    swap: float = setting(default=0.0, ge=0, le=1, description="Share of the tokens of a text that are swapped.")
    mixup: float = setting(
        default=0.0,
        ge=0,
        le=10,
        description="Mixup (Guo et al. 2019): mix the features and labels of each text with another of its batch. The "
        "share comes from Beta(a, a) with this a. Usual are 0.2 to 1, and 0 is off. The class weight is that of the "
        "text itself.",
    )


class TrainingOptions(Options):
    """Settings of a training."""

    epochs: int = setting(default=10, ge=1, description="Maximum passes over the training texts.")
    batch_size: int = setting(default=32, ge=1, tuned=Around(2), description="Texts per step.")
    loss: Literal["log_loss", "squared_hinge"] = setting(
        default="log_loss",
        description="Loss function: log_loss (cross-entropy), or squared_hinge. squared_hinge is the loss of a linear "
        "support vector machine, and suits `ngrams`.",
    )
    optimizer: Literal["adam", "adagrad", "liblinear"] = setting(
        default="adam",
        description="Optimizer. Adagrad suits large embedding tables of which each text uses few rows. Its learning "
        "rates are larger, 0.05 to 0.5. liblinear solves the linear model of `ngrams` until it converges, and has no "
        "epochs. It uses only these settings of `training`: `loss`, `inverse_regularization`, `ngram_scaling`, "
        "`ngram_vectors` and `refit`. It keeps all n-grams of the training texts in memory, 28 to 44 bytes each.",
    )
    inverse_regularization: list[Annotated[float, Limit(gt=0)]] = setting(
        default=[1.0],
        min_length=1,
        max_length=10,
        description="liblinear only: C, the weight of the loss against that of the L2 penalty, above 0. Smaller values "
        "mean smaller weights. If there are several values, textclf takes the one with the lowest log loss on "
        "validation.",
    )
    initial_accumulator: float = setting(
        default=0.1,
        ge=0,
        description="Adagrad only: initial value of the sums of squared gradients. A larger value makes the first "
        "steps smaller.",
    )
    ngram_scaling: Literal["none", "naive_bayes"] = setting(
        default="none",
        description="liblinear only: naive_bayes multiplies every n-gram by a log ratio: its frequency in texts with a "
        "label, divided by that in the other texts (NB-SVM, Wang & Manning 2012).",
    )
    ngram_vectors: int = setting(
        default=0,
        ge=0,
        le=1000,
        description="liblinear only, for `ngrams`: dimension of vectors of n-grams, beside the n-grams themselves (0: "
        "none; usual is 100). N-grams of similar texts have similar vectors, so that a label of one of them counts for "
        "the others. textclf learns the vectors from the training texts. The classifier does not become larger or "
        "slower.",
    )
    learning_rate: float = setting(default=0.001, gt=0, tuned=Around(5), description="Step size of the optimizer.")
    schedule: Literal["constant", "linear", "cosine"] = setting(
        default="constant",
        description="Learning rate after the warm-up: constant, or decay to 0 at the end of `epochs`. The decay is "
        "linear or along half a cosine.",
    )
    warmup: float = setting(
        default=0.0, ge=0, lt=1, description="Share of all steps in which the learning rate rises from near 0."
    )
    clip_norm: float | None = setting(
        default=5.0,
        gt=0,
        description="Gradient clipping: maximum norm of all gradients together (null: no clipping).",
    )
    weight_decay: float = setting(
        default=0.0,
        ge=0,
        tuned=OneOf((0.0, 0.01, 0.1)),
        description="Decoupled weight decay (AdamW): each step shrinks the weights by this share times the learning "
        "rate. It does not shrink biases and embedding rows that the batch does not use.",
    )
    ema_decay: float | None = setting(
        default=None,
        tuned=OneOf((None, 0.99)),
        gt=0,
        lt=1,
        description="Decay of the exponential moving average of the weights (null: no average). textclf validates and "
        "saves the average. 0.999 averages over about 1,000 steps, and over fewer steps at first.",
    )
    checkpoint_steps: int = setting(
        default=1000,
        ge=1,
        description="Steps between checkpoints within an epoch. Each epoch also ends with a checkpoint. A resumed "
        "training continues from the last one.",
    )
    augmentation: AugmentationOptions | None = setting(
        default=None, description="Data augmentation of the training texts in each epoch (null: none)."
    )
    validations_per_epoch: int = setting(
        default=1,
        ge=1,
        description="Validations per epoch, at equal distances. Use more for large data sets, because a network can "
        "learn them in less than an epoch.",
    )
    early_stopping: EarlyStoppingOptions | None = setting(
        default=EarlyStoppingOptions(),
        description="Early stopping (null: train all epochs, and keep the epoch with the lowest loss).",
    )
    refit: bool = setting(
        default=False,
        description="Train every network once more on train and validation together, for the best number of epochs. "
        "Vocabulary and n-grams are learned from both, too. This doubles the time. Validation metrics are those of the "
        "first fit. In an ensemble, it applies to all members.",
    )
    inner_folds: int | None = setting(
        default=None,
        ge=2,
        le=10,
        description="Decide by out-of-fold predictions, for small data (null: on the validation texts). Every network "
        "is trained K times on train and validation, each time without one of K folds, and predicts this fold. These "
        "predictions choose the number of epochs, `inverse_regularization`, the weights of an ensemble, the "
        "temperature and the thresholds. Then `refit`, which this needs, trains on all texts. Training takes about K "
        "times as long. In an ensemble, it applies to all members.",
    )
    devices: Devices = setting(
        default="auto",
        description="Devices of a machine that train together, each on a share of every batch: auto (all GPUs of a "
        "machine that has several, otherwise one device), all, or a number. The batches stay the same. Several "
        "machines train together by TF_CONFIG. In an ensemble, it applies to all members.",
    )
    log_to: list[Literal["mlflow", "tensorboard"]] = setting(
        default=[],
        description="Loggers of the history during training. `tensorboard` writes event files to the run folder. "
        "`mlflow` logs to the server of MLFLOW_TRACKING_URI, or to files in the working directory. Each needs `pip "
        "install textclf-keras[…]` with its name. In an ensemble, it applies to all members.",
    )
