"""The reading process, with the samples of this folder among what it may call."""

from __future__ import annotations

from grader.reading import call_messages, reading_worker

if __name__ == "__main__":
    call_messages._OURS.append("reading_samples")
    reading_worker.main()
