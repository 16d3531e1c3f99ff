"""Fraud detectors: autoencoders of card transactions, judged by how well their errors rank hidden frauds.

A fraud's score is the reconstruction error of its row, the mean over columns of (x - x̂)², in the model's own scale.
Average precision and ROC area depend only on the order of the scores and are comparable under any scaling. The
reconstruction error is not: here, a column's error is divided by the column's variance over normal rows, which gives
the same number as for the reference, whose columns are standardised.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from grader.domain.facts import Baseline
from grader.domain.measurement import Measurement, Quantity
from grader.domain.portrait import Portrait
from grader.domain.units import Unit
from grader.rebuild.families.case import Case, Rebuilt, Setting, Surroundings
from grader.rebuild.families.family import ByBehaviour, Family, TrainedModels, completed_cast
from grader.rebuild.families.fraud.candidates import STILL, Rows
from grader.rebuild.families.fraud.detector import Detector, card_table, find_detector
from grader.rebuild.families.judgement import Baselines, Judgement
from grader.rebuild.network.relations import related
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.portrait_measurements import row_errors
from grader.rebuild.quantities.reference_data import Array, ReferenceData
from grader.rebuild.quantities.samples import Samples
from reference.contract import Reference
from reference.detection import average_precision, roc_auc


@dataclass(frozen=True)
class DetectorCase(Case):
    """A submission with what is known about its autoencoder's columns."""

    detector: Detector | None = None


class Fraud(Family):
    """A reference offers `fraud_scores(rows, reconstructions)` and `pca_scores(train, rows)`."""

    name = "anomaly"
    statistics = MappingProxyType({
        Quantity.AVERAGE_PRECISION: Judgement("1", below=(Baseline.PCA, Baseline.UNTRAINED)),
        Quantity.ROC_AUC: Judgement("1"),
        Quantity.RECONSTRUCTION_MSE: Judgement(Unit.FEATURE_SQUARED, above=(Baseline.MEAN,)),
    })  # fmt: skip
    needs = ("fraud_scores", "pca_scores")
    prescribes_layers = False
    by_behaviour = ByBehaviour.NOT_RUN

    def measure(
        self, reference: Reference, models: TrainedModels, samples: Samples, outputs: Array
    ) -> list[Measurement]:
        """Measure the error of normal rows, and how well the errors rank all rows."""
        del outputs  # of the normal rows alone
        rows, labels = samples.rows, samples.labels
        if rows is None or labels is None:
            return []
        answers = image_metrics.reconstruct(models.autoencoder, rows)
        normal = labels == 0
        error = image_metrics.mean_squared_error(
            _standardised(rows[normal], samples.train[:]), _standardised(answers[normal], samples.train[:])
        )
        how = f"{normal.sum()} normal rows, columns standardised"
        found = [Measurement(Quantity.RECONSTRUCTION_MSE, error, Unit.FEATURE_SQUARED, how)]
        scores = reference.offer("fraud_scores")(rows.astype(np.float64), answers)
        if np.isfinite(scores).all():
            how = f"error of {len(scores)} rows with {int(labels.sum())} frauds as their score"
            found += [
                Measurement(Quantity.AVERAGE_PRECISION, average_precision(labels, scores), "1", how),
                Measurement(Quantity.ROC_AUC, roc_auc(labels, scores), "1", how),
            ]
        return found

    def portrait(self, reference: Reference, models: TrainedModels, samples: Samples) -> Portrait:
        """Draw the distribution of errors of normal rows and of frauds."""
        rows, labels = samples.rows, samples.labels
        if rows is None or labels is None:
            return Portrait()
        answers = image_metrics.reconstruct(models.autoencoder, rows)
        return Portrait(errors=row_errors(reference.offer("fraud_scores")(rows.astype(np.float64), answers), labels))

    def reference_samples(self, reference: Reference, material: ReferenceData) -> Samples:
        """Return all hidden rows, frauds among them, and the normal ones."""
        del reference
        labels, rows = material.hidden_labels, material.hidden
        return Samples(material.size, material.train, rows[labels == 0], labels=labels, rows=rows)

    def baselines(self, reference: Reference, material: ReferenceData) -> Baselines:
        """Call every row normal; use the errors of PCA as scores; predict the mean row."""
        labels, normal = material.hidden_labels, material.hidden[material.hidden_labels == 0]
        same, linear = np.zeros(len(labels)), reference.offer("pca_scores")(material.train, material.hidden)
        return {
            Quantity.AVERAGE_PRECISION: {
                Baseline.ALL_NORMAL: average_precision(labels, same),
                Baseline.PCA: average_precision(labels, linear),
            },
            Quantity.ROC_AUC: {Baseline.ALL_NORMAL: roc_auc(labels, same), Baseline.PCA: roc_auc(labels, linear)},
            Quantity.RECONSTRUCTION_MSE: {
                Baseline.MEAN: image_metrics.mean_image_error(material.train, normal),
                Baseline.PCA: image_metrics.pca_error(material.train, normal, reference.code_size),
            },
        }

    def cast(self, rebuilt: Rebuilt, setting: Setting) -> Case:
        """Find the autoencoder, with any number of columns, and identify its columns."""
        evidence, contract, images = rebuilt.evidence, setting.contract, setting.task.images
        table = card_table(setting.choice)
        detector = find_detector(rebuilt.models, evidence, rebuilt.arrays, contract, table, images)
        rows = Samples(detector.data, detector.train, detector.normal, labels=detector.labels, rows=detector.judged)
        sample = rows.images.shape[1:]
        cast = related(detector.cast, rebuilt.models, evidence.fits, sample=sample, contract=contract)
        cast = completed_cast(cast, rebuilt, setting, sample)
        known = detector.candidate is not None
        return DetectorCase(
            setting, rebuilt, cast, rows, rows.images, remark=f"; {detector.how}", measurable=known, detector=detector
        )

    def surroundings(self, case: Case) -> Surroundings:
        """Report the columns and, if they are known, what trivial predictors reach on them."""
        detector = case.detector if isinstance(case, DetectorCase) else None
        if detector is None:
            return Surroundings()
        found = list(_columns(detector))
        if case.measurable:
            found += _trivial(case)
        return Surroundings(tuple(found))


