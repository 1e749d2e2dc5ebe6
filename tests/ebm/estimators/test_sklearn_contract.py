"""scikit-learn's own checks of an estimator, with no failure expected."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from ebm import DBMTransformer, DBNClassifier, RBMTransformer

ESTIMATORS = [
    DBMTransformer((6, 4), pretrain_epochs=2, epochs=2),
    RBMTransformer(n_components=8, epochs=2),
    DBNClassifier((16,), pretrain_epochs=2, epochs=10),
    DBNClassifier((16, 8), pretrain_epochs=0, epochs=25),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_checks(estimator, check) -> None:
    check(estimator)
