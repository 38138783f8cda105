"""The families of pretrained encoders: `FAMILIES` is the table. A family maps the files of a folder to our layers.

All of them are post-norm encoders of one form (`encoder/network.py`). They differ in the names of settings and tensors,
and in the first position. One file each. A module offers

    SETTINGS        name in `EncoderConfig` -> name in `config.json`, where they differ
    DEFAULTS        settings that `config.json` may leave out
    TENSORS         a `TensorNames`
    PREFIX          before the names of tensors, in checkpoints with a head
    POSITIONS_AFTER_PADDING  whether the first token reads the row of the position table after that of padding
"""

from textclf.models.encoder.families import bert, distilbert, roberta

# `model_type` in `config.json` -> family.
FAMILIES = {"bert": bert, "roberta": roberta, "xlm-roberta": roberta, "distilbert": distilbert}
