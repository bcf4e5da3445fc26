"""The functions of statistics and of the gamma function at their hard points, and the bits of those that `math` has."""

import inspect
import itertools
import math
import random
import runpy
import sys
from pathlib import Path

import pytest
from mpmath import mp, mpf

from autograd_mini import compiler, functions, grad, gradients, polynomials
from autograd_mini.engine import Value
from autograd_mini.functions import (
    cumsum,
    digamma,
    erfcx,
    fma,
    gamma,
    hurwitz,
    ldexp,
    lgamma,
    log_ndtr,
    log_sigmoid,
    logaddexp,
    ndtr,
    norm,
    polygamma,
    sinc,
    xlogy,
)
from autograd_mini.transforms import hessian
from tests.witness import any_float, mp_log_ndtr, mp_Phi, psi, repeated, zeta

ROOT = Path(__file__).parent.parent
PSI_ZERO = 1.4616321449683622


def ulps(got, truth):
    return abs(mpf(got) - truth) / math.ulp(float(truth))


def test_the_polynomials_are_what_their_script_computes(capsys):
    runpy.run_path(str(ROOT / "benchmarks" / "polynomials.py"), run_name="__main__")
    assert inspect.getsource(polynomials) == capsys.readouterr().out


# ---- values and slopes at hard points ----


@pytest.mark.parametrize(
    "f, truth, xs",
    [
        (digamma, lambda x: psi(0, x), [PSI_ZERO + k * 2.0**-e for k in (-1, 0, 1) for e in range(2, 53)]),
        (digamma, lambda x: psi(0, x), [1e-300, 0.1, 0.999, 1.0, 2.0, 1e9, 1e300]),
        (erfcx, lambda x: repeated(0, x), [-26.0, -1.0, 0.0, 1e-9, 0.5, 3.0, 30.0, 1e8, 1e300]),
        (ndtr, mp_Phi, [-37.0, -30.0, -5.0, -1.0, 0.0, 1.0, 8.0]),
        (log_ndtr, mp_log_ndtr, [-1e150, -1e8, -1e4, -30.0, -1.0, 0.0, 1.0, 5.0, 30.0, 37.0]),
        (
            sinc,
            lambda x: mp.sinpi(x) / (mp.pi * x),
            [1e-9, 0.5, math.nextafter(1.0, 2.0), math.nextafter(3.0, 4.0), 1.43],
        ),
    ],
    ids=["digamma at its zero", "digamma", "erfcx", "ndtr", "log_ndtr", "sinc"],
)
def test_values_are_within_4_ulp(f, truth, xs):
    for x in xs:
        assert ulps(f(x), truth(mpf(x))) <= 4.0, x


def test_slopes_are_within_4_ulp_in_tails_and_at_the_zero():
    assert ulps(grad(erfcx)(30.0), -2 * repeated(1, mpf(30))) <= 4.0
    for x in (-30.0, -1e4, -1e8):
        assert ulps(grad(log_ndtr)(x), mp.sqrt(2 / mp.pi) / repeated(0, -mpf(x) / mp.sqrt(2))) <= 4.0
    for x in (PSI_ZERO, PSI_ZERO + 1e-15, PSI_ZERO - 1e-9):
        assert ulps(grad(lgamma)(x), psi(0, mpf(x))) <= 4.0


@pytest.mark.parametrize("x", [30.0, 1e4, 1e8])
def test_second_derivatives_in_tails(x):
    assert grad(grad(erfcx))(x) == pytest.approx(float(8 * repeated(2, mpf(x))), rel=1e-14)
    t = mpf(x) / mp.sqrt(2)
    truth = -2 / mp.sqrt(mp.pi) * repeated(1, t) / repeated(0, t) ** 2
    assert grad(grad(log_ndtr))(-x) == pytest.approx(float(truth), rel=1e-14)


def test_derivatives_of_the_logarithm_of_gamma_of_any_order():
    f = lgamma
    for n in range(6):
        f = grad(f)
        for x in (0.3, 1.0, 4.5, 40.0):
            truth = psi(0, mpf(x)) if n == 0 else mp.psi(n, mpf(x))
            assert f(x) == pytest.approx(float(truth), rel=1e-14)
            assert polygamma(n, x) == pytest.approx(float(truth), rel=1e-14)
    assert grad(grad(grad(lgamma)))(-1.5) == pytest.approx(float(psi(2, mpf("-1.5"))), rel=1e-13)


