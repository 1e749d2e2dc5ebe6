"""The engine: RBMs and deep belief networks on tensors. Knows no chemistry and imports nothing of ours."""

from ebm.dbn import DBN, GreedyPretrainer, pretrain_greedily
from ebm.errors import StorageError
from ebm.finetune import (
    FinetuneHistory,
    FinetuneOptions,
    FineTuner,
    FinetuneRecord,
    fine_tune,
    predict_logits,
    probabilities,
)
from ebm.likelihood import (
    BracketTooWideError,
    LogPartitionBracket,
    estimate_log_likelihood_nats,
    estimate_log_partition,
)
from ebm.network import Network
from ebm.pseudo_likelihood import pseudo_log_likelihood_nats
from ebm.rbm import RBM
from ebm.storage import load, load_resume, run_with_checkpoints, save, save_resume
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
    "BracketTooWideError",
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
    "LogPartitionBracket",
    "NReLU",
    "Network",
    "Rectified",
    "SamplerOptions",
    "Softmax",
    "StorageError",
    "Thermometer",
    "Trainer",
    "TrainingOptions",
    "Unit",
    "estimate_log_likelihood_nats",
    "estimate_log_partition",
    "fine_tune",
    "fit_rbm",
    "load",
    "load_resume",
    "predict_logits",
    "pretrain_greedily",
    "probabilities",
    "pseudo_log_likelihood_nats",
    "run_with_checkpoints",
    "save",
    "save_resume",
    "unit_from_config",
]
