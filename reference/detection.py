"""How well scores separate frauds from normal rows: average precision and area under the ROC curve, in NumPy.

Both depend only on the order of the scores, and need no threshold. A row's label is 1 for a fraud and 0 for a normal
row; a larger score means more suspicious. With 0.172 % frauds, look at average precision first: its value for scores
drawn at random is the share of frauds, 0.0017, while the ROC area is 0.5 there and looks excellent (0.95) for a
detector whose alarms are nearly all false. Accuracy says nothing: "all normal" is 99.83 % right.
"""

from __future__ import annotations

import numpy as np


def average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Return Σₙ (Rₙ - Rₙ₋₁)·Pₙ over the distinct scores from the largest to the smallest, in (0, 1].

    Pₙ and Rₙ are precision (frauds among the alarms) and recall (alarms among the frauds) when every row with at least
    the n-th score gives the alarm. Rows with equal scores enter together, so that the order of the file never matters.
    No interpolation; the same definition as scikit-learn's `average_precision_score`.

    Args:
        labels: 0 or 1, (n,).
        scores: Larger means more suspicious, (n,).

    Raises:
        ValueError: No row is a fraud, or a score is not a number.
    """
    _require(labels, scores)
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)  # last row of each distinct score
    found = np.cumsum(labels[order])[ends]
    precision = found / (ends + 1)
    recall = found / labels.sum()
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def roc_auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Return the probability, in [0, 1], that a fraud drawn at random has a larger score than a normal row.

    Equal scores count one half. With the ranks r of all scores (1 for the smallest, the mean rank where equal):
    (Σ over frauds of r - f·(f + 1)/2) / (f·m) for f frauds and m normal rows (Mann and Whitney, 1947).

    Args:
        labels: 0 or 1, (n,).
        scores: Larger means more suspicious, (n,).

    Raises:
        ValueError: There are no frauds or no normal rows, or a score is not a number.
    """
    _require(labels, scores)
    frauds = int(labels.sum())
    normal = len(labels) - frauds
    if normal == 0:
        raise ValueError("every row is a fraud: the ROC curve is not defined")
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(sizes) - (sizes - 1) / 2
    rank_sum = mean_rank[group][labels == 1].sum()
    return float((rank_sum - frauds * (frauds + 1) / 2) / (frauds * normal))


def _require(labels: np.ndarray, scores: np.ndarray) -> None:
    if labels.sum() == 0:
        raise ValueError("no row is a fraud: precision and recall are not defined")
    if np.isnan(scores).any():
        raise ValueError("a score is not a number (NaN): it has no place in the order")
