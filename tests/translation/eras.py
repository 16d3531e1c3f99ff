"""Notebooks as they were written from 2016 on: right answers of their time, none of which runs to its end today."""

# ruff: noqa: ISC004 - the text of a cell

from __future__ import annotations

from dataclasses import dataclass

LOAD = """from keras.datasets import mnist
import numpy as np
(x_train, _), (x_test, _) = mnist.load_data()
x_train = x_train.astype('float32') / 255.
x_test = x_test.astype('float32') / 255.
x_train = x_train.reshape((len(x_train), np.prod(x_train.shape[1:])))
x_test = x_test.reshape((len(x_test), np.prod(x_test.shape[1:])))
"""


@dataclass(frozen=True, slots=True)
class Era:
    """A notebook and the assignment that it answers."""

    name: str
    assignment: str
    cells: tuple[str, ...]


KERAS_1 = Era("Keras 1, Python 2 (2016)", "simple-dense", (
    "%matplotlib inline\nfrom keras.layers.core import Dense\nfrom keras.layers import Input\nfrom keras.models import Model\n"
    "from keras.utils import np_utils  # never used\nfrom keras.wrappers.scikit_learn import KerasClassifier",
    LOAD + "print x_train.shape, x_test.shape",
    "encoding_dim = 32  # 24.5 times smaller\ninput_img = Input(shape=(784,))\n"
    "encoded = Dense(output_dim=encoding_dim, init='glorot_uniform', activation='relu')(input_img)\n"
    "decoded = Dense(784, activation='sigmoid')(encoded)\nautoencoder = Model(input=input_img, output=decoded)\n"
    "encoder = Model(input=input_img, output=encoded)\nencoded_input = Input(shape=(encoding_dim,))\n"
    "decoder = Model(input=encoded_input, output=autoencoder.layers[-1](encoded_input))",
    "autoencoder.compile(optimizer='adadelta', loss='binary_crossentropy')\n"
    "history = autoencoder.fit(x_train, x_train, nb_epoch=20, batch_size=128, shuffle=True, verbose=0,\n"
    "                          validation_data=(x_test, x_test))",
    "for i in xrange(2):\n    print 'loss %.3f' % history.history['loss'][-1]",
))  # fmt: skip

LEARNING_RATE = Era("Keras 2, lr= and decay= (2018)", "simple-dense", (
    "from keras.layers import Input, Dense\nfrom keras.models import Model\nfrom keras.optimizers import Adam\n" + LOAD,
    "input_img = Input(shape=(784))\nencoded = Dense(32, activation='relu')(input_img)\n"
    "decoded = Dense(784, activation='sigmoid')(encoded)\nautoencoder = Model(input_img, decoded)\n"
    "encoder = Model(input_img, encoded)\ncode = Input((32,))\ndecoder = Model(code, autoencoder.layers[-1](code))",
    "opt = Adam(lr=1e-3, decay=1e-5)\nautoencoder.compile(optimizer=opt, loss='binary_crossentropy')\n"
    "autoencoder.fit(x_train, x_train, epochs=15, batch_size=128, verbose=0, workers=4)",
    "autoencoder.save_weights('weights.h5')\nautoencoder.load_weights('weights.h5')",
))  # fmt: skip

NUMPY = Era("np.Inf, np.float, pd.value_counts, TSNE(n_iter=) (2019)", "simple-dense", (
    "import numpy as np\nimport pandas as pd\nfrom tensorflow.keras.layers import Input, Dense\n"
    "from tensorflow.keras.models import Model\nfrom sklearn.manifold import TSNE",
    LOAD.replace("'float32'", "np.float") + "best = np.Inf",
    "input_img = Input(shape=(784,))\nencoded = Dense(32, activation='relu')(input_img)\n"
    "decoded = Dense(784, activation='sigmoid')(encoded)\nautoencoder = Model(input_img, decoded)\n"
    "encoder = Model(input_img, encoded)\ncode = Input((32,))\ndecoder = Model(code, autoencoder.layers[-1](code))",
    "autoencoder.compile(optimizer='adam', loss='binary_crossentropy')\n"
    "autoencoder.fit(x_train, x_train, epochs=15, batch_size=128, verbose=0)",
    "print(pd.value_counts(np.reshape(x_test[:5] > 0.5, newshape=(-1,)), sort=True))\n"
    "points = TSNE(n_components=2, n_iter=250).fit_transform(encoder.predict(x_test[:60], verbose=0))",
))  # fmt: skip

SEQUENTIAL = Era("Sequential: .input, optimizers.legacy, acc, TF1 seeds (2020)", "simple-dense", (
    "import tensorflow as tf\nfrom tensorflow import keras\nfrom keras.engine.topology import Layer\n"
    "tf.set_random_seed(1)\n" + LOAD,
    "encoder = keras.Sequential([keras.layers.Dense(32, activation='relu', input_shape=(784,))])\n"
    "decoder = keras.Sequential([keras.layers.Dense(784, activation='sigmoid', input_shape=(32,))])\n"
    "autoencoder = keras.Model(encoder.input, decoder(encoder.output))",
    "autoencoder.compile(optimizer=keras.optimizers.legacy.Adam(1e-3), loss='binary_crossentropy', metrics=['accuracy'])\n"
    "h = autoencoder.fit(x_train, x_train, epochs=15, batch_size=128, verbose=0)",
    "print(h.history['acc'][-1], float(autoencoder.optimizer.lr))",
))  # fmt: skip

