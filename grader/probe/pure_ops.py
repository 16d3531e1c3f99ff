"""The parts of a student's graph that may run: calls that compute numbers from numbers and are needed for the answer.

Checked before anything is loaded, in the second sandbox. Nodes that the answer does not need (a print, an assertion)
are removed; those that it needs must be on the list. Reading and writing files, calling Python, tables, variables, data
sets, strings and anything that keeps state between calls are not on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

INPUT = "images"
OUTPUT = "answer"
MAX_NODES = 200_000
MAX_FUNCTIONS = 5_000
LONGEST_NAME = 80

CALLS = frozenset({
    "PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf", "While", "StatelessWhile", "Case",
    "StatelessCase",
})  # fmt: skip
"""Operations that run functions of the graph itself, which are checked as well."""

SEEDED = frozenset({
    "StatelessMultinomial", "StatelessRandomGetAlg", "StatelessRandomGetKeyCounter", "StatelessRandomGetKeyCounterAlg",
    "StatelessRandomNormal", "StatelessRandomNormalV2", "StatelessRandomUniform", "StatelessRandomUniformInt",
    "StatelessRandomUniformIntV2", "StatelessRandomUniformV2", "StatelessTruncatedNormal", "StatelessTruncatedNormalV2",
})  # fmt: skip
"""Functions of a seed. Other random operations draw anew at each call: results could not be repeated."""

PURE = frozenset({
    # numbers
    "Abs", "Acos", "Acosh", "Add", "AddN", "AddV2", "Angle", "Asin", "Asinh", "Atan", "Atan2", "Atanh", "BesselI0e",
    "BesselI1e", "Betainc", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Cast", "Ceil", "ClipByValue", "Complex",
    "ComplexAbs", "Conj", "Cos", "Cosh", "Digamma", "Div", "DivNoNan", "Erf", "Erfc", "Erfinv", "Exp", "Expm1", "Floor",
    "FloorDiv", "FloorMod", "Igamma", "Igammac", "Imag", "Inv", "Invert", "IsFinite", "IsInf", "IsNan", "LeftShift",
    "Lgamma", "Log", "Log1p", "Maximum", "Minimum", "Mod", "Mul", "MulNoNan", "Ndtri", "Neg", "NextAfter", "Polygamma",
    "Pow", "Real", "RealDiv", "Reciprocal", "RightShift", "Rint", "Round", "Rsqrt", "Sigmoid", "Sign", "Sin", "Sinh",
    "Sqrt", "Square", "SquaredDifference", "Sub", "Tan", "Tanh", "TruncateDiv", "TruncateMod", "Xdivy", "Xlog1py",
    "Xlogy", "Zeta",
    # logic
    "All", "Any", "ApproximateEqual", "Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd",
    "LogicalNot", "LogicalOr", "NotEqual", "Select", "SelectV2", "Where",
    # reductions
    "ArgMax", "ArgMin", "Bincount", "Bucketize", "Cumprod", "Cumsum", "CumulativeLogsumexp", "DenseBincount",
    "EuclideanNorm", "HistogramFixedWidth", "InTopKV2", "LinSpace", "Max", "Mean", "Min", "NthElement", "Prod", "Range",
    "SegmentMax", "SegmentMean", "SegmentMin", "SegmentProd", "SegmentSum", "Sum", "TopK", "TopKV2", "Unique",
    "UniqueV2", "UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd", "UnsortedSegmentSum",
    # positions and shapes
    "BatchToSpace", "BatchToSpaceND", "Bitcast", "BroadcastArgs", "BroadcastGradientArgs", "BroadcastTo", "Concat",
    "ConcatOffset", "ConcatV2", "Const", "DepthToSpace", "Diag", "DiagPart", "DynamicPartition", "DynamicStitch",
    "EnsureShape", "ExpandDims", "ExtractImagePatches", "ExtractVolumePatches", "Fill", "Gather", "GatherNd",
    "GatherV2", "Identity", "IdentityN", "InvertPermutation", "LowerBound", "MatrixBandPart", "MatrixDiag",
    "MatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3", "MatrixDiagV2", "MatrixDiagV3", "MatrixSetDiag",
    "MatrixSetDiagV2", "MatrixSetDiagV3", "MirrorPad", "NoOp", "OneHot", "OnesLike", "Pack", "Pad", "PadV2",
    "ParallelDynamicStitch", "PlaceholderWithDefault", "PreventGradient", "Rank", "Reshape", "Reverse",
    "ReverseSequence", "ReverseV2", "Roll", "ScatterNd", "Shape", "ShapeN", "Size", "Slice", "Snapshot", "SpaceToBatch",
    "SpaceToBatchND", "SpaceToDepth", "Split", "SplitV", "Squeeze", "StopGradient", "StridedSlice", "TensorScatterAdd",
    "TensorScatterMax", "TensorScatterMin", "TensorScatterSub", "TensorScatterUpdate", "TensorStridedSliceUpdate",
    "Tile", "Transpose", "Unpack", "UnravelIndex", "UpperBound", "ZerosLike",
    # lists of tensors, as loops make them
    "EmptyTensorList", "TensorListConcat", "TensorListConcatV2", "TensorListElementShape", "TensorListFromTensor",
    "TensorListGather", "TensorListGetItem", "TensorListLength", "TensorListPopBack", "TensorListPushBack",
    "TensorListReserve", "TensorListResize", "TensorListScatter", "TensorListScatterV2", "TensorListSetItem",
    "TensorListSplit", "TensorListStack",
    # matrices
    "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Cholesky", "Cross", "Einsum", "Eig", "LogMatrixDeterminant",
    "Lu", "MatMul", "MatrixDeterminant", "MatrixExponential", "MatrixInverse", "MatrixSolve", "MatrixSolveLs",
    "MatrixSquareRoot", "MatrixTriangularSolve", "Qr", "SelfAdjointEigV2", "Svd", "TridiagonalMatMul",
    "TridiagonalSolve",
    # networks
    "AvgPool", "AvgPool3D", "BiasAdd", "BiasAddV1", "Conv", "Conv2D", "Conv2DBackpropInput", "Conv2DBackpropInputV2",
    "Conv3D", "Conv3DBackpropInput", "Conv3DBackpropInputV2", "DepthwiseConv2dNative", "Dilation2D", "Elu", "Erosion2D",
    "FractionalAvgPool", "FractionalMaxPool", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "L2Loss", "LRN",
    "LeakyRelu", "LogSoftmax", "MaxPool", "MaxPool3D", "MaxPoolV2", "MaxPoolWithArgmax", "Relu", "Relu6", "Selu",
    "Softmax", "SoftmaxCrossEntropyWithLogits", "Softplus", "Softsign", "SparseSoftmaxCrossEntropyWithLogits",
    # signals and pictures
    "AdjustContrastv2", "AdjustHue", "AdjustSaturation", "CropAndResize", "FFT", "FFT2D", "FFT3D", "HSVToRGB", "IFFT",
    "IFFT2D", "IFFT3D", "IRFFT", "IRFFT2D", "IRFFT3D", "ImageProjectiveTransformV2", "ImageProjectiveTransformV3",
    "RFFT", "RFFT2D", "RFFT3D", "RGBToHSV", "ResizeArea", "ResizeBicubic", "ResizeBilinear", "ResizeNearestNeighbor",
    "ScaleAndTranslate",
}) | CALLS | SEEDED  # fmt: skip
"""TensorFlow's names of operations (`tensorflow/core/ops/*.cc`) without side effects and without state."""

