/* Generated from rules.py by `python -m autograd_mini.c_rows`: do not edit. */

#define ROWS_OF_ONE(ROW) \
    ROW(neg) \
    ROW(pos) \
    ROW(abs) \
    ROW(exp) \
    ROW(expm1) \
    ROW(exp2) \
    ROW(log) \
    ROW(log1p) \
    ROW(log2) \
    ROW(log10) \
    ROW(sqrt) \
    ROW(cbrt) \
    ROW(sin) \
    ROW(cos) \
    ROW(tan) \
    ROW(asin) \
    ROW(acos) \
    ROW(one_minus_square) \
    ROW(atan) \
    ROW(sinh) \
    ROW(cosh) \
    ROW(tanh) \
    ROW(sech2) \
    ROW(asinh) \
    ROW(acosh) \
    ROW(atanh) \
    ROW(floor) \
    ROW(ceil) \
    ROW(round) \
    ROW(relu) \
    ROW(erf) \
    ROW(erfc) \
    ROW(erfcx) \
    ROW(ierfcx) \
    ROW(i2erfcx) \
    ROW(ndtr) \
    ROW(log_ndtr) \
    ROW(sigmoid) \
    ROW(softplus) \
    ROW(silu) \
    ROW(gelu) \
    ROW(sinc) \
    ROW(gamma) \
    ROW(lgamma) \
    ROW(digamma)

#define ROWS_OF_TWO(ROW) \
    ROW(add) \
    ROW(sub) \
    ROW(mul) \
    ROW(truediv) \
    ROW(atan2) \
    ROW(maximum) \
    ROW(minimum) \
    ROW(copysign) \
    ROW(leaky_relu) \
    ROW(elu) \
    ROW(powi) \
    ROW(pow) \
    ROW(power_slope) \
    ROW(power_log) \
    ROW(gaussian) \
    ROW(xlogy) \
    ROW(xlog1py) \
    ROW(gap) \
    ROW(hurwitz)

#define ROWS_OF_MANY(ROW) \
    ROW(hypot) \
    ROW(clamp) \
    ROW(where) \
    ROW(sum) \
    ROW(mean) \
    ROW(prod) \
    ROW(dot) \
    ROW(fma) \
    ROW(logsumexp) \
    ROW(logaddexp) \
    ROW(expectation)

static inline double v_add(double x0, double x1);
static inline double v_sub(double x0, double x1);
static inline double v_mul(double x0, double x1);
static inline double v_truediv(double x0, double x1);
static inline double v_neg(double x0);
static inline double v_pos(double x0);
static inline double v_abs(double x0);
static inline double v_exp(double x0);
static inline double v_expm1(double x0);
static inline double v_exp2(double x0);
static inline double v_log(double x0);
static inline double v_log1p(double x0);
static inline double v_log2(double x0);
static inline double v_log10(double x0);
static inline double v_sqrt(double x0);
static inline double v_cbrt(double x0);
static inline double v_sin(double x0);
static inline double v_cos(double x0);
static inline double v_tan(double x0);
static inline double v_asin(double x0);
static inline double v_acos(double x0);
static inline double v_one_minus_square(double x0);
static inline double v_atan(double x0);
static inline double v_atan2(double x0, double x1);
static inline double v_sinh(double x0);
static inline double v_cosh(double x0);
static inline double v_tanh(double x0);
static inline double v_sech2(double x0);
static inline double v_asinh(double x0);
static inline double v_acosh(double x0);
static inline double v_atanh(double x0);
static inline double v_maximum(double x0, double x1);
static inline double v_minimum(double x0, double x1);
static inline double v_copysign(double x0, double x1);
static inline double v_relu(double x0);
static inline double v_leaky_relu(double x0, double x1);
static inline double v_elu(double x0, double x1);
static inline double v_powi(double x0, double x1);
static inline double v_pow(double x0, double x1);
static inline double v_power_slope(double x0, double x1);
static inline double v_power_log(double x0, double x1);
static inline double v_erf(double x0);
static inline double v_erfc(double x0);
static inline double v_gaussian(double x0, double x1);
static inline double v_erfcx(double x0);
static inline double v_ierfcx(double x0);
static inline double v_i2erfcx(double x0);
static inline double v_ndtr(double x0);
static inline double v_log_ndtr(double x0);
static inline double v_sigmoid(double x0);
static inline double v_softplus(double x0);
static inline double v_silu(double x0);
static inline double v_gelu(double x0);
static inline double v_xlogy(double x0, double x1);
static inline double v_xlog1py(double x0, double x1);
static inline double v_sinc(double x0);
static inline double v_gap(double x0, double x1);
static inline double v_digamma(double x0);
static inline double v_hurwitz(double x0, double x1);
static inline double v_clamp(double x0, double x1, double x2);
static inline double v_logaddexp(double x0, double x1);

static inline double v_add(double x0, double x1)
{
    return x0 + x1;
}

