"""Architecture `encoder`: a pretrained encoder of the BERT family -> pooling -> logits. It is fine-tuned, or frozen.

`config.py` reads the settings of the encoder, `weights_file.py` its tensors, `families/` maps both to the layers of
`network.py`. Nothing here imports Keras before a network is built.
"""
