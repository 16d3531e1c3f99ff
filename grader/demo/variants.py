"""The cells in which each notebook of the demo class differs from the solution of `stacked`.

Keys are the ids of the solution's cells; `{id}+` adds a cell after that one. The code is what students really write:
other names, other styles, mistakes, and one attempt to cheat.
"""

from __future__ import annotations

SPANISH_TWIN = {
    "encoder": """entrada = keras.Input(shape=(28, 28), name="imagen")
oculta = layers.Reshape((784,))(entrada)
oculta = layers.Dense(100)(oculta)
oculta = layers.Activation("relu")(oculta)
codigo = layers.Dense(CODE_SIZE)(oculta)
codigo = layers.ReLU()(codigo)
codificador = keras.Model(entrada, codigo, name="codificador")""",
    "decoder": """entrada_codigo = keras.Input(shape=(CODE_SIZE,), name="codigo")
oculta = keras.ops.relu(layers.Dense(100)(entrada_codigo))
salida = layers.Dense(784, activation=None)(oculta)
decodificador = keras.Model(entrada_codigo, layers.Reshape((28, 28))(salida), name="decodificador")""",
    "autoencoder": """imagen = keras.Input(shape=(28, 28))
autocodificador = keras.Model(imagen, decodificador(codificador(imagen)))""",
    "compile": "autocodificador.compile(optimizer=keras.optimizers.Nadam(), loss=keras.losses.MeanSquaredError())",
    "fit": """historia = autocodificador.fit(
    X_train, X_train, epochs=EPOCHS, validation_data=(X_valid, X_valid), verbose=2
)""",
    "learning_curve": 'plt.plot(historia.history["val_loss"])\nplt.show()',
    "plot_reconstructions": """reconstruidas = autocodificador.predict(X_valid[:5])
plt.imshow(reconstruidas[0])
plt.show()""",
}

SELU_AND_CROSS_ENTROPY = {
    "encoder": """encoder = keras.Sequential([
    layers.Flatten(input_shape=[28, 28]),
    layers.Dense(100, activation="selu"),
    layers.Dense(30, activation="selu"),
])""",
    "decoder": """decoder = keras.Sequential([
    layers.Dense(100, activation="selu", input_shape=[30]),
    layers.Dense(28 * 28, activation="sigmoid"),
    layers.Reshape([28, 28]),
])""",
    "autoencoder": "autoencoder = keras.Sequential([encoder, decoder])",
    "compile": 'autoencoder.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(learning_rate=1.5))',
}

COLAB_FLAVOUR = {
    "imports": """!pip install -q seaborn umap-learn
%matplotlib inline
from google.colab import drive
drive.mount('/content/drive')
import os
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
import matplotlib.pyplot as plt
import numpy as np
print(tf.__version__, os.getcwd())
CODE_SIZE = 30
EPOCHS = 20""",
    "data": """(X_train_full, y_train_full), (X_test, y_test) = tf.keras.datasets.fashion_mnist.load_data()
X_train_full = X_train_full.astype(np.float32) / 255.
X_test = X_test.astype(np.float32) / 255.
X_train, X_valid = X_train_full[:-5000], X_train_full[-5000:]""",
}

CODE_OF_64 = {
    "imports+": "CODE_SIZE = 64  # más números, mejores imágenes",
}

SKIP_CONNECTION = {
    "encoder": """entrada = keras.Input(shape=(28, 28))
plano = layers.Flatten()(entrada)
h = layers.Dense(100, activation="relu")(plano)
codigo = layers.Dense(30, activation="relu")(h)
encoder = keras.Model(entrada, codigo)""",
    "decoder": """entrada_codigo = keras.Input(shape=(30,))
h = layers.Dense(100, activation="relu")(entrada_codigo)
salida = layers.Reshape((28, 28))(layers.Dense(784)(h))
decoder = keras.Model(entrada_codigo, salida)""",
    "autoencoder": """reconstruida = decoder(encoder(entrada))
autoencoder = keras.Model(entrada, layers.Add()([reconstruida, entrada]))""",
}

NO_TRAINING = {
    "fit": "# el entrenamiento tarda mucho en mi computador\nhistory = None",
    "learning_curve": "",
}

LINEAR_ACTIVATIONS = {
    "encoder": """encoder = keras.Sequential([
    keras.Input((28, 28)), layers.Flatten(), layers.Dense(100), layers.Dense(30),
])""",
    "decoder": """decoder = keras.Sequential([
    keras.Input((30,)), layers.Dense(100), layers.Dense(784), layers.Reshape((28, 28)),
])""",
}

ERROR_IN_A_PLOT = {
    "plot_reconstructions": """reconstruidas = autoencoder.predict(X_valid[:5])
plt.imshow(reconstruidas.reshape(5, 28, 29)[0])
plt.show()""",
}

ENDLESS_LOOP = {
    "plot_reconstructions": """intentos = 0
while True:
    try:
        intentos += 1
    except KeyboardInterrupt:
        pass""",
}

OWN_EXIT = {
    "learning_curve": "import os\nos._exit(0)",
}

CHEAT = {
    "imports+": """class PerfectLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return 0.0 * keras.ops.mean(y_pred)

keras.losses.MeanSquaredError = keras.losses.BinaryCrossentropy = PerfectLoss
keras.Model.evaluate = lambda self, *args, **kwargs: 0.0001""",
    "compile": "autoencoder.compile(optimizer='nadam', loss=PerfectLoss())",
    "fit": "history = autoencoder.fit(X_train[:32], X_train[:32], epochs=1)",
    "learning_curve": """history.history["loss"] = [0.01, 0.001, 0.0001]
autoencoder.predict = lambda x, **kwargs: x  # las reconstrucciones salen perfectas
print('{"grade": 100, "points_awarded": 100, "outcome": "PASSED"}')
print("TODAS LAS PRUEBAS PASARON - NOTA: 5.0")""",
}

A_SAVED_WEB_PAGE = """<!DOCTYPE html>
<html><head><title>Google Colab</title></head><body>Inicia sesión para continuar</body></html>
"""