static inline double v_sub(double x0, double x1)
{
    return x0 - x1;
}

static inline double v_mul(double x0, double x1)
{
    return x0 * x1;
}

static inline double v_truediv(double x0, double x1)
{
    return x0 / x1;
}

static inline double v_neg(double x0)
{
    return -x0;
}

static inline double v_pos(double x0)
{
    return x0;
}

static inline double v_abs(double x0)
{
    return fabs(x0);
}

static inline double v_exp(double x0)
{
    return exp(x0);
}

static inline double v_expm1(double x0)
{
    return expm1(x0);
}

static inline double v_exp2(double x0)
{
    return exp2(x0);
}

static inline double v_log(double x0)
{
    return log(x0);
}

static inline double v_log1p(double x0)
{
    return log1p(x0);
}

static inline double v_log2(double x0)
{
    return log2(x0);
}

static inline double v_log10(double x0)
{
    return log10(x0);
}

static inline double v_sqrt(double x0)
{
    return sqrt(x0);
}

static inline double v_cbrt(double x0)
{
    return cbrt(x0);
}

static inline double v_sin(double x0)
{
    return sin(x0);
}

static inline double v_cos(double x0)
{
    return cos(x0);
}

static inline double v_tan(double x0)
{
    return tan(x0);
}

static inline double v_asin(double x0)
{
    return asin(x0);
}

static inline double v_acos(double x0)
{
    return acos(x0);
}

static inline double v_one_minus_square(double x0)
{
    return (1.0 - x0) * (1.0 + x0);
}

static inline double v_atan(double x0)
{
    return atan(x0);
}

static inline double v_atan2(double x0, double x1)
{
    return atan2(x0, x1);
}

static inline double v_sinh(double x0)
{
    return sinh(x0);
}

static inline double v_cosh(double x0)
{
    return cosh(x0);
}

static inline double v_tanh(double x0)
{
    return tanh(x0);
}

static inline double v_sech2(double x0)
{
    const double t3 = exp(-2.0 * fabs(x0));
    return 4.0 * t3 / (1.0 + t3 * (2.0 + t3));
}

static inline double v_asinh(double x0)
{
    return asinh(x0);
}

static inline double v_acosh(double x0)
{
    return acosh(x0);
}

static inline double v_atanh(double x0)
{
    return atanh(x0);
}

static inline double v_maximum(double x0, double x1)
{
    return x1 > x0 ? x1 : x0;
}

static inline double v_minimum(double x0, double x1)
{
    return x1 < x0 ? x1 : x0;
}

static inline double v_copysign(double x0, double x1)
{
    return copysign(x0, x1);
}

static inline double v_relu(double x0)
{
    return x0 < 0.0 ? 0.0 : x0;
}

static inline double v_leaky_relu(double x0, double x1)
{
    return x0 < 0.0 ? x1 * x0 : x0;
}

static inline double v_elu(double x0, double x1)
{
    const int t2 = x0 > 0.0;
    return t2 ? x0 : x1 * expm1(t2 ? 0.0 : x0);
}

static inline double v_powi(double x0, double x1)
{
    return pow(x0, x1);
}

static inline double v_pow(double x0, double x1)
{
    return pow(x0, x1);
}

static inline double v_power_slope(double x0, double x1)
{
    const int t5 = x0 == 0.0;
    const int t11 = ((x1 >= 0.5 && x1 < 9007199254740992.0) || (t5 && x1 != 0.0)) || fabs(x0) == INFINITY;
    const double t12 = fabs(x1);
    const double t18 = pow(t12 >= 0.5 ? x0 : x0 + 0.0, t11 ? x1 - 1.0 : x1);
    return t12 == INFINITY && t18 == 0.0 ? 0.0 : x1 * t18 / (t11 || t5 ? 1.0 : x0);
}

static inline double v_power_log(double x0, double x1)
{
    const int t2 = x0 == 0.0;
    const int t4 = t2 || x0 == INFINITY;
    const double t5 = t4 ? 1.0 : x0;
    return t4 ? (t2 ? (x1 > 0.0 ? 0.0 : -INFINITY) : (x1 < 0.0 ? 0.0 : INFINITY)) : pow(t5, x1) * log(t5);
}

static inline double v_erf(double x0)
{
    return erf(x0);
}

static inline double v_erfc(double x0)
{
    return erfc(x0);
}

static inline double v_gaussian(double x0, double x1)
{
    const double t4 = fabs(x0) > 64.0 ? 64.0 : x0;
    const double t7 = v_floor(1024.0 * t4) / 1024.0;
    const double t8 = -x1;
    const double t11 = exp(t8 * t7 * t7);
    return t11 + t11 * expm1(t8 * (t4 - t7) * (t4 + t7));
}

