"""The engine: RBMs and deep belief networks on tensors. It knows no chemistry."""

from ebm.dbn import (
    DBN,
    GreedyPretrainer,
    LikelihoodBound,
    UpDownOptions,
    UpDownTrainer,
    class_log_probabilities,
    generate,
    generate_class,
    log_likelihood_bound,
    pretrain_greedily,
    train_up_down,
)
from ebm.errors import StorageError
from ebm.estimators import DBNClassifier, RBMTransformer
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
from ebm.loop import Callback
from ebm.network import Network
from ebm.pseudo_likelihood import pseudo_log_likelihood_nats
from ebm.rbm import RBM
from ebm.storage import load, load_resume, run_with_checkpoints, save, save_resume
from ebm.train import (
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
    "DBNClassifier",
    "EpochRecord",
    "FineTuner",
    "FinetuneHistory",
    "FinetuneOptions",
    "FinetuneRecord",
    "FreeEnergyGapControl",
    "Gaussian",
    "GreedyPretrainer",
    "History",
    "LikelihoodBound",
    "LogPartitionBracket",
    "NReLU",
    "Network",
    "RBMTransformer",
    "Rectified",
    "SamplerOptions",
    "Softmax",
    "StorageError",
    "Thermometer",
    "Trainer",
    "TrainingOptions",
    "Unit",
    "UpDownOptions",
    "UpDownTrainer",
    "class_log_probabilities",
    "estimate_log_likelihood_nats",
    "estimate_log_partition",
    "fine_tune",
    "fit_rbm",
    "generate",
    "generate_class",
    "load",
    "load_resume",
    "log_likelihood_bound",
    "predict_logits",
    "pretrain_greedily",
    "probabilities",
    "pseudo_log_likelihood_nats",
    "run_with_checkpoints",
    "save",
    "save_resume",
    "train_up_down",
    "unit_from_config",
]
