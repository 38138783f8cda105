"""Train configs in a process whose CPU is two devices. TensorFlow divides a CPU only once, before its first use.

    python tests/training/fitting/two_devices.py '{"cnn": {"data": …}}'

The names are those of the runs. It writes the state of dropout on both devices, from a state on the first one, as JSON.
"""

import json
import sys

import keras
import tensorflow as tf

import textclf
from textclf.training.fitting.processes import on_devices
from textclf.training.fitting.replicas import vary_seeds


def dropout_states() -> list[list[int]]:
    with on_devices(2):
        network = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5, seed=7)])
        vary_seeds(network)
    (state,) = network.variables
    return [replica.numpy().tolist() for replica in state.value.values]


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    for name, config in json.loads(sys.argv[1]).items():
        textclf.train(config, run=name)
    sys.stdout.write(json.dumps(dropout_states()))