static inline double v_erfcx(double x0)
{
    const double t1 = fabs(x0);
    const double t2 = t1 + 0.875;
    const double t9 = 1.0 - 7.5 / (t1 + 3.75);
    const double t22 = ((((((1.9401211965196786e-10 * t9 + 1.8844427160018689e-10) * t9 + -2.3508215144113185e-09) * t9 + -2.2755714928044922e-09) * t9 + 1.752054091294354e-08) * t9 + 1.492899905965634e-08) * t9 + -1.1754386663157578e-07) * t9;
    const double t35 = ((((((t22 + -5.569748624848703e-08) * t9 + 8.070510621088232e-07) * t9 + -2.3958399976626606e-07) * t9 + -5.441369986697738e-06) * t9 + 8.873379617655796e-06) * t9 + 2.7168442563781745e-05) * t9 + -0.00012711501254070713;
    const double t48 = ((((((t35 * t9 + 8.968333354597665e-05) * t9 + 0.0008682371805014972) * t9 + -0.0041971788727386454) * t9 + 0.011098405776271662) * t9 + -0.02029299030515167) * t9 + 0.02560128806960042) * t9;
    const double t61 = (((((t48 + -0.01592534805880009) * t9 + -0.020201091576399804) * t9 + 0.08654573283646524) * t9 + -0.1726535236035584) * t9 + 0.6733524608970533) * (1.0 - (t1 == INFINITY ? 0.0 : t1 - (t2 - 0.875)) / t2) / t2;
    const int t62 = x0 < 0.0;
    const double t63 = t62 ? x0 : 0.0;
    const double t67 = t63 < -64.0 && t63 > -INFINITY ? -64.0 : t63;
    const double t70 = v_floor(1024.0 * t67) / 1024.0;
    return t62 ? 2.0 * (exp(t70 * t70) * exp(t67 > -64.0 ? (t67 - t70) * (t67 + t70) : 0.0)) - t61 : t61;
}

static inline double v_ierfcx(double x0)
{
    const int t1 = x0 < 0.0;
    const double t2 = t1 ? x0 : 0.0;
    const double t6 = fabs(x0);
    const double t7 = t6 + 0.875;
    const double t14 = 1.0 - 7.5 / (t6 + 3.75);
    const double t27 = ((((((9.520794674875764e-10 * t14 + 1.5217421212484255e-09) * t14 + -1.1131686903456653e-08) * t14 + -1.800410737085992e-08) * t14 + 7.747862176386202e-08) * t14 + 1.1951421050727272e-07) * t14 + -4.74782011889675e-07) * t14;
    const double t40 = ((((((t27 + -5.756971022100932e-07) * t14 + 2.9908578734671022e-06) * t14 + 1.5142374579247362e-06) * t14 + -1.912281427409825e-05) * t14 + 1.1608659256006319e-05) * t14 + 0.00010387125558996721) * t14 + -0.0002519479657179577;
    const double t53 = ((((((t40 * t14 + -0.00015531881342922623) * t14 + 0.002078313035078991) * t14 + -0.005366430213596383) * t14 + 0.006465046535890041) * t14 + 0.0016290033021489163) * t14 + -0.023771079767909577) * t14;
    const double t69 = ((((((t53 + 0.053067327295216515) * t14 + -0.06647878322050198) * t14 + 0.03564619901987982) * t14 + 0.0490609550975609) * t14 + -0.1598395414713478) * t14 + 0.3899110668929571) * (1.0 - 2.0 * (t6 == INFINITY ? 0.0 : t6 - (t7 - 0.875)) / t7) / t7;
    return t1 ? 0.5641895835477563 - t2 * v_erfcx(t2) : t69 / t7;
}

static inline double v_i2erfcx(double x0)
{
    const int t1 = x0 < 0.0;
    const double t2 = t1 ? x0 : 0.0;
    const double t9 = fabs(x0);
    const double t10 = t9 + 1.1875;
    const double t17 = 1.0 - 7.0 / (t9 + 3.5);
    const double t30 = ((((((1.3604132789789334e-09 * t17 + 2.022564376447185e-09) * t17 + -1.4478305024937375e-08) * t17 + -2.509406972671686e-08) * t17 + 8.176699165710403e-08) * t17 + 1.7386230841854506e-07) * t17 + -3.541288985847928e-07) * t17;
    const double t43 = ((((((t30 + -9.388448111241251e-07) * t17 + 1.4852845220212887e-06) * t17 + 4.52487534309406e-06) * t17 + -7.1885499057674635e-06) * t17 + -2.0052045814956945e-05) * t17 + 4.1873086811077794e-05) * t17 + 7.33017021103594e-05;
    const double t56 = ((((((t43 * t17 + -0.0002610444574854652) * t17 + -8.805723120463499e-05) * t17 + 0.0013672141155237874) * t17 + -0.0017517352919571032) * t17 + -0.0026334789603446956) * t17 + 0.011545750614974771) * t17;
    const double t69 = ((((((t56 + -0.013294615261072746) * t17 + -0.009245782362208521) * t17 + 0.054145314971559486) * t17 + -0.08167176196277884) * t17 + 0.03743438961657301) * t17 + 0.08648264550233381) * t17 + -0.2155900347822875;
    return t1 ? 0.25 * v_erfcx(t2) - 0.5 * t2 * v_ierfcx(t2) : (t69 * t17 + 0.2745157205560546) * (1.0 - 3.0 * (t9 == INFINITY ? 0.0 : t9 - (t10 - 1.1875)) / t10) / t10 / t10 / t10;
}

