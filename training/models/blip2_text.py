"""BLIP-2's text input: cleaned captions, cut into the word pieces of BERT."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import BertWordPieceTokenizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from torch import Tensor

from fairness.errors import UsageError

MAX_WORDS = 50
MAX_TOKENS = 32
PAD, UNKNOWN, FIRST, LAST = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
"""Tokens that every vocabulary needs."""
SMALL = 2000
"""Largest number of whole words in a vocabulary that is made of the notes themselves."""


def clean(text: str) -> str:
    """A caption as the release takes it: lower case, `.!"()*#:;~` blank, at most 50 words."""
    plain = re.sub(r'[.!"()*#:;~]', " ", text.lower())
    return " ".join(plain.split()[:MAX_WORDS])


def require_marks(vocabulary: Sequence[str]) -> None:
    """Refuse what cannot be BERT's vocabulary.

    Raises:
        UsageError: a token is there twice, or [PAD], [UNK], [CLS] or [SEP] is missing.
    """
    how = "take bert-base-uncased's vocab.txt"
    if len(set(vocabulary)) < len(vocabulary):
        raise UsageError(f"the vocabulary has a token twice; {how}")
    for token in SPECIAL:
        if token not in vocabulary:
            raise UsageError(f"the vocabulary lacks {token}; {how}")


class WordPieces:
    """Texts to token ids; the start of a caption, [DEC], has the id behind the vocabulary."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Args: tokens that `require_marks` accepts, in the order of their ids."""
        ids = {token: number for number, token in enumerate(vocabulary)}
        self.pad, self.caption_start = ids[PAD], len(ids)
        self._pieces = BertWordPieceTokenizer(ids, lowercase=True)
        self._pieces.enable_truncation(MAX_TOKENS)
        self._pieces.enable_padding(pad_id=self.pad, pad_token=PAD)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Tokens (B, T) int64 with [CLS] first and [SEP] last, padded to the longest; T <= 32."""
        rows = self._pieces.encode_batch([clean(text) for text in texts])
        return torch.tensor([row.ids for row in rows], dtype=torch.int64)


def small_vocabulary(texts: Iterable[str]) -> tuple[str, ...]:
    """A vocabulary of the words of some texts, most frequent first, and of all their letters.

    Words that are not in it are spelled letter by letter, so that only unseen letters are unknown.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word, _ in BertPreTokenizer().pre_tokenize_str(clean(text)))
    letters = sorted(set("abcdefghijklmnopqrstuvwxyz-").union(*counts))
    words = sorted(counts, key=lambda word: (-counts[word], word))[:SMALL]
    whole = [word for word in words if len(word) > 1]
    return (*SPECIAL, *letters, *(f"##{letter}" for letter in letters), *whole)


def read_vocabulary(folder: Path) -> tuple[str, ...]:
    """The vocabulary in a folder of BERT: of `vocab.txt`, else of `tokenizer.json`.

    Raises:
        UsageError: there is none, or it cannot be read.
    """
    how = "name a folder with bert-base-uncased's vocab.txt by --tokenizer"
    try:
        if (folder / "vocab.txt").is_file():
            return tuple((folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
        ids = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
        return tuple(sorted(ids, key=ids.__getitem__))
    except OSError:
        raise UsageError(f"{folder} holds neither vocab.txt nor tokenizer.json; {how}") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UsageError(f"{folder}: its vocabulary cannot be read; {how}") from None
