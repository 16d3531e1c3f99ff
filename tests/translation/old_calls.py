"""Old snippets, each with what the installed versions say of it, and with what is written instead (None: advice alone)."""

from __future__ import annotations

PRELUDE = """
import keras, numpy as np, pandas as pd, tensorflow as tf, matplotlib
matplotlib.use("Agg")
from keras.layers import Input, Dense, Dropout, GaussianNoise, Convolution2D, MaxPooling2D, LSTM, Layer
from keras.models import Model, Sequential
import matplotlib.pyplot as plt
x = np.random.default_rng(0).random((16, 8)).astype("float32")
i = Input((8,)); h = Dense(4, activation="relu")(i); m = Model(i, Dense(8)(h)); m.compile("adam", "mse")
s = Sequential([Dense(2, input_shape=(8,)), Dense(8)])
"""
"""What every snippet may use."""

OLD: tuple[tuple[str, str, str | None], ...] = (
    # Optimizers
    ("keras.optimizers.Adam(lr=0.1)", "not recognized: {'lr'", "keras.optimizers.Adam(learning_rate=0.1)"),
    ("tf.keras.optimizers.SGD(lr=0.1, momentum=0.9)", "not recognized: {'lr'", "tf.keras.optimizers.SGD(learning_rate=0.1, momentum=0.9)"),
    ("tf.optimizers.Adam(lr=0.1)", "not recognized: {'lr'", "tf.optimizers.Adam(learning_rate=0.1)"),
    ("keras.optimizers.legacy.Adam(learning_rate=0.1)", "not supported in Keras 3", "keras.optimizers.Adam(learning_rate=0.1)"),
    ("from keras.optimizers import adam", "cannot import name 'adam'", "from keras.optimizers import Adam as adam"),
    ("tf.train.AdamOptimizer(0.1)", "no attribute 'AdamOptimizer'", None),
    # Models and training
    ("Model(input=i, output=Dense(2)(h))", "Unrecognized keyword", "Model(inputs=i, outputs=Dense(2)(h))"),
    ("m.fit(x, x, nb_epoch=1, verbose=0)", "'nb_epoch'", "m.fit(x, x, epochs=1, verbose=0)"),
    ("m.fit(x, x, verbose=0, workers=2)", "'workers'", "m.fit(x, x, verbose=0)"),
    ("m.fit(x, x, verbose=0, use_multiprocessing=True)", "'use_multiprocessing'", "m.fit(x, x, verbose=0)"),
    ("g = (pair for pair in [(x, x)]); m.fit_generator(g, 1, 1, 0)", "no attribute 'fit_generator'",
     "g = (pair for pair in [(x, x)]); m.fit(g, steps_per_epoch=1, epochs=1, verbose=0)"),
    ("m.fit_generator(iter([(x, x)]), samples_per_epoch=16)", "no attribute 'fit_generator'", None),
    ("s.predict_classes(x)", "no attribute 'predict_classes'",
     "(lambda p: p.argmax(axis=-1) if p.shape[-1] > 1 else (p > 0.5).astype('int32'))(s.predict(x))"),
    ("s.predict_proba(x)", "no attribute 'predict_proba'", "s.predict(x)"),
    ("s.compile('adam', 'mse'); s.fit(x, x, verbose=0); s.input", "no defined input", "s.compile('adam', 'mse'); s.fit(x, x, verbose=0); s.inputs[0]"),
    ("s.output", "no defined output", "s.outputs[0]"),
    ("m.optimizer.lr", "no attribute 'lr'", "m.optimizer.learning_rate"),
    ("m.compile('adam', 'mse', metrics=['accuracy']); m.fit(x, x, verbose=0).history['acc']", "'acc'",
     "m.compile('adam', 'mse', metrics=['accuracy']); m.fit(x, x, verbose=0).history['accuracy']"),
    ("m.save_weights('w.h5')", "must end in `.weights.h5`", "m.save_weights('w.weights.h5')"),
    ("m.save('folder/m.model')", "Invalid filepath extension", "m.save('folder/m.keras')"),
    ("keras.callbacks.ModelCheckpoint('a.hdf5')", "must end in `.keras`", "keras.callbacks.ModelCheckpoint('a.keras')"),
    ("keras.callbacks.ModelCheckpoint('a.ckpt', save_weights_only=True)", "must end in `.weights.h5`",
     "keras.callbacks.ModelCheckpoint('a.weights.h5', save_weights_only=True)"),
    # Layers
    ("Input(shape=(784))", "Cannot convert '784' to a shape", "Input(shape=(784,))"),
    ("tf.keras.Input(784)", "Cannot convert '784' to a shape", "tf.keras.Input((784,))"),
    ("Dense(4, batch_input_shape=(None, 8))", "'batch_input_shape'", "Dense(4, input_shape=(8,))"),
    ("LSTM(4, batch_input_shape=(None, 2, 4))", "'batch_input_shape'", "LSTM(4, input_shape=(2, 4))"),
    ("m.add_metric(h, name='code')", "`add_metric()` method is deprecated", "None"),
    ("Dense(output_dim=4)", "'units'", "Dense(units=4)"),
    ("Dense(4, init='uniform')", "'init'", "Dense(4, kernel_initializer='uniform')"),
    ("Dropout(p=0.5)", "'rate'", "Dropout(rate=0.5)"),
    ("GaussianNoise(sigma=0.5)", "'stddev'", "GaussianNoise(stddev=0.5)"),
    ("LSTM(4, inner_init='orthogonal')", "'inner_init'", "LSTM(4, recurrent_initializer='orthogonal')"),
    ("Convolution2D(4, 3, 3, border_mode='same')", "'border_mode'", "Convolution2D(4, (3, 3), padding='same')"),
    ("Convolution2D(nb_filter=4, nb_row=3, nb_col=3)", "'filters'", "Convolution2D(filters=4, kernel_size=(3, 3))"),
    ("Convolution2D(4, (3, 3), dim_ordering='tf')", "'dim_ordering'", 'Convolution2D(4, (3, 3), data_format="channels_last")'),
    ("MaxPooling2D((2, 2), border_mode='same')", "'border_mode'", "MaxPooling2D((2, 2), padding='same')"),
    ("keras.regularizers.l2(l=0.1)", "'l'", "keras.regularizers.l2(l2=0.1)"),
    ("keras.regularizers.activity_l1(1e-4)", "no attribute 'activity_l1'", "keras.regularizers.l1(1e-4)"),
    ("keras.constraints.maxnorm(2)", "no attribute 'maxnorm'", "keras.constraints.max_norm(2)"),
    # Modules
    ("from keras.layers.core import Dense", "keras.layers.core", "from keras.layers import Dense"),
    ("from keras.layers.convolutional import Conv2D, UpSampling2D", "keras.layers.convolutional", "from keras.layers import Conv2D, UpSampling2D"),
    ("from keras.layers.advanced_activations import LeakyReLU", "advanced_activations", "from keras.layers import LeakyReLU"),
    ("from keras.layers.normalization import BatchNormalization", "normalization", "from keras.layers import BatchNormalization"),
    ("keras.layers.core.Dense(3)", "no attribute 'core'", "keras.layers.Dense(3)"),
    ("from keras.engine.topology import Layer", "keras.engine", "from keras import Layer"),
    ("from keras.utils import np_utils; np_utils.to_categorical([1])", "np_utils", "from keras import utils as np_utils; np_utils.to_categorical([1])"),
    ("from keras.utils.np_utils import to_categorical", "np_utils", "from keras.utils import to_categorical"),
    ("keras.utils.to_categorical([1], nb_classes=3)", "'nb_classes'", "keras.utils.to_categorical([1], num_classes=3)"),
    ("from keras.utils.vis_utils import plot_model", "vis_utils", "from keras.utils import plot_model"),
    ("from keras.utils.visualize_util import plot", "visualize_util", "from keras.utils import plot_model as plot"),
    ("from keras.objectives import mse", "keras.objectives", "from keras.losses import mean_squared_error as mse"),
    ("from keras import objectives; objectives.mse", "objectives", "from keras import losses as objectives; objectives.mean_squared_error"),
    ("from keras.wrappers.scikit_learn import KerasClassifier", "keras.wrappers", "pass"),
    ("from keras.wrappers.scikit_learn import KerasClassifier; KerasClassifier", "keras.wrappers", None),
    ("from tensorflow.examples.tutorials.mnist import input_data; input_data.read_data_sets", "tensorflow.examples", None),
    ("from keras.layers import Dense, Merge", "'Merge'", "from keras.layers import Dense"),
    ("from keras.preprocessing.image import ImageDataGenerator", "ImageDataGenerator", "from tensorflow.keras.preprocessing.image import ImageDataGenerator"),
    ("from sklearn.cross_validation import train_test_split", "sklearn.cross_validation", "from sklearn.model_selection import train_test_split"),
    ("from sklearn.externals import joblib", "joblib", "import joblib"),
    # Backend and losses
    ("from keras import backend as K; K.mean(K.constant([1.0]))", "no attribute 'mean'", "from tensorflow.keras import backend as K; K.mean(K.constant([1.0]))"),
    ("import keras.backend as K; K.int_shape(h)", "no attribute 'int_shape'", "import tensorflow.keras.backend as K; K.int_shape(h)"),
    ("from keras.backend import square", "cannot import name 'square'", "from tensorflow.keras.backend import square"),
    ("keras.backend.mean(x)", "no attribute 'mean'", None),
    ("from tensorflow.keras import backend as K; K.get_session()", "no attribute 'get_session'", None),
    ("tf.keras.losses.mean_squared_error(x, x)", "no attribute 'mean_squared_error'", "tf.keras.losses.mse(x, x)"),
    ("keras.losses.mse(x, x)", "no attribute 'mse'", "keras.losses.mean_squared_error(x, x)"),
    ("from tensorflow.keras.losses import mean_squared_error", "'mean_squared_error'", "from tensorflow.keras.losses import mse as mean_squared_error"),
    ("tf.reduce_mean(h)", "KerasTensor cannot be used", "keras.ops.mean(h)"),
    ("from tensorflow.keras import backend as K; K.sum(K.square(h), axis=-1)", "KerasTensor cannot be used",
     "from tensorflow.keras import backend as K; keras.ops.sum(keras.ops.square(h), axis=-1)"),
    ("from tensorflow.keras import backend as K; K.mean(h)", "base_dtype", "from tensorflow.keras import backend as K; keras.ops.mean(h)"),
    ("tf.shape(h)", "KerasTensor cannot be used", None),
    # TensorFlow 1
    ("tf.Session()", "no attribute 'Session'", None),
    ("tf.placeholder(tf.float32, [None, 3])", "no attribute 'placeholder'", None),
    ("tf.set_random_seed(1)", "no attribute 'set_random_seed'", "tf.random.set_seed(1)"),
    ("tf.random_normal([2])", "no attribute 'random_normal'", "tf.random.normal([2])"),
    ("tf.log(1.0)", "no attribute 'log'", "tf.math.log(1.0)"),
    # NumPy, pandas, scikit-learn, matplotlib
    ("np.Inf", "np.Inf", "np.inf"),
    ("np.NaN", "np.NaN", "np.nan"),
    ("x.astype(np.float)", "np.float", "x.astype(float)"),
    ("np.product([2, 3])", "'product'", "np.prod([2, 3])"),
    ("np.reshape(x, newshape=(4, -1))", "'newshape'", "np.reshape(x, shape=(4, -1))"),
    ("np.asscalar(np.array(1))", "'asscalar'", "np.array(1).item()"),
    ("np.in1d([1], [1])", "'in1d'", None),
    ("pd.value_counts([1, 1], sort=True)", "'value_counts'", "pd.Series([1, 1]).value_counts(sort=True)"),
    ("pd.DataFrame({'a': [1]}).as_matrix()", "'as_matrix'", "pd.DataFrame({'a': [1]}).to_numpy()"),
    ("pd.DataFrame({'a': [1]}).drop('a', 1)", "drop() takes", "pd.DataFrame({'a': [1]}).drop('a', axis=1)"),
    ("from sklearn.manifold import TSNE; TSNE(n_iter=300)", "'n_iter'", "from sklearn.manifold import TSNE; TSNE(max_iter=300)"),
    ("plt.style.use('seaborn-whitegrid')", "not a valid package style", 'plt.style.use("seaborn-v0_8-whitegrid")'),
    ("plt.cm.get_cmap('viridis', 3)", "'get_cmap'", "plt.get_cmap('viridis', 3)"),
    ("plt.hist([1, 2], normed=True)", "'normed'", "plt.hist([1, 2], density=True)"),
    # Python 2
    ("print 'a %d' % 3", "Missing parentheses", "print('a %d' % 3)"),
    ("for n in xrange(3): pass", "'xrange'", "for n in range(3): pass"),
)  # fmt: skip
