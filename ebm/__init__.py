"""The engine: RBMs and deep belief networks on tensors. Knows no chemistry and imports nothing of ours."""

from ebm.dbn import DBN, GreedyPretrainer, pretrain_greedily
from ebm.finetune import (
    FinetuneHistory,
    FinetuneOptions,
    FineTuner,
    FinetuneRecord,
    fine_tune,
    predict_logits,
    probabilities,
)
from ebm.network import Network
from ebm.pseudo_likelihood import pseudo_log_likelihood_nats
from ebm.rbm import RBM
from ebm.train import (
    Callback,
    EpochRecord,
    FreeEnergyGapControl,
    History,
    SamplerOptions,
    Trainer,
    TrainingOptions,
    fit_rbm,
)
from ebm.units import (
    Bernoulli,
    Binomial,
    Blocks,
    Gaussian,
    NReLU,
    Rectified,
    Softmax,
    Thermometer,
    Unit,
    unit_from_config,
)

__all__ = [
    "DBN",
    "RBM",
    "Bernoulli",
    "Binomial",
    "Blocks",
    "Callback",
    "EpochRecord",
    "FineTuner",
    "FinetuneHistory",
    "FinetuneOptions",
    "FinetuneRecord",
    "FreeEnergyGapControl",
    "Gaussian",
    "GreedyPretrainer",
    "History",
    "NReLU",
    "Network",
    "Rectified",
    "SamplerOptions",
    "Softmax",
    "Thermometer",
    "Trainer",
    "TrainingOptions",
    "Unit",
    "fine_tune",
    "fit_rbm",
    "predict_logits",
    "pretrain_greedily",
    "probabilities",
    "pseudo_log_likelihood_nats",
    "unit_from_config",
]
