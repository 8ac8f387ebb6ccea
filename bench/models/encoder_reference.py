"""The references of bench/models/encoder.ts: sentence-transformers on PyTorch, and ONNX Runtime, with the weights of one folder.

Reads one JSON object per line from standard input and answers each with one line:
  {"do": "open", "encoder": DIR, "threads": N}      -> {"versions": {...}}
  {"do": "embed", "with": KIND, "texts": [...]}     -> {"embeddings": [[...], ...]}
  {"do": "time", "with": KIND, "calls": [[...]]}    -> {"ms": [...]}, one figure per list of texts
KIND is "sentence-transformers" or "onnxruntime".
"""

import json
import logging
import os
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
answers, sys.stdout = sys.stdout, sys.stderr

import numpy
import onnxruntime
import sentence_transformers
import torch
from sentence_transformers.models import Normalize, Pooling, Transformer
from transformers import AutoModel


def with_sentence_transformers(folder: str):
    transformer = Transformer(folder)
    pooling = Pooling(transformer.get_word_embedding_dimension(), pooling_mode="mean")
    model = sentence_transformers.SentenceTransformer(
        modules=[transformer, pooling, Normalize()], device="cpu"
    )
    return model.tokenizer, lambda texts: model.encode(texts, batch_size=64, show_progress_bar=False)


class Hidden(torch.nn.Module):
    def __init__(self, folder: str):
        super().__init__()
        self.model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

    def forward(self, ids, mask):
        return self.model(input_ids=ids, attention_mask=mask).last_hidden_state


def with_onnxruntime(folder: str, tokenizer, threads: int):
    ids = torch.ones(2, 8, dtype=torch.int64)
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "encoder.onnx")
        batch, length = torch.export.Dim("batch", min=1, max=1024), torch.export.Dim("length", min=2, max=512)
        shape = {0: batch, 1: length}
        torch.onnx.export(
            Hidden(folder),
            (ids, ids.clone()),
            path,
            input_names=["ids", "mask"],
            output_names=["hidden"],
            dynamic_shapes={"ids": shape, "mask": shape},
            dynamo=True,
            verbose=False,
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Spinning threads would slow down the other contenders.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def encode(texts):
        # Longest first in calls of 64, like sentence-transformers.
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        result = [None] * len(texts)
        for start in range(0, len(order), 64):
            some = order[start : start + 64]
            tokens = tokenizer([texts[index] for index in some], padding=True, truncation=True, return_tensors="np")
            mask = tokens["attention_mask"].astype(numpy.int64)
            (hidden,) = session.run(None, {"ids": tokens["input_ids"].astype(numpy.int64), "mask": mask})
            sums = (hidden * mask[:, :, None]).sum(1)
            for index, vector in zip(some, sums / numpy.linalg.norm(sums, axis=1, keepdims=True)):
                result[index] = vector
        return numpy.stack(result)

    return encode


def main():
    encoders = {}
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "open":
            torch.set_num_threads(order["threads"])
            tokenizer, encode = with_sentence_transformers(order["encoder"])
            encoders["sentence-transformers"] = encode
            encoders["onnxruntime"] = with_onnxruntime(order["encoder"], tokenizer, order["threads"])
            answer = {
                "versions": {
                    "sentenceTransformers": sentence_transformers.__version__,
                    "torch": torch.__version__,
                    "onnxruntime": onnxruntime.__version__,
                }
            }
        elif order["do"] == "embed":
            answer = {"embeddings": encoders[order["with"]](order["texts"]).tolist()}
        else:
            answer = {"ms": []}
            for texts in order["calls"]:
                start = time.perf_counter()
                encoders[order["with"]](texts)
                answer["ms"].append(1000 * (time.perf_counter() - start))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
