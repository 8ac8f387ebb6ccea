"""Makes the small encoders of test/encoder.test.ts, and what the reference implementation says of some texts.

    pip install transformers==5.24.0 torch==2.15.0 sentencepiece==0.2.3 protobuf==7.36.2
    python test/support/small-encoders.py test/support/small-encoders

Random weights; the tokenizers are trained on the texts themselves. `expected.json` of each folder holds per text the ids of
each window and the embedding: mean of the last layer, weighted over windows by their tokens, of length 1. The character map
of the Unigram tokenizer has what these texts need of NFKC, where XLM-R's has all of it (300 kB).
"""

import json
import os
import sys
import tempfile
import unicodedata

import sentencepiece
import torch
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, XLMRobertaConfig, XLMRobertaModel

TEXTS = [
    "I ordered a card two weeks ago and it has not arrived.",
    "My card is lost! Can you block card 4711, please?",
    "Wo bleibt meine Überweisung? Die Größe der Gebühr ist übertrieben.",
    "Où est passé mon virement ? J'ai été débité deux fois, ça suffit.",
    "¿Por qué me habéis cobrado una comisión? ¡Mañana lo devuelvo!",
    "Карта не приходит уже две недели, помогите.",
    "我的银行卡两周前就订了,到现在还没有收到。",
    "カードがまだ届きません。ﾊﾝｶｸ と 全角 ABC。",
    "카드가 아직 도착하지 않았습니다.",
    "لم تصل بطاقتي بعد",
    "कार्ड अभी तक नहीं आया",
    "Great service 😀👍🏽 — not!! 🤷‍♀️",
    "Cafe\u0301 and café, ﬁne ligature, ①②, ½ price",
    "tabs\tand\nnew lines   and   spaces\u00a0here\u200b",
    "A [SEP] in the text, a </s> and a <mask> too, [UNK]",
    "UPPER lower MiXeD",
    "a",
    "",
    "   ",
    "x" * 120,
    " ".join(f"The refund of order {number} is late." for number in range(12)),
]
LONGEST = 32
HIDDEN = 24


def bert_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=360, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(TEXTS[:12], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def character_rules() -> dict:
    rules = {one: " " for one in "\t\n\u00a0\u200b"} | {"e\u0301": "\u00e9"}
    for one in set("".join(TEXTS)):
        rules.setdefault(one, unicodedata.normalize("NFKC", one))
    return {source: target for source, target in rules.items() if source != target}


def unigram_tokenizer() -> Tokenizer:
    with tempfile.TemporaryDirectory() as scratch:
        text, prefix = os.path.join(scratch, "texts"), os.path.join(scratch, "model")
        with open(text, "w") as file:
            file.write("\n".join(line.replace("\n", " ") for line in TEXTS if line.strip()))
        with open(f"{prefix}.tsv", "w") as file:
            for source, target in sorted(character_rules().items()):
                file.write("\t".join(" ".join(f"{ord(one):X}" for one in side) for side in (source, target)) + "\n")
        sentencepiece.SentencePieceTrainer.train(
            input=text,
            model_prefix=prefix,
            model_type="unigram",
            vocab_size=230,
            character_coverage=0.995,
            normalization_rule_tsv=f"{prefix}.tsv",
        )
        model = sentencepiece_model_pb2.ModelProto()
        with open(f"{prefix}.model", "rb") as file:
            model.ParseFromString(file.read())
    # As in XLM-R: four tokens of fairseq before the pieces, the mask behind them.
    vocabulary = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocabulary += [(piece.piece, piece.score) for piece in model.pieces[3:]] + [("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def expected(tokenizer: Tokenizer, model, before: int, after: int) -> list:
    result = []
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        windows = [[before, *ids[at : at + LONGEST - 2], after] for at in range(0, len(ids), LONGEST - 2)]
        if len(windows) > 16:
            raise ValueError("too long a text: which windows are read is not what is tested here")
        total = torch.zeros(HIDDEN, dtype=torch.float64)
        for window in windows:
            hidden = model(torch.tensor([window])).last_hidden_state[0].double().mean(0)
            total += len(window) * hidden / hidden.norm()
        embedding = total / total.norm() if windows else total
        result.append({"text": text, "windows": windows, "embedding": [round(value, 7) for value in embedding.tolist()]})
    return result


@torch.no_grad()
def main(folder: str) -> None:
    size = {"hidden_size": HIDDEN, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 36}
    size["initializer_range"] = 0.3
    torch.manual_seed(1)
    bert, unigram = bert_tokenizer(), unigram_tokenizer()
    config = BertConfig(vocab_size=bert.get_vocab_size(), max_position_embeddings=LONGEST, **size)
    encoders = [("bert", bert, BertModel(config), 2, 3)]
    config = XLMRobertaConfig(
        vocab_size=unigram.get_vocab_size(),
        max_position_embeddings=LONGEST + 2,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        **size,
    )
    encoders.append(("xlm-roberta", unigram, XLMRobertaModel(config), 0, 2))
    for name, tokenizer, model, before, after in encoders:
        own = os.path.join(folder, name)
        model.eval().save_pretrained(own)
        answers = expected(tokenizer, model, before, after)
        settings = json.loads(tokenizer.to_str())
        with open(os.path.join(own, "tokenizer.json"), "w") as file:
            json.dump(settings, file, ensure_ascii=False, separators=(",", ":"))
        with open(os.path.join(own, "expected.json"), "w") as file:
            json.dump(answers, file, ensure_ascii=False, indent=0)


main(sys.argv[1])