FAMILIES = (Fraud(),)


def _columns(detector: Detector) -> list[Measurement]:
    found = [Measurement(Quantity.FEATURES, detector.features, "1", "columns that the rebuilt autoencoder takes")]
    if detector.label is not None:
        found.append(Measurement(Quantity.LABEL_AMONG_FEATURES, float(detector.label), "1", detector.how))
    if detector.fitted_frauds is not None:
        how = "estimated from the claimed minima and maxima of the columns that it was fitted on"
        found.append(Measurement(Quantity.FITTED_FRAUDS, detector.fitted_frauds, "1", how))
    return found


def _trivial(case: Case) -> list[Measurement]:
    """The mean row and PCA, on standardised columns."""
    train = _standardised(case.samples.train[:], case.samples.train[:])
    normal = _standardised(case.samples.images, case.samples.train[:])
    how, components = "normal rows, columns standardised", case.setting.reference.code_size
    mean, pca = image_metrics.mean_image_error(train, normal), image_metrics.pca_error(train, normal, components)
    return [
        Measurement(Quantity.MEAN_IMAGE_MSE, mean, Unit.FEATURE_SQUARED, f"mean training row, {how}"),
        Measurement(Quantity.PCA_MSE, pca, Unit.FEATURE_SQUARED, f"PCA with {components} components, {how}"),
    ]


def _standardised(rows: Rows, train: Rows) -> Rows:
    """Divide by the standard deviation of each column over normal training rows; constant columns are unchanged."""
    deviations = train.astype(np.float64).std(axis=0)
    return (rows / np.where(deviations > STILL, deviations, 1.0)).astype(np.float32)
