from sklearn.utils.estimator_checks import parametrize_with_checks

from inscape import Autoencoder


@parametrize_with_checks(
    [
        Autoencoder(),
        Autoencoder(likelihood="bernoulli", scaler="minmax", hidden=()),
    ]
)
def test_sklearn(estimator, check):
    check(estimator)
