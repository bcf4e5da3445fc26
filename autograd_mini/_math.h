/* What rows of the table call that is not in the C library, as CPython computes it.  Functions part at empty lines. */

/* By way of an int, which has no -0. */
static inline double
v_floor(double x)
{
    return floor(x) + 0.0;
}

static inline double
v_ceil(double x)
{
    return ceil(x) + 0.0;
}

static inline double
v_round(double x)
{
    return rint(x) + 0.0;
}

/* x * x = *high + *low, exactly (Veltkamp and Dekker). */
static inline void
square(double x, double *high, double *low)
{
    const double t = x * 134217729.0;
    const double hi = t - (t - x);
    const double lo = x - hi;
    *high = x * x;
    *low = ((hi * hi - *high) + 2.0 * hi * lo) + lo * lo;
}

/* math.hypot, as vector_norm() in CPython's mathmodule.c computes it. */
static double
v_hypot(const double *xs, int n)
{
    double max = 0.0, sum = 1.0, frac1 = 0.0, frac2 = 0.0, unit = 1.0;
    double h, s, high, low, scale;
    int has_nan = 0, e;
    for (int i = 0; i < n; i++) {
        const double a = fabs(xs[i]);
        has_nan |= isnan(a);
        if (a > max) {
            max = a;
        }
    }
    if (isinf(max)) {
        return max;
    }
    if (has_nan) {
        return NAN;
    }
    if (max == 0.0 || n <= 1) {
        return max;
    }
    (void)frexp(max, &e);
    if (e < -1023) {
        unit = DBL_MIN;
        (void)frexp(max / unit, &e);
    }
    scale = ldexp(1.0, -e);
    for (int i = 0; i < n; i++) {
        square(fabs(xs[i]) / unit * scale, &high, &low);
        s = sum + high;
        frac2 += high - (s - sum);
        sum = s;
        frac1 += low;
    }
    h = sqrt(sum - 1.0 + (frac1 + frac2));
    square(h, &high, &low);
    s = sum - high;
    frac2 += -high - (s - sum);
    sum = s;
    frac1 -= low;
    h += (sum - 1.0 + (frac1 + frac2)) / (2.0 * h);
    return unit * (h / scale);
}
