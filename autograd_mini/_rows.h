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
    ROW(sigmoid) \
    ROW(softplus) \
    ROW(silu) \
    ROW(gelu)

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
    ROW(gap)

#define ROWS_OF_MANY(ROW) \
    ROW(hypot) \
    ROW(clamp) \
    ROW(where) \
    ROW(sum) \
    ROW(mean) \
    ROW(prod) \
    ROW(dot) \
    ROW(logsumexp) \
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
static inline double v_sigmoid(double x0);
static inline double v_softplus(double x0);
static inline double v_silu(double x0);
static inline double v_gelu(double x0);
static inline double v_gap(double x0, double x1);
static inline double v_clamp(double x0, double x1, double x2);

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

static inline double v_gap(double x0, double x1)
{
    return x0 == x1 ? 0.0 : x0 - x1;
}

static inline double v_clamp(double x0, double x1, double x2)
{
    return x0 < x1 ? x1 : (x0 > x2 ? x2 : x0);
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
