"""How well the model reconstructs, compared with the reference: pictures and losses, in words, for templates."""

from __future__ import annotations

from dataclasses import dataclass

from grader.domain.code_sizes import calibrated_for
from grader.domain.datasets import DataSize, Held
from grader.domain.facts import CalibratedData, ReferenceFacts, Statistic, trivial_errors
from grader.domain.measurement import ImageStrip, Measurements, Quantity
from grader.report import charts, hygiene, pictures
from grader.report.wording import Wording

_IMAGES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class StripView:
    """A row of pictures with its name, its alternative text, and its size in pixels."""

    label: str
    alt: str
    source: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class LossView:
    """The loss on hidden samples, with others for comparison.

    Attributes:
        light: Chart for light pages and paper, as a data address.
        dark: The same for dark screens.
        width: Of the chart, CSS pixels.
        height: Of the chart, CSS pixels.
        alt: The chart in words.
        bounds: Name and value of the losses where credit ends, in pairs.
        basis: What the reference's numbers rest on.
    """

    light: str
    dark: str
    width: int
    height: int
    alt: str
    bounds: tuple[tuple[str, str], ...]
    basis: str


def strip_views(measurements: Measurements, facts: ReferenceFacts, wording: Wording) -> tuple[StripView, ...]:
    """Return pictures of the same images, as far as available: originals, the student's and the reference's outputs."""
    strips = {strip.title: strip for strip in measurements.strips if strip.images}
    calibrated = calibrated_for(facts, measurements)
    if calibrated is not None and strips:
        strips |= _matching_reference(strips, calibrated)
    if not strips:
        return ()
    count = min(_IMAGES_SHOWN, *(len(strip.images) for strip in strips.values()))
    order = {"original": 0, "student": 1, "reference": 2, "noisy": 3, "denoised": 4}
    ordered = sorted(strips.values(), key=lambda strip: order.get(strip.title, len(order)))
    return tuple(strip_view(strip, count, _strip_label(strip.title, wording), wording) for strip in ordered)


def strip_view(strip: ImageStrip, count: int, label: str, wording: Wording) -> StripView:
    """Return the first `count` images of a strip under a label."""
    width, height = pictures.strip_size(strip, count)
    return StripView(
        label=label,
        alt=wording.t("Row of {count} images: {label}", count=wording.count(count), label=label),
        source=pictures.data_uri(pictures.strip_picture(strip, count)),
        width=width,
        height=height,
    )


def loss_view(measurements: Measurements, facts: ReferenceFacts, wording: Wording) -> LossView | None:
    """Compare the losses, or return None if the student's was not measured or nothing is known for comparison."""
    student, calibrated = (
        measurements.value(Quantity.RECONSTRUCTION_MSE),
        calibrated_for(facts, measurements),
    )
    known = calibrated.reconstruction if calibrated is not None else None
    if student is None or calibrated is None or known is None or not known.curves:
        return None
    marks = _baselines(measurements, facts, known, wording)
    chart = _chart(student, known, marks, wording, hidden=measurements.images == Held.HIDDEN)
    return LossView(
        light=pictures.data_uri(charts.loss_chart(chart, charts.LIGHT)),
        dark=pictures.data_uri(charts.loss_chart(chart, charts.DARK)),
        width=charts.CHART_WIDTH,
        height=chart.height,
        alt=_chart_alt(chart, wording),
        bounds=(
            (wording.t("Full points up to"), wording.figure(known.curves[0].full)),
            (wording.t("No points from"), wording.figure(known.curves[0].none)),
        ),
        basis=_basis(measurements, facts, known, wording),
    )


# Helpers


def _matching_reference(strips: dict[str, ImageStrip], calibrated: CalibratedData) -> dict[str, ImageStrip]:
    """Return the reference's strip if it shows the same images as the student's; others would mislead."""
    known = {strip.title: strip for strip in calibrated.strips}
    reference, theirs, ours = known.get("reference"), known.get("original"), strips.get("original")
    if reference is None or not reference.images:
        return {}
    first = next(iter(strips.values()))
    if (reference.height, reference.width) != (first.height, first.width):
        return {}
    if theirs is not None and ours is not None:
        common = min(len(theirs.images), len(ours.images))
        return {"reference": reference} if theirs.images[:common] == ours.images[:common] else {}
    return {"reference": reference} if len(reference.images) == len(first.images) else {}