static inline double v_ndtr(double x0)
{
    const int t3 = x0 < -1.0;
    const double t4 = -x0;
    return t3 ? 0.5 * v_gaussian(x0, 0.5) * v_erfcx((t3 ? t4 : 1.0) / 1.4142135623730951) : 0.5 * erfc(t4 / 1.4142135623730951);
}

static inline double v_log_ndtr(double x0)
{
    const int t1 = x0 < 0.0;
    const double t2 = t1 ? x0 : 0.0;
    return t1 ? log(0.5 * v_erfcx(-(t2 < -1000000000.0 ? -1000000000.0 : t2) / 1.4142135623730951)) - 0.5 * t2 * t2 : log1p(-v_ndtr(-(t1 ? 0.0 : x0)));
}

static inline double v_sigmoid(double x0)
{
    const double t3 = exp(-fabs(x0));
    return (x0 < 0.0 ? t3 : 1.0) / (1.0 + t3);
}

static inline double v_softplus(double x0)
{
    return (x0 > 0.0 ? x0 : 0.0) + log1p(exp(-fabs(x0)));
}

static inline double v_silu(double x0)
{
    return (x0 > -800.0 ? x0 : -800.0) * v_sigmoid(x0);
}

static inline double v_gelu(double x0)
{
    return 0.5 * (x0 > -64.0 ? x0 : -64.0) * erfc(-x0 / 1.4142135623730951);
}

static inline double v_xlogy(double x0, double x1)
{
    const int t2 = x0 == 0.0;
    return t2 ? (x1 == x1 ? 0.0 : NAN) : x0 * log(t2 ? 1.0 : x1);
}

static inline double v_xlog1py(double x0, double x1)
{
    const int t2 = x0 == 0.0;
    return t2 ? (x1 == x1 ? 0.0 : NAN) : x0 * log1p(t2 ? 0.0 : x1);
}

static inline double v_sinc(double x0)
{
    const double t1 = v_round(x0);
    const double t2 = 0.5 * t1;
    const int t10 = x0 == 0.0;
    return t10 ? 1.0 : (v_floor(t2) == t2 ? 1.0 : -1.0) * sin(3.141592653589793 * (x0 - t1)) / (3.141592653589793 * (t10 ? 1.0 : x0));
}

static inline double v_gap(double x0, double x1)
{
    return x0 == x1 ? 0.0 : x0 - x1;
}

static inline double v_digamma(double x0)
{
    const int t1 = x0 < 0.0;
    const int t3 = x0 < 1.0;
    const double t6 = t1 ? 1.0 - x0 : (t3 ? 1.0 + x0 : x0);
    const double t18 = 1.0 - 3.0 / (t6 + 0.5);
    const double t31 = ((((((-1.041705108793766e-11 * t18 + -1.4885256092103357e-11) * t18 + 5.047353862079882e-11) * t18 + 1.5272593342086605e-10) * t18 + 1.3929319260344146e-10) * t18 + -6.05973602017719e-11) * t18 + -1.6483771452502513e-09) * t18;
    const double t44 = ((((((t31 + -3.80003527922284e-09) * t18 + -6.704314412162497e-09) * t18 + -1.1866873442476441e-08) * t18 + 3.7214713546529245e-07) * t18 + -1.2241383935374154e-06) * t18 + 7.210170163506602e-06) * t18 + -2.5690899371593295e-05;
    const double t63 = t1 ? x0 - v_round(x0) : 0.25;
    const double t64 = fabs(t63);
    const int t65 = t64 < 0.25;
    const double t79 = log1p((t6 - 1.4616321449683622 + ((t1 ? 1.0 - t6 - x0 : (t3 ? x0 - (t6 - 1.0) : 0.0)) - 9.549995429965697e-17)) * (((((t44 * t18 + -0.00011015284244485918) * t18 + 0.001475710885612413) * t18 + -0.007334146667990056) * t18 + 0.023562073932691347) * t18 + 0.9824258711756046)) - (t1 ? 3.141592653589793 * (copysign(1.0, t63) * (t65 ? 1.0 / tan(3.141592653589793 * (t65 ? t64 : 0.25)) : tan(3.141592653589793 * (0.5 - t64)))) : (t3 ? 1.0 / (x0 >= 0.0 && t3 ? x0 : 1.0) : 0.0));
    return t79;
}

