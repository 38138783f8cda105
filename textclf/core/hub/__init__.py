"""The hub of Hugging Face. The modules of this package alone import `huggingface_hub`, inside their functions.

`HF_HUB_OFFLINE`, `HF_TOKEN`, `HF_ENDPOINT` and `HF_HOME` mean what they mean for every client of the hub.

    address.py      hf://owner/name@revision
    classifiers.py  download a classifier
    encoders.py     download a pretrained encoder
    problems.py     what went wrong, in one sentence
    upload.py       upload files
"""
