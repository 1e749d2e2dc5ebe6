"""Numbers of the literature, each as printed there, with its source."""

from __future__ import annotations

DOCUMENT = "Energy-Based Models in PyTorch (taneishi/EnergyBasedModels)"
DOCUMENT_README = "README of the document's repository, other tables than those it prints"
HINTON_2006 = "Hinton, Osindero, Teh 2006, doi:10.1162/neco.2006.18.7.1527"
DEEP_LEARNING_TUTORIALS = "Deep Learning Tutorials, DBN"
SALAKHUTDINOV_MURRAY = "Salakhutdinov, Murray 2008, doi:10.1145/1390156.1390266 (not re-read)"
SALAKHUTDINOV_HINTON = "Salakhutdinov, Hinton 2009 (deep Boltzmann machines)"
SRIVASTAVA_2014 = "Srivastava et al. 2014, JMLR 15:1929, as quoted (not re-read)"
YELL = "yell/boltzmann-machines, README"

# Mean |v - v'| of each layer; training and test accuracy after five epochs, without and with
# pretraining.
RBM_RECONSTRUCTION = 0.068
RBM_TRAIN_WITHOUT, RBM_TRAIN_WITH = 0.965, 0.986
RBM_TEST_WITHOUT, RBM_TEST_WITH = 0.937, 0.967
DBN_RECONSTRUCTIONS = (0.085, 0.165, 0.187, 0.244)
DBN_TRAIN_WITHOUT, DBN_TRAIN_WITH = 0.965, 0.983
DBN_TEST_WITHOUT, DBN_TEST_WITH = 0.940, 0.965

TUTORIAL_ERROR_PERCENT = 1.34
BEST_DBM_ERROR_PERCENT, BEST_DBN_ERROR_PERCENT = 0.95, 1.15
DBM_BOUND = -84.62
DBM_DROPOUT_ERROR_PERCENT = 0.79
GENERATIVE_ERROR_PERCENT = 1.25
GENERATIVE_HELD_OUT_ERROR_PERCENT = 1.39  # not re-read

# Accuracy at so many labels, RBM-1024 with fine-tuning: pretrained, and from random weights.
LABELS_WITH = {100: 0.8170, 1000: 0.9365, 10000: 0.9727, 60000: 0.9873}
LABELS_WITHOUT = {100: 0.7602, 1000: 0.8871, 10000: 0.9473, 60000: 0.9820}

# Test log-likelihood in nats per image.
LIKELIHOOD_RBM_500 = {"CD-1": -125.53, "CD-3": -105.50, "CD-25": -86.34}
LIKELIHOOD_DBN_BOUND = -86.22
LIKELIHOOD_MIXTURE = {10: -168.95, 100: -142.63, 500: -137.64}