static inline double v_hurwitz(double x0, double x1)
{
    const int t2 = x0 < 20.0;
    const double t3 = t2 ? x0 : 1.0;
    const double t6 = t3 + 0.0 * sqrt(t3);
    const double t7 = t6 + 10.0;
    const double t8 = t2 ? t7 : x0;
    const double t9 = x1 / t8;
    const double t17 = t9 * ((x1 + 1.0) / t8) * ((x1 + 2.0) / t8);
    const double t25 = t17 * ((x1 + 3.0) / t8) * ((x1 + 4.0) / t8);
    const double t33 = t25 * ((x1 + 5.0) / t8) * ((x1 + 6.0) / t8);
    const double t41 = t33 * ((x1 + 7.0) / t8) * ((x1 + 8.0) / t8);
    const double t49 = t41 * ((x1 + 9.0) / t8) * ((x1 + 10.0) / t8);
    const double t57 = t49 * ((x1 + 11.0) / t8) * ((x1 + 12.0) / t8);
    const double t68 = 1.0 - x1;
    const double t69 = pow(t7, t68);
    const double t80 = -x1;
    const double t83 = (t2 ? t69 + t69 * (t68 * (t6 - (t7 - 10.0)) / t7) : pow(t8, t68)) / (x1 - 1.0) + pow(t8, t80) * (0.5 + 0.08333333333333333 * t9 + -0.001388888888888889 * t17 + 3.306878306878307e-05 * t25 + -8.267195767195768e-07 * t33 + 2.08767569878681e-08 * t41 + -5.284190138687493e-10 * t49 + 1.3382536530684679e-11 * t57 + -3.3896802963225827e-13 * (t57 * ((x1 + 13.0) / t8) * ((x1 + 14.0) / t8)));
    const double t84 = t6 + 9.0;
    const double t85 = pow(t84, t80);
    const double t92 = t6 + 8.0;
    const double t93 = pow(t92, t80);
    const double t100 = t6 + 7.0;
    const double t101 = pow(t100, t80);
    const double t108 = t6 + 6.0;
    const double t109 = pow(t108, t80);
    const double t116 = t6 + 5.0;
    const double t117 = pow(t116, t80);
    const double t124 = t6 + 4.0;
    const double t125 = pow(t124, t80);
    const double t132 = t6 + 3.0;
    const double t133 = pow(t132, t80);
    const double t140 = t6 + 2.0;
    const double t141 = pow(t140, t80);
    const double t148 = t6 + 1.0;
    const double t149 = pow(t148, t80);
    const double t163 = t83 + (t85 + t85 * (t80 * (t6 - (t84 - 9.0)) / t84)) + (t93 + t93 * (t80 * (t6 - (t92 - 8.0)) / t92)) + (t101 + t101 * (t80 * (t6 - (t100 - 7.0)) / t100)) + (t109 + t109 * (t80 * (t6 - (t108 - 6.0)) / t108)) + (t117 + t117 * (t80 * (t6 - (t116 - 5.0)) / t116)) + (t125 + t125 * (t80 * (t6 - (t124 - 4.0)) / t124)) + (t133 + t133 * (t80 * (t6 - (t132 - 3.0)) / t132));
    return t2 ? t163 + (t141 + t141 * (t80 * (t6 - (t140 - 2.0)) / t140)) + (t149 + t149 * (t80 * (t6 - (t148 - 1.0)) / t148)) + pow(t6, t80) : t83;
}

static inline double v_clamp(double x0, double x1, double x2)
{
    return x0 < x1 ? x1 : (x0 > x2 ? x2 : x0);
}

static inline double v_logaddexp(double x0, double x1)
{
    return v_maximum(x0, x1) + log1p(exp(-fabs(v_gap(x0, x1))));
}

static inline double d_add_0(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    (void)x1;
    return 1.0;
}

static inline double d_add_1(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    (void)x1;
    return 1.0;
}

static inline double d_sub_0(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    (void)x1;
    return 1.0;
}

static inline double d_sub_1(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    (void)x1;
    return -1.0;
}

static inline double d_mul_0(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    return x1;
}

static inline double d_mul_1(double z, double x0, double x1)
{
    (void)z;
    (void)x1;
    return x0;
}

static inline double d_truediv_0(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    return 1.0 / x1;
}

static inline double d_truediv_1(double z, double x0, double x1)
{
    (void)x0;
    return -z / x1;
}

static inline double d_neg_0(double z, double x0)
{
    (void)z;
    (void)x0;
    return -1.0;
}

static inline double d_pos_0(double z, double x0)
{
    (void)z;
    (void)x0;
    return 1.0;
}

static inline double d_abs_0(double z, double x0)
{
    (void)z;
    return x0 == 0.0 ? 0.0 : copysign(1.0, x0);
}

static inline double d_exp_0(double z, double x0)
{
    (void)x0;
    return z;
}

static inline double d_expm1_0(double z, double x0)
{
    (void)z;
    return exp(x0);
}

static inline double d_exp2_0(double z, double x0)
{
    (void)x0;
    return 0.6931471805599453 * z;
}