_SETTINGS_OF_CALLS = ("config", "config_proto", "executor_type")


class ImpureError(Exception):
    """The graph needs something that is not on the list, or is not one of our exports; the text says what."""


def purified(graph: Any) -> Any:
    """Return a new `GraphDef` with only the part of a graph that the node `answer` needs, all of it on the list.

    Control inputs, devices and compiler settings are dropped: calls on the list do not need them.

    Raises:
        ImpureError: It needs something else.
    """
    functions = {function.signature.name: function for function in graph.library.function}
    if len(functions) > MAX_FUNCTIONS:
        raise ImpureError(f"more than {MAX_FUNCTIONS} functions")
    result = type(graph)()
    result.versions.CopyFrom(graph.versions)
    result.node.extend(_needed(graph.node, [OUTPUT], set()))
    if not any(node.name == OUTPUT for node in result.node):
        raise ImpureError(f"no node {OUTPUT!r}")
    pending, known = list(_called(result.node, functions, top=True)), set[str]()
    while pending:
        name = pending.pop()
        if name not in known:
            known.add(name)
            function = _pure_function(functions[name])
            result.library.function.append(function)
            pending += _called(function.node_def, functions, top=False)
    return result


def _pure_function(function: Any) -> Any:
    """Return a function without the nodes that its results do not need."""
    arguments = {argument.name for argument in function.signature.input_arg}
    nodes = list(_needed(function.node_def, function.ret.values(), arguments))
    pure = type(function)()
    pure.CopyFrom(function)
    pure.signature.ClearField("control_output")
    pure.signature.is_stateful = False
    for field in ("node_def", "control_ret", "attr", "arg_attr", "resource_arg_unique_id"):
        pure.ClearField(field)
    pure.node_def.extend(nodes)
    return pure


def _needed(nodes: Iterable[Any], ends: Iterable[str], arguments: set[str]) -> Iterator[Any]:
    """Yield copies of the nodes from which `ends` are computed, in their order."""
    by_name = {node.name: node for node in nodes}
    if len(by_name) > MAX_NODES:
        raise ImpureError(f"more than {MAX_NODES} calls")
    pending, wanted = [end.split(":")[0] for end in ends], set[str]()
    while pending:
        name = pending.pop()
        if name in wanted or name in arguments:
            continue
        if name not in by_name:
            raise ImpureError(f"a tensor that nothing makes ({_short(name)})")
        wanted.add(name)
        pending += [source.split(":")[0] for source in by_name[name].input if not source.startswith("^")]
    for name, node in by_name.items():
        if name in wanted:
            yield _bare(node)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _bare(node: Any) -> Any:
    bare = type(node)()
    bare.name, bare.op = node.name, node.op
    bare.input.extend(source for source in node.input if not source.startswith("^"))
    for name, value in node.attr.items():
        if not name.startswith("_") and name not in _SETTINGS_OF_CALLS:
            bare.attr[name].CopyFrom(value)
    return bare


def _called(nodes: Iterable[Any], functions: Mapping[str, Any], *, top: bool) -> Iterator[str]:
    """Yield the functions that these nodes call, after checking every node."""
    for node in nodes:
        if node.op in functions:
            yield node.op
        elif node.op not in PURE and not (top and node.op == "Placeholder" and node.name == INPUT):
            raise ImpureError(f"the operation `{_short(node.op)}`")
        for value in node.attr.values():
            for name in (value.func.name, *(one.name for one in value.list.func)):
                if name and name not in functions:
                    raise ImpureError(f"a function that is not there ({_short(name)})")
                if name:
                    yield name
