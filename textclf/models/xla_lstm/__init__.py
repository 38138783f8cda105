"""The LSTM of Keras with its training loop compiled by XLA, and its gradient written out.

Contract: `layer.LSTM` is Keras's LSTM, with the same weights, outputs and gradients up to rounding. It runs compiled
only in training, and only after `layer.choose_kernels(model, workload)` has found that it pays. Inference, recurrent
dropout and GPUs use Keras's own loop. Only `layer` knows `kernels`.

Gain: forward and backward through 64 units, 230 tokens and a batch of 32 take Keras 92 ms of processor time and the
first version of the kernels 42 ms. The loops have since become 40 % faster and use all cores (2 cores, 2026-11-24,
docs/performance.md).
"""