def test_arguments_that_polygamma_and_hurwitz_refuse():
    for f in (lambda x: polygamma(1, x), compiler.compile(lambda x: polygamma(1, x))):
        assert f(2.0) == pytest.approx(math.pi**2 / 6.0 - 1.0, rel=1e-15)
        for x, error in ((0.0, ZeroDivisionError), (-1.5, ValueError), (-math.inf, ValueError)):
            with pytest.raises(error):
                f(x)
    with pytest.raises(ValueError, match="is above 1, not 1"):
        hurwitz(2.0, 1)
    with pytest.raises(ValueError, match="from 0 to 170, not -1"):
        polygamma(-1, 2.0)
    assert hurwitz(Value(2.5), 3).data == pytest.approx(float(zeta(mpf(2.5), 3)), rel=1e-15)


def test_logaddexp_keeps_what_the_smaller_operand_adds():
    assert logaddexp(-1e-20, -50.0) == pytest.approx(-1e-20 + math.exp(-50.0), rel=1e-15)
    assert logaddexp(-math.inf, -math.inf) == -math.inf
    assert logaddexp(math.inf, -math.inf) == math.inf
    assert hessian(lambda v: logaddexp(*v))([0.0, 0.0]) == [[0.25, -0.25], [-0.25, 0.25]]


def test_small_functions():
    x, y = Value(0.0), Value(0.0)
    norm([x, y]).backward()
    assert (x.grad, y.grad, norm([])) == (0.0, 0.0, 0.0)
    assert [v.data for v in cumsum([Value(1.0), 2.0, 3.0])] == [1.0, 3.0, 6.0]
    assert cumsum([]) == []
    assert hessian(lambda v: xlogy(*v))([0.0, 2.0]) == [[0.0, 0.5], [0.5, -0.0]]
    for x, slope in ((-1000.0, 1.0), (1000.0, 0.0)):
        assert grad(log_sigmoid)(x) == slope


# ---- the bits of math ----


@pytest.mark.parametrize("name", ["gamma", "lgamma", "fabs", "degrees", "radians"])
def test_functions_that_math_has_give_the_same_bits(name):
    rng = random.Random(name)
    for _ in range(500):
        x = rng.choice([any_float(rng), rng.uniform(-5.0, 5.0), rng.uniform(-170.0, 171.0)])
        try:
            expected = getattr(math, name)(x)
        except (ArithmeticError, ValueError) as error:
            with pytest.raises(type(error)):
                getattr(functions, name)(Value(x))
            continue
        assert getattr(functions, name)(Value(x)).data.hex() == expected.hex()
        assert getattr(functions, name)(x).hex() == expected.hex()


EXPONENTS = [
    0,
    1,
    -1,
    5,
    1022,
    1023,
    1024,
    -1022,
    -1023,
    -1060,
    -1074,
    -1075,
    -2000,
    -2100,
    2000,
    2097,
    10**6,
    -(10**6),
]


def test_ldexp_is_rounded_once():
    rng = random.Random(0)
    for i, _ in itertools.product(EXPONENTS, range(40)):
        x = rng.choice([any_float(rng), rng.uniform(-2.0, 2.0), 5e-324, 1.5e308, 0.0, -0.0])
        try:
            expected = math.ldexp(x, i)
        except OverflowError:
            with pytest.raises(OverflowError):
                ldexp(x, i)
            with pytest.raises(OverflowError) as caught:
                ldexp(Value(x), i)
            assert caught.value.__notes__
            continue
        assert ldexp(x, i).hex() == ldexp(Value(x), i).data.hex() == expected.hex(), (x, i)
    assert grad(lambda x: ldexp(x, 4))(3.0) == 16.0
    with pytest.raises(TypeError):
        ldexp(Value(1.0), 0.5)


FEW = [0.0, -0.0, 1.0, -1.0, 0.1, 10.0, 5e-324, 1e-200, -1e200, 1.7e308, math.inf, -math.inf, math.nan]


@pytest.mark.skipif(sys.version_info < (3, 13), reason="math.fma is there since 3.13")
def test_fma_is_that_of_math():
    from autograd_mini.compat import exact_fma

    for xs in itertools.product(FEW, repeat=3):
        outcomes = []
        for f in (math.fma, exact_fma, fma):
            try:
                outcomes.append(f(*xs).hex())
            except (ArithmeticError, ValueError) as error:
                outcomes.append((type(error), str(error)))
        assert outcomes[0] == outcomes[1] == outcomes[2], xs


def test_fma_is_rounded_once():
    x, y, z = Value(0.1), Value(10.0), Value(-1.0)
    product = fma(x, y, z)
    assert product.data == 2.0**-54
    assert gradients(product, [x, y, z]) == [10.0, 0.1, 1.0]
    assert fma(1e200, 1e200, -math.inf) == -math.inf


def test_gamma_of_values_has_the_errors_of_math():
    for x, error in ((0.0, ValueError), (-2.0, ValueError), (172.0, OverflowError)):
        with pytest.raises(error) as caught:
            gamma(Value(x))
        assert "Γ" in caught.value.__notes__[0]
