"""The reading process, with the samples of this folder among what it may call."""

from __future__ import annotations

from grader.reading import values, worker

if __name__ == "__main__":
    values._OURS.append("reading_samples")
    worker.main()
