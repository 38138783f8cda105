"""`NETWORKS`: the list of single networks. An ensemble joins several of them."""

from textclf.models import cnn, lstm, ngrams, transformer

# One file and one line each. A module offers
#   Options          with a field `architecture: Literal["<its name>"]`
#   INPUTS           names of the arrays it reads
#   build(options, inputs, sizes, num_units) -> the output of a layer named `logits`, (batch, num_units)
NETWORKS = {
    "lstm": lstm,
    "cnn": cnn,
    "transformer": transformer,
    "ngrams": ngrams,
}