static inline double d_log_0(double z, double x0)
{
    (void)z;
    return 1.0 / x0;
}

static inline double d_log1p_0(double z, double x0)
{
    (void)z;
    return 1.0 / (1.0 + x0);
}

static inline double d_log2_0(double z, double x0)
{
    (void)z;
    return 1.4426950408889634 / x0;
}

static inline double d_log10_0(double z, double x0)
{
    (void)z;
    return 0.43429448190325176 / x0;
}

static inline double d_sqrt_0(double z, double x0)
{
    (void)x0;
    return 0.5 / (z + 0.0);
}

static inline double d_cbrt_0(double z, double x0)
{
    const int t5 = x0 == 0.0 || fabs(x0) == INFINITY;
    const double t6 = t5 ? z : 1.0;
    const double t7 = t5 ? 1.0 : z;
    return t5 ? 1.0 / t6 / t6 / 3.0 : (1.0 / (t7 * t7) + 2.0 * t7 / (t5 ? 1.0 : x0)) / 9.0;
}

static inline double d_sin_0(double z, double x0)
{
    (void)z;
    return cos(x0);
}

static inline double d_cos_0(double z, double x0)
{
    (void)z;
    return -sin(x0);
}

static inline double d_tan_0(double z, double x0)
{
    (void)x0;
    return 1.0 + z * z;
}

static inline double d_asin_0(double z, double x0)
{
    (void)z;
    return 1.0 / sqrt(v_one_minus_square(x0));
}

static inline double d_acos_0(double z, double x0)
{
    (void)z;
    return -1.0 / sqrt(v_one_minus_square(x0));
}

static inline double d_one_minus_square_0(double z, double x0)
{
    (void)z;
    return -2.0 * x0;
}

static inline double d_atan_0(double z, double x0)
{
    (void)z;
    const double t2 = v_hypot((const double[]){1.0, x0}, 2);
    return 1.0 / t2 / t2;
}

static inline double d_atan2_0(double z, double x0, double x1)
{
    (void)z;
    const double t3 = v_hypot((const double[]){x0, x1}, 2);
    return (t3 == INFINITY ? 0.0 : x1) / t3 / t3;
}

static inline double d_atan2_1(double z, double x0, double x1)
{
    (void)z;
    const double t3 = v_hypot((const double[]){x0, x1}, 2);
    return -((t3 == INFINITY ? 0.0 : x0) / t3 / t3);
}

static inline double d_sinh_0(double z, double x0)
{
    (void)z;
    return cosh(x0);
}

static inline double d_cosh_0(double z, double x0)
{
    (void)z;
    return sinh(x0);
}

static inline double d_tanh_0(double z, double x0)
{
    (void)z;
    return v_sech2(x0);
}

static inline double d_sech2_0(double z, double x0)
{
    return -2.0 * z * tanh(x0);
}

static inline double d_asinh_0(double z, double x0)
{
    (void)z;
    return 1.0 / v_hypot((const double[]){1.0, x0}, 2);
}

static inline double d_acosh_0(double z, double x0)
{
    (void)z;
    return 1.0 / sqrt(x0 - 1.0) / sqrt(x0 + 1.0);
}

static inline double d_atanh_0(double z, double x0)
{
    (void)z;
    return 1.0 / v_one_minus_square(x0);
}

static inline double d_maximum_0(double z, double x0, double x1)
{
    (void)z;
    return x0 == x1 ? 0.5 : (x1 > x0 ? 0.0 : 1.0);
}

static inline double d_maximum_1(double z, double x0, double x1)
{
    (void)z;
    return x0 == x1 ? 0.5 : (x1 > x0 ? 1.0 : 0.0);
}

static inline double d_minimum_0(double z, double x0, double x1)
{
    (void)z;
    return x0 == x1 ? 0.5 : (x1 < x0 ? 0.0 : 1.0);
}

static inline double d_minimum_1(double z, double x0, double x1)
{
    (void)z;
    return x0 == x1 ? 0.5 : (x1 < x0 ? 1.0 : 0.0);
}

static inline double d_copysign_0(double z, double x0, double x1)
{
    (void)z;
    return x0 == 0.0 ? 0.0 : copysign(1.0, x0) * copysign(1.0, x1);
}

static inline double d_copysign_1(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    (void)x1;
    return 0.0;
}

static inline double d_floor_0(double z, double x0)
{
    (void)z;
    (void)x0;
    return 0.0;
}

static inline double d_ceil_0(double z, double x0)
{
    (void)z;
    (void)x0;
    return 0.0;
}

static inline double d_round_0(double z, double x0)
{
    (void)z;
    (void)x0;
    return 0.0;
}

static inline double d_relu_0(double z, double x0)
{
    (void)z;
    return x0 > 0.0 ? 1.0 : 0.0;
}

static inline double d_leaky_relu_0(double z, double x0, double x1)
{
    (void)z;
    return x0 > 0.0 ? 1.0 : x1;
}

