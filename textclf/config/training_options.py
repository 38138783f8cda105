"""How a network is fitted: the settings of a training."""

from typing import Literal

from textclf.core.options import Options, setting


class EarlyStoppingOptions(Options):
    """When to stop before the last epoch. The weights of the best epoch are always the ones kept."""

    metric: Literal["accuracy", "f1_macro", "loss", "roc_auc"] = setting(
        default="loss", description="Validation metric that decides which epoch is the best."
    )
    patience: int = setting(
        default=3,
        ge=1,
        description="Validations without a better one after which training stops: epochs, if there is one each.",
    )


class AugmentationOptions(Options):
    """Training texts changed a little, differently in each epoch: a network cannot learn them by heart."""

    deletion: float = setting(default=0.0, ge=0, lt=1, description="Share of the tokens of a text that are left out.")
    swap: float = setting(default=0.0, ge=0, le=1, description="Share of the tokens of a text that change places.")
    mixup: float = setting(
        default=0.0,
        ge=0,
        le=10,
        description="Mix the features and labels of every text with those of another of its batch, by a share from "
        "Beta(a, a) with this a (Guo et al. 2019; 0.2 to 1 are usual); 0 is off. The class weight is that of the text.",
    )


class TrainingOptions(Options):
    """How the network is fitted."""

    epochs: int = setting(default=10, ge=1, description="Most passes over the training texts.")
    batch_size: int = setting(default=32, ge=1, description="Texts of one step.")
    loss: Literal["log_loss", "squared_hinge"] = setting(
        default="log_loss",
        description="What is learned: probabilities, or answers alone, of which the surely right ones cost nothing "
        "(squared_hinge, as in a linear support vector machine; it suits `ngrams`).",
    )
    optimizer: Literal["adam", "adagrad"] = setting(
        default="adam",
        description="What makes a step of the gradients. Adagrad suits large tables of which a text uses few rows; its "
        "learning rates are larger, 0.05 to 0.5.",
    )
    initial_accumulator: float = setting(
        default=0.1, ge=0, description="Of adagrad: where its sums of squared gradients begin; larger is more careful."
    )
    learning_rate: float = setting(default=0.001, gt=0, description="Step size of the optimizer.")
    schedule: Literal["constant", "linear", "cosine"] = setting(
        default="constant",
        description="How the learning rate changes after the warm-up: not at all, or down to 0 at the end of the last "
        "of `epochs`, along a line or half a cosine.",
    )
    warmup: float = setting(
        default=0.0, ge=0, lt=1, description="Share of all steps over which the learning rate rises from near 0."
    )
    clip_norm: float | None = setting(
        default=5.0,
        gt=0,
        description="Largest norm of the gradient of all weights together; a larger one is scaled down to it, against "
        "exploding ones. null switches it off.",
    )
    weight_decay: float = setting(
        default=0.0,
        ge=0,
        description="Share by which every step shrinks the weights, times the learning rate (as AdamW does); not "
        "biases, nor rows of an embedding that the batch does not have.",
    )
    ema_decay: float | None = setting(
        default=None,
        gt=0,
        lt=1,
        description="Of the exponential moving average of the weights, which is then what is measured and kept: 0.999 "
        "averages over some 1,000 steps, at first over fewer. null: the weights as they are.",
    )
    checkpoint_steps: int = setting(
        default=1000,
        ge=1,
        description="Steps after which the state of the training is written within an epoch, to go on from after an "
        "interruption; it is written after every epoch as well.",
    )
    augmentation: AugmentationOptions | None = setting(
        default=None, description="How training texts are changed in each epoch; null: not at all."
    )
    validations_per_epoch: int = setting(
        default=1,
        ge=1,
        description="How often an epoch validation is measured, at equal distances. More suit large sets, which are "
        "learned before an epoch is over.",
    )
    early_stopping: EarlyStoppingOptions | None = setting(
        default=EarlyStoppingOptions(),
        description="When to stop before the last epoch; null: never, and the lowest loss is best.",
    )
    refit: bool = setting(
        default=False,
        description="Whether every network is fitted once more in the end, to train and validation together, for as "
        "many epochs as were best. It doubles the time; the figures of validation are those of before. Said once for "
        "all members of an ensemble.",
    )
    log_to: list[Literal["mlflow", "tensorboard"]] = setting(
        default=[],
        description="Where to write the history as well while the training goes on: `tensorboard`, event files in the "
        "run folder; `mlflow`, the server of MLFLOW_TRACKING_URI, or files in the working directory. Each needs "
        "`pip install textclf-keras[…]` with its name. Said once for all members of an ensemble.",
    )