def _strip_label(title: str, wording: Wording) -> str:
    if title == "original":
        return wording.t("Original")
    if title == "student":
        return wording.t("This notebook")
    if title == "noisy":
        return wording.t("With noise")
    if title == "denoised":
        return wording.t("Cleaned by this notebook")
    return wording.t("Reference") if title == "reference" else hygiene.one_line(title)


def _baselines(
    measurements: Measurements, facts: ReferenceFacts, known: Statistic, wording: Wording
) -> tuple[charts.LossMark, ...]:
    """Return the mean, and PCA with as many components as the reference's code has numbers, whatever the student's has.

    Both are of the same samples.
    """
    errors = trivial_errors(measurements, known)
    pca_label = (
        wording.t("PCA, the reference's code size")
        if facts.code_size is None
        else wording.t("PCA, {components} components", components=wording.count(facts.code_size))
    )
    marks = [] if errors.pca is None else [_baseline(pca_label, errors.pca, wording)]
    mean_label = wording.t("Mean image") if facts.is_of_images else wording.t("Mean of the data")
    return (*marks, _baseline(mean_label, errors.mean, wording))


def _baseline(label: str, loss: float, wording: Wording) -> charts.LossMark:
    return charts.LossMark(charts.MarkKind.BASELINE, label, loss, wording.figure(loss))


def _basis(measurements: Measurements, facts: ReferenceFacts, known: Statistic, wording: Wording) -> str:
    """Say what the reference's numbers rest on, and whether they are of other samples or of another code size."""
    said = [
        wording.t(
            "The reference was trained {runs} times for {epochs} epochs.",
            runs=wording.count(known.runs),
            epochs=wording.count(facts.calibrated[DataSize(measurements.data)].epochs),
        )
    ]
    if measurements.images != Held.HIDDEN:
        said.append(
            wording.t(
                "Its error and the limits for points are those on hidden data, the other numbers those on public data."
            )
        )
    size = measurements.value(Quantity.CODE_SIZE)
    if size is not None and facts.code_size is not None and round(size) != facts.code_size:
        said.append(
            wording.t(
                "The code of this notebook has {size} numbers, those of the reference and of PCA {asked}: the errors "
                "do not compare like with like.",
                size=wording.count(round(size)),
                asked=wording.count(facts.code_size),
            )
        )
    return " ".join(said)


def _chart(
    student: float, known: Statistic, baselines: tuple[charts.LossMark, ...], wording: Wording, *, hidden: bool
) -> charts.LossChart:
    kinds, curve, mean, deviation = charts.MarkKind, known.curves[0], known.mean, known.deviation
    axis = (
        wording.t("mean squared error on hidden data; smaller is better")
        if hidden
        else wording.t("mean squared error; smaller is better")
    )
    reference = wording.t("Reference") if hidden else wording.t("Reference, hidden data")
    spread = wording.spread(mean, deviation)
    return charts.LossChart(
        marks=(
            charts.LossMark(kinds.STUDENT, wording.t("This notebook"), student, wording.figure(student)),
            charts.LossMark(kinds.REFERENCE, reference, mean, spread, deviation),
            *baselines,
        ),
        full_credit=curve.full,
        full_credit_label=wording.t("full points up to {loss}", loss=wording.figure(curve.full)),
        axis_label=axis,
        largest=max(mean + deviation, curve.none, *(mark.value for mark in baselines)),
        numbers=wording.ticks,
    )


def _chart_alt(chart: charts.LossChart, wording: Wording) -> str:
    named = "; ".join(f"{mark.label}: {mark.text}" for mark in chart.marks)
    return wording.t("Chart of reconstruction errors. {losses}; {bound}.", losses=named, bound=chart.full_credit_label)