_VAE_IMPORTS = (
    "from keras.layers import Lambda, Input, Dense\nfrom keras.models import Model\n"
    "from keras.losses import mse, binary_crossentropy\nfrom keras import backend as K\n" + LOAD
)
_SAMPLING = (
    "def sampling(args):\n    z_mean, z_log_var = args\n    batch = K.shape(z_mean)[0]\n    dim = K.int_shape(z_mean)[1]\n"
    "    epsilon = K.random_normal(shape=(batch, dim))\n    return z_mean + K.exp(0.5 * z_log_var) * epsilon"
)
_VAE_GRAPH = (
    "inputs = Input(shape=(784,), name='encoder_input')\nx = Dense(256, activation='relu')(inputs)\n"
    "z_mean = Dense(10, name='z_mean')(x)\nz_log_var = Dense(10, name='z_log_var')(x)\n"
    "z = Lambda(sampling, output_shape=(10,), name='z')([z_mean, z_log_var])\n"
    "encoder = Model(inputs, [z_mean, z_log_var, z], name='encoder')\nlatent_inputs = Input(shape=(10,), name='z_sampling')\n"
    "x = Dense(256, activation='relu')(latent_inputs)\noutputs = Dense(784, activation='sigmoid')(x)\n"
    "decoder = Model(latent_inputs, outputs, name='decoder')\noutputs = decoder(encoder(inputs)[2])\n"
    "vae = Model(inputs, outputs, name='vae_mlp')"
)

ADDED_LOSS = Era("VAE, vae.add_loss(K.mean(...)) (2018)", "variational", (
    _VAE_IMPORTS,
    _SAMPLING,
    _VAE_GRAPH,
    "reconstruction_loss = binary_crossentropy(inputs, outputs)\nreconstruction_loss *= 784\n"
    "kl_loss = 1 + z_log_var - K.square(z_mean) - K.exp(z_log_var)\nkl_loss = K.sum(kl_loss, axis=-1)\nkl_loss *= -0.5\n"
    "vae_loss = K.mean(reconstruction_loss + kl_loss)\nvae.add_loss(vae_loss)\nvae.compile(optimizer='adam')",
    "vae.fit(x_train, epochs=12, batch_size=128, validation_data=(x_test, None), verbose=0)",
    "autoencoder = vae",
))  # fmt: skip

CLOSURE = Era("VAE, loss closure over z_mean, keras.objectives (2016)", "variational", (
    _VAE_IMPORTS.replace("from keras.losses import mse, binary_crossentropy", "from keras import objectives"),
    _SAMPLING,
    _VAE_GRAPH,
    "def vae_loss(x, x_decoded_mean):\n    xent_loss = 784 * objectives.binary_crossentropy(x, x_decoded_mean)\n"
    "    kl_loss = - 0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)\n"
    "    return xent_loss + kl_loss\n\nvae.compile(optimizer='rmsprop', loss=vae_loss)",
    "vae.fit(x_train, x_train, shuffle=True, epochs=12, batch_size=128, validation_data=(x_test, x_test), verbose=0)",
    "autoencoder = vae",
))  # fmt: skip

LAYER_LOSS = Era("VAE, own layer with add_loss(loss, inputs=) (2017)", "variational", (
    _VAE_IMPORTS.replace("Dense\n", "Dense, Layer\n", 1) + "import keras",
    _SAMPLING,
    _VAE_GRAPH.replace("vae = Model(inputs, outputs, name='vae_mlp')", "") + """
class CustomVariationalLayer(Layer):
    def vae_loss(self, x, decoded, mean, log_var):
        xent = 784 * keras.metrics.binary_crossentropy(x, decoded)
        kl = -0.5 * K.sum(1 + log_var - K.square(mean) - K.exp(log_var), axis=-1)
        return K.mean(xent + kl)

    def call(self, inputs):
        loss = self.vae_loss(*inputs)
        self.add_loss(loss, inputs=inputs)
        return inputs[1]

y = CustomVariationalLayer()([inputs, decoder(z), z_mean, z_log_var])
vae = Model(inputs, y)
vae.compile(optimizer='rmsprop', loss=None)""",
    "vae.fit(x=x_train, y=None, shuffle=True, epochs=12, batch_size=128, verbose=0)",
    "autoencoder = Model(inputs, decoder(z))",
))  # fmt: skip

SESSIONS = Era("TensorFlow 1: placeholders and sessions (2016)", "simple-dense", (
    "import tensorflow as tf\nfrom tensorflow.examples.tutorials.mnist import input_data\n"
    "mnist = input_data.read_data_sets('/tmp/data/', one_hot=True)",
    "X = tf.placeholder('float', [None, 784])\ninit = tf.global_variables_initializer()",
    "with tf.Session() as sess:\n    sess.run(init)",
))  # fmt: skip
"""Its model is no Keras model and its meaning rests on a graph: it is refused, with the reasons."""

ERAS = (KERAS_1, LEARNING_RATE, NUMPY, SEQUENTIAL, ADDED_LOSS, CLOSURE, LAYER_LOSS, SESSIONS)