static inline double d_leaky_relu_1(double z, double x0, double x1)
{
    (void)z;
    (void)x1;
    return x0 < 0.0 ? x0 : 0.0;
}

static inline double d_elu_0(double z, double x0, double x1)
{
    (void)z;
    const int t3 = x0 > 0.0;
    return t3 ? 1.0 : x1 * exp(t3 ? 0.0 : x0);
}

static inline double d_elu_1(double z, double x0, double x1)
{
    (void)z;
    (void)x1;
    return expm1(x0 > 0.0 ? 0.0 : x0);
}

static inline double d_powi_0(double z, double x0, double x1)
{
    (void)z;
    return x1 * pow(x0, x1 - 1.0);
}

static inline double d_powi_1(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    (void)x1;
    return NAN;
}

static inline double d_pow_0(double z, double x0, double x1)
{
    (void)z;
    return v_power_slope(x0, x1);
}

static inline double d_pow_1(double z, double x0, double x1)
{
    (void)z;
    return v_power_log(x0, x1);
}

static inline double d_power_slope_0(double z, double x0, double x1)
{
    (void)z;
    const int t6 = x0 == 0.0;
    const int t12 = ((x1 >= 0.5 && x1 < 9007199254740992.0) || (t6 && x1 != 0.0)) || fabs(x0) == INFINITY;
    const double t14 = x1 - 1.0;
    const double t18 = t12 || t6 ? 1.0 : x0;
    return t12 ? x1 * v_power_slope(t12 ? x0 : 1.0, t12 ? t14 : 1.0) : t14 * (x1 * pow(t18, x1) / t18) / t18;
}

static inline double d_power_slope_1(double z, double x0, double x1)
{
    (void)z;
    const int t3 = x0 == 0.0;
    const int t5 = t3 || x0 == INFINITY;
    const double t6 = t5 ? 1.0 : x0;
    const int t16 = ((x1 >= 0.5 && x1 < 9007199254740992.0) || (t6 == 0.0 && x1 != 0.0)) || fabs(t6) == INFINITY;
    const double t19 = pow(t6, t16 ? x1 - 1.0 : x1);
    return t5 ? (t3 ? (x1 > 1.0 ? 0.0 : (x1 > 0.0 ? -INFINITY : INFINITY)) : (x1 < 1.0 ? 0.0 : INFINITY)) : (t19 == 0.0 ? 0.0 : t19 + t19 * (x1 * log(t6))) / (t16 ? 1.0 : t6);
}

static inline double d_power_log_0(double z, double x0, double x1)
{
    (void)z;
    const int t3 = x0 == 0.0;
    const int t5 = t3 || x0 == INFINITY;
    const double t6 = t5 ? 1.0 : x0;
    const int t16 = ((x1 >= 0.5 && x1 < 9007199254740992.0) || (t6 == 0.0 && x1 != 0.0)) || fabs(t6) == INFINITY;
    const double t19 = pow(t6, t16 ? x1 - 1.0 : x1);
    return t5 ? (t3 ? (x1 > 1.0 ? 0.0 : (x1 > 0.0 ? -INFINITY : INFINITY)) : (x1 < 1.0 ? 0.0 : INFINITY)) : (t19 == 0.0 ? 0.0 : t19 + t19 * (x1 * log(t6))) / (t16 ? 1.0 : t6);
}

static inline double d_power_log_1(double z, double x0, double x1)
{
    (void)z;
    const int t3 = x0 == 0.0;
    const int t5 = t3 || x0 == INFINITY;
    const double t6 = t5 ? 1.0 : x0;
    const double t12 = log(t6);
    return t5 ? ((t3 ? x1 : -x1) > 0.0 ? 0.0 : INFINITY) : pow(t6, x1) * t12 * t12;
}

static inline double d_erf_0(double z, double x0)
{
    (void)z;
    return 1.1283791670955126 * v_gaussian(x0, 1.0);
}

static inline double d_erfc_0(double z, double x0)
{
    (void)z;
    return -1.1283791670955126 * v_gaussian(x0, 1.0);
}

static inline double d_gaussian_0(double z, double x0, double x1)
{
    return -2.0 * x1 * z * (fabs(x0) > 64.0 ? 0.0 : x0);
}

static inline double d_gaussian_1(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    (void)x1;
    return NAN;
}

static inline double d_erfcx_0(double z, double x0)
{
    (void)z;
    return -2.0 * v_ierfcx(x0);
}

static inline double d_ierfcx_0(double z, double x0)
{
    (void)z;
    return -4.0 * v_i2erfcx(x0);
}

static inline double d_i2erfcx_0(double z, double x0)
{
    return 2.0 * ((x0 == INFINITY ? 0.0 : x0) * z) - v_ierfcx(x0);
}

static inline double d_ndtr_0(double z, double x0)
{
    (void)z;
    return 0.3989422804014327 * v_gaussian(x0, 0.5);
}

static inline double d_log_ndtr_0(double z, double x0)
{
    (void)z;
    const int t2 = x0 < 0.0;
    const double t6 = t2 ? 0.0 : x0;
    return t2 ? (x0 < -1000000000.0 ? -x0 : 0.7978845608028654 / v_erfcx(-(t2 && x0 >= -1000000000.0 ? x0 : 0.0) / 1.4142135623730951)) : 0.3989422804014327 * v_gaussian(t6, 0.5) / v_ndtr(t6);
}

static inline double d_sigmoid_0(double z, double x0)
{
    (void)z;
    return 0.25 * v_sech2(0.5 * x0);
}

static inline double d_softplus_0(double z, double x0)
{
    (void)z;
    return v_sigmoid(x0);
}

static inline double d_silu_0(double z, double x0)
{
    (void)z;
    return v_sigmoid(x0) + 0.25 * (fabs(x0) > 800.0 ? 0.0 : x0) * v_sech2(0.5 * x0);
}

static inline double d_gelu_0(double z, double x0)
{
    (void)z;
    return 0.5 * erfc(-x0 / 1.4142135623730951) + 0.3989422804014327 * (fabs(x0) > 64.0 ? 0.0 : x0) * v_gaussian(x0, 0.5);
}

static inline double d_xlogy_0(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    return log(x1);
}

static inline double d_xlogy_1(double z, double x0, double x1)
{
    (void)z;
    return x0 / (x0 == 0.0 && x1 == 0.0 ? 1.0 : x1);
}

static inline double d_xlog1py_0(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    return log1p(x1);
}

static inline double d_xlog1py_1(double z, double x0, double x1)
{
    (void)z;
    return x0 / (x0 == 0.0 && x1 == -1.0 ? 1.0 : 1.0 + x1);
}

static inline double d_sinc_0(double z, double x0)
{
    const double t2 = v_round(x0);
    const double t4 = fabs(x0 - t2);
    const double t5 = 0.5 * t2;
    const int t18 = fabs(x0) < 0.5;
    const double t19 = t18 ? x0 : 0.5;
    const double t21 = t19 * t19;
    const double t34 = ((((((7.365893777096939e-11 * t21 + -3.433076949964284e-09) * t21 + 1.3148481279991983e-07) * t21 + -4.049947846619241e-06) * t21 + 9.766223126318928e-05) * t21 + -0.001781145516372851) * t21 + 0.023460810354558225) * t21;
    return t18 ? -t19 * ((((t34 + -0.20918278254123832) * t21 + 1.144510944732505) * t21 + -3.246969701133414) * t21 + 3.289868133696453) : ((v_floor(t5) == t5 ? 1.0 : -1.0) * (t4 < 0.25 ? cos(3.141592653589793 * t4) : sin(3.141592653589793 * (0.5 - t4))) - z) / (t18 ? 1.0 : x0);
}

static inline double d_gap_0(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    (void)x1;
    return 1.0;
}

static inline double d_gap_1(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    (void)x1;
    return -1.0;
}

static inline double d_gamma_0(double z, double x0)
{
    return z * v_digamma(x0);
}

static inline double d_lgamma_0(double z, double x0)
{
    (void)z;
    return v_digamma(x0);
}

static inline double d_digamma_0(double z, double x0)
{
    (void)z;
    const int t2 = x0 < 0.0;
    const double t6 = fabs(t2 ? x0 - v_round(x0) : 0.25);
    const int t7 = t6 < 0.3;
    const double t8 = t7 ? t6 : 0.3;
    const double t12 = tan(3.141592653589793 * (0.5 - (t7 ? 0.3 : t6)));
    const double t15 = t8 * t8;
    const double t28 = ((((((62.000000014435535 * t15 + 58.00000005401699) * t15 + 54.000000201168035) * t15 + 50.00000074507774) * t15 + 46.000002741976694) * t15 + 42.000010014921116) * t15 + 38.00003625055729) * t15;
    const double t41 = ((((((t28 + 34.00012978797101) * t15 + 30.00045846778226) * t15 + 26.001592451511527) * t15 + 22.005413904172777) * t15 + 18.017902352300727) * t15 + 14.05708298677122) * t15 + 10.173430619844492;
    const double t53 = v_hurwitz(t2 ? 1.0 - x0 : x0, 2.0);
    return t2 ? (t7 ? 1.0 / t8 / t8 + ((t41 * t15 + 6.493939402266829) * t15 + 3.289868133696453) : 9.869604401089358 * (1.0 + t12 * t12)) - t53 : t53;
}

static inline double d_hurwitz_0(double z, double x0, double x1)
{
    (void)z;
    return -x1 * v_hurwitz(x0, x1 + 1.0);
}

static inline double d_hurwitz_1(double z, double x0, double x1)
{
    (void)z;
    (void)x0;
    (void)x1;
    return NAN;
}
