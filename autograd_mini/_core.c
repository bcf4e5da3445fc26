/* The engine in C: the Value of engine.py, its order and its sweep, bit for bit.

   The Python engine defines the behaviour, and handles the cases that are not written here: an operation for which
   Python may raise, an operand that is neither a Value nor a small number, a hook, a trace, an error and its message.
   The values and slopes of operations come from the table: _rows.h is generated from rules.py.

   A node is not tracked by the garbage collector: it refers only to its parents, which are older, and to strings, so it
   can't be in a cycle.  A node of a rule that is not in the table refers to that rule, whose functions may refer to
   anything: such nodes have a type that the collector tracks. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <structmember.h>


/* ---- functions for the rows that CPython implements itself ---- */

#include "_math.h"

/* CPython has its own, which it does not export: of nan the row itself is asked. */
static inline double
v_gamma(double x)
{
    (void)x;
    return NAN;
}

static inline double
v_lgamma(double x)
{
    (void)x;
    return NAN;
}

#include "_rows.h"


/* ---- nodes ---- */

enum op {
    LEAF,
#define ROW(name) OP_##name,
    ROWS_OF_ONE(ROW) ROWS_OF_TWO(ROW) ROWS_OF_MANY(ROW)
#undef ROW
    OWN_OF_ONE, /* of rules that are not in the table */
    OWN_OF_TWO,
    OWN_OF_MANY,
    N_OPS
};

static const char *const row_names[] = {
    "",
#define ROW(name) #name,
    ROWS_OF_ONE(ROW) ROWS_OF_TWO(ROW) ROWS_OF_MANY(ROW)
#undef ROW
};

#define MANY 3

static const uint8_t arities[N_OPS] = {
#define ROW(name) [OP_##name] = 1,
    ROWS_OF_ONE(ROW)
#undef ROW
#define ROW(name) [OP_##name] = 2,
    ROWS_OF_TWO(ROW)
#undef ROW
#define ROW(name) [OP_##name] = MANY,
    ROWS_OF_MANY(ROW)
#undef ROW
    [OWN_OF_ONE] = 1,
    [OWN_OF_TWO] = 2,
    [OWN_OF_MANY] = MANY,
};

enum flag {
    HAS_GRAD = 1,  /* a gradient was computed or assigned */
    X_IS_INT = 2,  /* the first operand was an int */
    Y_IS_INT = 4,
    LEFT_OVER = 8, /* its number belongs to a trace that has ended: using it raises an error */
    IS_NEW = 16,   /* made by __new__, and __init__ has not been called yet */
};

typedef struct Node Node;

/* The operands of a node of many: `parents` has n pointers, NULL for a constant, and after them come n numbers. */
typedef struct {
    Py_ssize_t n;
    Py_ssize_t next; /* the next parent for the current walk */
    Node *parents[];
} Operands;

struct Node {
    PyObject_HEAD
    double data;
    double grad;
    double x;  /* the numbers that the operation used */
    double y;
    union {
        Node *a;
        Operands *operands;
    };
    Node *b;
    PyObject *label;
    int64_t made;    /* the count when it was made, or a leaf assigned; below 0 for a result assigned, or left over */
    uint64_t mark;   /* the walk that has seen it */
    uint16_t op;
    uint16_t flags;
};

/* A node of a rule that is not in the table, or a leaf with an origin. */
typedef struct {
    Node node;
    PyObject *object;  /* the rule, or the origin; NULL is None */
    PyObject *adjoint; /* the adjoint of a function with several results, which is not a double; NULL for others */
} OwnNode;

static PyTypeObject *Value_Type, *Given_Type, *Record_Type;
static int64_t count;                   /* counts assignments of numbers to Values, and runs of transforms */
static int64_t assigned;                /* the count at the latest assignment */
static uint64_t walks;                  /* how many; the number of the latest walk marks the nodes that it has seen */

static PyObject *rules[N_OPS];          /* the row of each operation in the table */
static PyObject *contents[N_OPS];       /* the content of that row: see row_contents() */
static uint8_t is_changed[N_OPS];       /* whether it has changed since then; if so, Python evaluates it */
static PyObject *op_of_rule;            /* a dict: the row -> its operation */
static PyObject *python;                /* a dict: functions of the Python engine, by name */
static PyObject *hooks, *traces;        /* the dicts of watch.py, which are usually empty */

#define IS_VALUE(o) PyObject_TypeCheck((o), Value_Type)
#define IS_OWN(v) PyObject_TypeCheck((v), Given_Type)
#define IS_MANY(v) (arities[(v)->op] == MANY)
#define NUMBERS(operands) ((double *)((operands)->parents + (operands)->n))
#define OWN(v) (((OwnNode *)(v))->object)
#define ADJOINT(v) (((OwnNode *)(v))->adjoint)

/* The function of the Python engine with a name: a borrowed reference. */
static PyObject *
of_python(const char *name)
{
    PyObject *key = PyUnicode_FromString(name);
    PyObject *function = key ? PyDict_GetItemWithError(python, key) : NULL;

    Py_XDECREF(key);
    if (function == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_SystemError, "the core has not been told of %s: import autograd_mini.engine", name);
    }
    return function;
}

/* A call of that function. */
static PyObject *
by_python(const char *name, PyObject *const *args, Py_ssize_t n)
{
    PyObject *function = of_python(name);

    return function ? PyObject_Vectorcall(function, args, (size_t)n, NULL) : NULL;
}

#define BY_PYTHON(name, ...)                                                \
    by_python(name, (PyObject *[]){__VA_ARGS__},                            \
              (Py_ssize_t)(sizeof((PyObject *[]){__VA_ARGS__}) / sizeof(PyObject *)))

static inline PyObject *
or_none(void *o)
{
    return Py_NewRef(o ? (PyObject *)o : Py_None);
}

static inline PyObject *
rule_of(Node *v)
{
    return v->op >= OWN_OF_ONE ? OWN(v) : rules[v->op];
}

static inline Node *
initialised(Node *v, int op, double z)
{
    v->data = z;
    v->a = v->b = NULL;
    v->label = NULL;
    v->made = count;
    v->mark = 0;
    v->op = (uint16_t)op;
    v->flags = 0;
    return v;
}

static inline Node *
new_node(int op, double z)
{
    Node *v = (Node *)PyObject_Malloc(sizeof(Node));

    if (v == NULL) {
        return (Node *)PyErr_NoMemory();
    }
    (void)PyObject_Init((PyObject *)v, Value_Type);
    return initialised(v, op, z);
}

/* A node of another type than Value itself. */
static Node *
new_node_of_type(PyTypeObject *type, int op, double z, PyObject *object)
{
    Node *v;

    if (type == Value_Type) {
        return new_node(op, z);
    }
    v = (Node *)type->tp_alloc(type, 0);
    if (v != NULL) {
        (void)initialised(v, op, z);
        if (IS_OWN(v)) {
            OWN(v) = Py_XNewRef(object);
            ADJOINT(v) = NULL;
        }
    }
    return v;
}

static PyObject *seen_by_hooks(Node *v);

/* A new node, after the hooks have seen it: a new reference, which may be to another object. */
static inline PyObject *
finished(Node *v)
{
    return PyDict_GET_SIZE(hooks) == 0 ? (PyObject *)v : seen_by_hooks(v);
}


/* ---- freeing a graph: in a loop, so that a chain of any length needs no stack ---- */

/* Give up the reference to p; if it was the last, put p on the list of the dead, which is linked through `grad`. */
static inline void
give_up(Node *p, Node **dead)
{
    if (p == NULL) {
        return;
    }
    if (Py_REFCNT(p) == 1 && (Py_TYPE(p) == Value_Type || Py_TYPE(p) == Given_Type)) {
        if (Py_TYPE(p) == Given_Type) {
            PyObject_GC_UnTrack(p); /* a destructor that runs first must not find it with gc.get_objects() */
        }
        memcpy(&p->grad, dead, sizeof(*dead));
        *dead = p;
    }
    else {
        Py_DECREF(p);
    }
}

/* First it becomes a leaf: a destructor that runs here must not see a half-dismantled node. */
static void
give_up_parents(Node *v, Node **dead)
{
    const int is_many = IS_MANY(v);
    Operands *operands = is_many ? v->operands : NULL;
    Node *a = is_many ? NULL : v->a, *b = v->b;

    v->op = LEAF;
    v->a = v->b = NULL;
    if (!is_many) {
        give_up(a, dead);
        give_up(b, dead);
        return;
    }
    for (Py_ssize_t i = 0; i < operands->n; i++) {
        give_up(operands->parents[i], dead);
    }
    PyMem_Free(operands);
}

static void
node_dealloc(PyObject *self)
{
    Node *v = (Node *)self, *dead = NULL;

    for (;;) {
        PyTypeObject *type = Py_TYPE(v);

        if (type == Value_Type) {
            give_up_parents(v, &dead);
            Py_XDECREF(v->label);
            PyObject_Free(v);
        }
        else {
            if (PyObject_GC_IsTracked((PyObject *)v)) { /* what Python made of a subclass has untracked it */
                PyObject_GC_UnTrack(v);
            }
            give_up_parents(v, &dead);
            Py_XDECREF(v->label);
            if (IS_OWN(v)) {
                Py_XDECREF(OWN(v));
                Py_XDECREF(ADJOINT(v));
            }
            type->tp_free(v);
        }
        Py_DECREF(type);
        if (dead == NULL) {
            return;
        }
        v = dead;
        memcpy(&dead, &v->grad, sizeof(dead));
        Py_SET_REFCNT(v, 0);
    }
}

static int
given_traverse(PyObject *self, visitproc visit, void *arg)
{
    Node *v = (Node *)self;

    Py_VISIT(Py_TYPE(self));
    Py_VISIT(OWN(self));
    Py_VISIT(ADJOINT(self));
    if (IS_MANY(v)) {
        for (Py_ssize_t i = 0; i < v->operands->n; i++) {
            Py_VISIT(v->operands->parents[i]);
        }
        return 0;
    }
    Py_VISIT(v->a);
    Py_VISIT(v->b);
    return 0;
}

/* Only the rule can close a cycle.  Without it the node is a leaf, which nobody can reach any more. */
static int
given_clear(PyObject *self)
{
    Node *v = (Node *)self, *dead = NULL;

    give_up_parents(v, &dead);
    while (dead != NULL) {
        Node *parent = dead;

        memcpy(&dead, &parent->grad, sizeof(dead));
        Py_DECREF(parent);
    }
    Py_CLEAR(OWN(self));
    Py_CLEAR(ADJOINT(self));
    return 0;
}


/* ---- operands ---- */

/* Whether o is exactly a float, or an int that a double holds: its number.  The Python engine handles the rest. */
static inline int
is_number(PyObject *o, double *x, int *is_int)
{
    int overflow;
    long long n;

    if (PyFloat_CheckExact(o)) {
        *x = PyFloat_AS_DOUBLE(o);
        *is_int = 0;
        return 1;
    }
    if (!PyLong_CheckExact(o)) {
        return 0;
    }
    n = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow || n > (1LL << 53) || n < -(1LL << 53)) {
        return 0;
    }
    *x = (double)n;
    *is_int = 1;
    return 1;
}

/* Only such a node has both: usually the number alone decides. */
static inline int
is_left_over(Node *v)
{
    return isnan(v->data) && v->flags & LEFT_OVER;
}

/* A Value or a number as an operand: 1; an operand for the Python engine: 0. */
static inline int
is_operand(PyObject *o, Node **parent, double *x, int *is_int)
{
    if (IS_VALUE(o)) {
        *parent = (Node *)o;
        *x = ((Node *)o)->data;
        *is_int = 0;
        return !is_left_over((Node *)o);
    }
    *parent = NULL;
    return is_number(o, x, is_int);
}

static int
as_number(PyObject *o, const char *who, double *x)
{
    PyObject *name, *number;

    if (PyFloat_CheckExact(o)) {
        *x = PyFloat_AS_DOUBLE(o);
        return 0;
    }
    name = PyUnicode_FromString(who);
    number = name ? BY_PYTHON("as_number", o, name) : NULL;
    Py_XDECREF(name);
    if (number == NULL) {
        return -1;
    }
    *x = PyFloat_AsDouble(number);
    Py_DECREF(number);
    return 0;
}


/* ---- operations ---- */

/* Whether the result z of x and y may be used as it is.  Where z is infinite and no operand was, Python raises or has
   a value of its own.  Python makes every nan: in C, the compiler chooses the sign of a nan made of two others, and
   copysign shows that sign. */
static inline int
stands(double z, double x, double y)
{
    return isfinite(z) || (!isnan(z) && (!isfinite(x) || !isfinite(y)));
}

static inline double
value_of_one(int op, double x)
{
    switch (op) {
#define ROW(name) case OP_##name: return v_##name(x);
        ROWS_OF_ONE(ROW)
#undef ROW
    }
    Py_UNREACHABLE();
}

static inline double
value_of_two(int op, double x, double y)
{
    switch (op) {
#define ROW(name) case OP_##name: return v_##name(x, y);
        ROWS_OF_TWO(ROW)
#undef ROW
    }
    Py_UNREACHABLE();
}

static inline PyObject *
node_of_one(int op, Node *a)
{
    const double z = value_of_one(op, a->data);
    Node *v;

    if (!stands(z, a->data, 0.0) || is_left_over(a) || is_changed[op]) {
        return BY_PYTHON("apply", rules[op], (PyObject *)a);
    }
    v = new_node(op, z);
    if (v == NULL) {
        return NULL;
    }
    v->x = a->data;
    v->a = (Node *)Py_NewRef(a);
    return finished(v);
}

static inline PyObject *
operate(int op, PyObject *left, PyObject *right, const char *forward, const char *reflected)
{
    Node *a, *b, *v;
    double x, y, z;
    int x_is_int, y_is_int;

    if (is_operand(left, &a, &x, &x_is_int) && is_operand(right, &b, &y, &y_is_int)
        && !(op == OP_truediv && y == 0.0) && !is_changed[op])
    {
        z = value_of_two(op, x, y);
        if (stands(z, x, y)) {
            v = new_node(op, z);
            if (v == NULL) {
                return NULL;
            }
            v->x = x;
            v->y = y;
            v->a = (Node *)Py_XNewRef(a);
            v->b = (Node *)Py_XNewRef(b);
            v->flags = (uint16_t)((x_is_int ? X_IS_INT : 0) | (y_is_int ? Y_IS_INT : 0));
            return finished(v);
        }
    }
    return IS_VALUE(left) ? BY_PYTHON(forward, left, right) : BY_PYTHON(reflected, right, left);
}

#define BINARY(name)                                                        \
    static PyObject *                                                       \
    node_##name(PyObject *left, PyObject *right)                            \
    {                                                                       \
        return operate(OP_##name, left, right, "__" #name "__", "__r" #name "__"); \
    }
BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(truediv)
#undef BINARY

static PyObject *
node_power(PyObject *left, PyObject *right, PyObject *modulus)
{
    int overflow;
    int op = OP_pow;

    if (modulus != Py_None) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    if (PyLong_CheckExact(right) && PyLong_AsLongLongAndOverflow(right, &overflow) > 0) {
        op = OP_powi; /* a whole number of at least 1 */
    }
    return operate(op, left, right, "__pow__", "__rpow__");
}

static PyObject *
node_neg(PyObject *self)
{
    return node_of_one(OP_neg, (Node *)self);
}

static PyObject *
node_pos(PyObject *self)
{
    return node_of_one(OP_pos, (Node *)self);
}

static PyObject *
node_absolute(PyObject *self)
{
    return node_of_one(OP_abs, (Node *)self);
}

/* The methods exp, sin, … for each row of one operand. */
#define ROW(name)                                                           \
    static PyObject *                                                       \
    method_##name(PyObject *self, PyObject *Py_UNUSED(unused))              \
    {                                                                       \
        return node_of_one(OP_##name, (Node *)self);                        \
    }
ROWS_OF_ONE(ROW)
#undef ROW


/* ---- the order of a graph ---- */

typedef struct {
    Node **nodes;
    Py_ssize_t n, room;
    int64_t oldest; /* `made` of the oldest result in it */
} List;

#define EMPTY ((List){NULL, 0, 0, INT64_MAX})

#define NOTHING_OLDER INT64_MIN  /* as `since`: the walk continues for nodes of any age */

static inline int
append(List *list, Node *v)
{
    if (list->n == list->room) {
        const Py_ssize_t room = list->room ? 2 * list->room : 64;
        Node **nodes = PyMem_Resize(list->nodes, Node *, room);

        if (nodes == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        list->nodes = nodes;
        list->room = room;
    }
    list->nodes[list->n++] = v;
    return 0;
}

/* The same, when its parents are in the order. */
static inline int
append_to_order(List *order, Node *v)
{
    if (v->made < order->oldest && (v->op != LEAF || v->made < 0)) {
        order->oldest = v->made;
    }
    return append(order, v);
}

/* Prefetch a node that a loop needs later, because a graph may be larger than the caches. */
static inline void
prefetch(const List *order, Py_ssize_t i)
{
#if defined(__GNUC__) || defined(__clang__)
    if (i >= 0 && i < order->n) {
        __builtin_prefetch((const char *)order->nodes[i], 1);
        __builtin_prefetch((const char *)order->nodes[i] + 64, 1);
    }
#endif
}

#define AHEAD 16

static inline int
is_seen(Node *v)
{
    return v->mark == walks;
}

static inline void
see(Node *v)
{
    v->mark = walks;
    if (IS_MANY(v)) {
        v->operands->next = 0;
    }
}

/* The next parent of v that the walk has not seen, or NULL. */
static inline Node *
next_parent(Node *v, int64_t since)
{
    if (v->made < since) {
        return NULL;
    }
    if (IS_MANY(v)) {
        Operands *operands = v->operands;

        while (operands->next < operands->n) {
            Node *parent = operands->parents[operands->next++];

            if (parent != NULL && !is_seen(parent)) {
                return parent;
            }
        }
        return NULL;
    }
    if (v->a != NULL && !is_seen(v->a)) {
        return v->a;
    }
    if (v->b != NULL && !is_seen(v->b)) {
        return v->b;
    }
    return NULL;
}

/* Append to `order`, depth first, all nodes below `root` that were not seen yet. */
static int
walk(Node *root, int64_t since, List *order, List *path)
{
    Node *v = root, *parent;

    if (is_seen(root)) {
        return 0;
    }
    see(v);
    if (append(path, v) < 0) {
        return -1;
    }
    while (path->n > 0) {
        v = path->nodes[path->n - 1];
        parent = next_parent(v, since);
        if (parent == NULL) {
            path->n--;
            if (append_to_order(order, v) < 0) {
                return -1;
            }
            continue;
        }
        see(parent);
        if ((parent->op == LEAF ? append_to_order(order, parent) : append(path, parent)) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The topological order of all nodes below the roots, without those below the stops, which come first. */
static int
order_of(PyObject *const *roots, Py_ssize_t n_roots, PyObject *const *stops, Py_ssize_t n_stops, int64_t since,
         List *order)
{
    List path = EMPTY;
    int failed = 0;

    walks++;
    for (Py_ssize_t i = 0; i < n_stops && !failed; i++) {
        if (!is_seen((Node *)stops[i])) {
            ((Node *)stops[i])->mark = walks;
            failed = append(order, (Node *)stops[i]);
        }
    }
    for (Py_ssize_t i = 0; i < n_roots && !failed; i++) {
        failed = walk((Node *)roots[i], since, order, &path);
    }
    PyMem_Free(path.nodes);
    return failed;
}

/* A tuple of Values, from any iterable: a new reference. */
static PyObject *
values_of(PyObject *iterable)
{
    PyObject *values = PySequence_Tuple(iterable);

    for (Py_ssize_t i = 0; values != NULL && i < PyTuple_GET_SIZE(values); i++) {
        if (!IS_VALUE(PyTuple_GET_ITEM(values, i))) {
            PyErr_Format(PyExc_TypeError, "expected a Value, got %R", PyTuple_GET_ITEM(values, i));
            Py_CLEAR(values);
        }
    }
    return values;
}

#define ITEMS(tuple) (((PyTupleObject *)(tuple))->ob_item)

static PyObject *
order_below(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"roots", "stops", "since", NULL};
    PyObject *roots, *stops = NULL, *result = NULL;
    long long since = 0;
    List order = EMPTY;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OL:order_below", names, &roots, &stops, &since)) {
        return NULL;
    }
    roots = values_of(roots);
    stops = roots == NULL ? NULL : stops == NULL ? PyTuple_New(0) : values_of(stops);
    if (stops != NULL
        && order_of(ITEMS(roots), PyTuple_GET_SIZE(roots), ITEMS(stops), PyTuple_GET_SIZE(stops),
                    since ? since : NOTHING_OLDER, &order) == 0)
    {
        result = PyList_New(order.n);
        for (Py_ssize_t i = 0; result != NULL && i < order.n; i++) {
            PyList_SET_ITEM(result, i, Py_NewRef(order.nodes[i]));
        }
    }
    PyMem_Free(order.nodes);
    Py_XDECREF(roots);
    Py_XDECREF(stops);
    return result;
}


/* ---- traces: the nodes of a run are recorded, and read once into arrays ---- */

/* The nodes that the current run has made, and where: the code and the instruction of the innermost caller outside. */
typedef struct {
    PyObject_HEAD
    List made; /* holds its nodes */
    PyObject **codes;
    int *instructions;
    Py_ssize_t room;    /* the size of both */
    PyObject *is_ours;  /* a dict of paths of files */
    PyObject *variable; /* the context variable of a task's blocks */
    PyObject *blocks;   /* while this is the value of the variable, there is no other hook */
    PyObject *holder;   /* a weak reference to an object that exists while the run lasts */
} Record;

static Record *recording; /* the latest that was started */

static int
record_append(Record *record, Node *v, PyObject *code, int instruction)
{
    if (record->made.n == record->room) {
        const Py_ssize_t room = record->room ? 2 * record->room : 64;
        PyObject **codes = PyMem_Resize(record->codes, PyObject *, room);
        int *instructions = codes ? PyMem_Resize(record->instructions, int, room) : NULL;

        record->codes = codes ? codes : record->codes;
        record->instructions = instructions ? instructions : record->instructions;
        if (instructions == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        record->room = room;
    }
    if (append(&record->made, v) < 0) {
        return -1;
    }
    Py_INCREF(v);
    record->codes[record->made.n - 1] = Py_NewRef(code);
    record->instructions[record->made.n - 1] = instruction;
    return 0;
}

/* Record a new node, with the line that makes it. */
static int
take_down(Record *record, Node *v)
{
    PyFrameObject *frame = PyEval_GetFrame();
    PyObject *code = NULL, *latest = record->made.n ? record->codes[record->made.n - 1] : NULL;
    int failed;

    Py_XINCREF(frame);
    while (frame != NULL) {
        PyFrameObject *back;
        PyObject *ours;
        int is_ours;

        Py_XSETREF(code, (PyObject *)PyFrame_GetCode(frame));
        if (code == latest) {
            break;
        }
        ours = PyObject_GetItem(record->is_ours, ((PyCodeObject *)code)->co_filename);
        is_ours = ours ? PyObject_IsTrue(ours) : -1;
        Py_XDECREF(ours);
        if (is_ours < 0) {
            Py_DECREF(code);
            Py_DECREF(frame);
            return -1;
        }
        back = is_ours ? PyFrame_GetBack(frame) : NULL;
        if (back == NULL) {
            break;
        }
        Py_SETREF(frame, back);
    }
    failed = record_append(record, v, code ? code : Py_None, frame ? PyFrame_GetLasti(frame) : 0);
    Py_XDECREF(code);
    Py_XDECREF(frame);
    return failed;
}

/* Whether the object of a weak reference still exists. */
static int
is_alive(PyObject *reference)
{
#if PY_VERSION_HEX < 0x030D0000
    return PyWeakref_GetObject(reference) != Py_None;
#else
    PyObject *object;
    const int found = PyWeakref_GetRef(reference, &object);

    Py_XDECREF(object);
    return found == 1;
#endif
}

/* Whether the hooks of this task are one record, and no other. */
static int
is_recorded(void)
{
    PyObject *blocks;

    if (recording == NULL || recording->holder == NULL || !is_alive(recording->holder)
        || PyContextVar_Get(recording->variable, NULL, &blocks) < 0)
    {
        PyErr_Clear();
        return 0;
    }
    Py_XDECREF(blocks);
    return blocks != NULL && blocks == recording->blocks;
}

/* A new node, after the hooks have seen it: a new reference, which may be to another object. */
static PyObject *
seen_by_hooks(Node *v)
{
    PyObject *seen;

    if (is_recorded()) {
        if (take_down(recording, v) < 0) {
            Py_CLEAR(v);
        }
        return (PyObject *)v;
    }
    seen = BY_PYTHON("made", (PyObject *)v);
    Py_DECREF(v);
    return seen;
}

static PyObject *
record_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    PyObject *is_ours;
    Record *record;

    if (!PyArg_ParseTuple(args, "O:Record", &is_ours)) {
        return NULL;
    }
    record = (Record *)type->tp_alloc(type, 0);
    if (record != NULL) {
        record->is_ours = Py_NewRef(is_ours);
    }
    return (PyObject *)record;
}

static void
record_drop(Record *record)
{
    const Py_ssize_t i = --record->made.n;
    Node *v = record->made.nodes[i];
    PyObject *code = record->codes[i];

    Py_DECREF(v);
    Py_DECREF(code);
}

static void
record_dealloc(PyObject *self)
{
    Record *record = (Record *)self;
    PyTypeObject *type = Py_TYPE(self);

    while (record->made.n > 0) {
        record_drop(record);
    }
    PyMem_Free(record->made.nodes);
    PyMem_Free(record->codes);
    PyMem_Free(record->instructions);
    Py_XDECREF(record->is_ours);
    Py_XDECREF(record->variable);
    Py_XDECREF(record->blocks);
    Py_XDECREF(record->holder);
    type->tp_free(self);
    Py_DECREF(type);
}

/* begin(variable, blocks, holder): take down by itself what is made while the variable says these blocks, and the
   holder lives. */
static PyObject *
record_begin(PyObject *self, PyObject *args)
{
    Record *record = (Record *)self;
    PyObject *variable, *blocks, *holder;

    if (!PyArg_ParseTuple(args, "OOO:begin", &variable, &blocks, &holder)) {
        return NULL;
    }
    Py_XSETREF(record->variable, Py_NewRef(variable));
    Py_XSETREF(record->blocks, Py_NewRef(blocks));
    Py_XSETREF(record->holder, PyWeakref_CheckRef(holder) ? Py_NewRef(holder) : NULL);
    Py_XSETREF(recording, (Record *)Py_NewRef(self));
    Py_RETURN_NONE;
}

/* add(node, code, instruction) */
static PyObject *
record_add(PyObject *self, PyObject *args)
{
    PyObject *v, *code;
    int instruction;

    if (!PyArg_ParseTuple(args, "O!Oi:add", Value_Type, &v, &code, &instruction)
        || record_append((Record *)self, (Node *)v, code, instruction) < 0)
    {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* since(first): the nodes from that on. */
static PyObject *
record_since(PyObject *self, PyObject *first)
{
    const Record *record = (Record *)self;
    const Py_ssize_t from = PyLong_AsSsize_t(first), n = record->made.n;
    PyObject *list = PyErr_Occurred() ? NULL : PyList_New(from < n ? n - from : 0);

    for (Py_ssize_t i = from; list != NULL && i < n; i++) {
        PyList_SET_ITEM(list, i - from, Py_NewRef(record->made.nodes[i]));
    }
    return list;
}

/* held(): drop nodes, the latest first, down to one that somebody else holds: that node, its code and instruction. */
static PyObject *
record_held(PyObject *self, PyObject *Py_UNUSED(unused))
{
    Record *record = (Record *)self;

    while (record->made.n > 0) {
        const Py_ssize_t i = record->made.n - 1;

        if (Py_REFCNT(record->made.nodes[i]) > 1) {
            return Py_BuildValue("OOi", record->made.nodes[i], record->codes[i], record->instructions[i]);
        }
        record_drop(record);
    }
    Py_CLEAR(record->blocks); /* they refer to the run that has this record */
    if (recording == record) {
        recording = NULL;
        Py_DECREF(self);
    }
    Py_RETURN_NONE;
}

/* pop(): drop the latest node. */
static PyObject *
record_pop(PyObject *self, PyObject *Py_UNUSED(unused))
{
    if (((Record *)self)->made.n > 0) {
        record_drop((Record *)self);
    }
    Py_RETURN_NONE;
}

/* others(rules): the nodes of other rules than these. */
static PyObject *
record_others(PyObject *self, PyObject *known)
{
    const List *made = &((Record *)self)->made;
    int8_t is_known[N_OPS]; /* 0: not asked yet */
    PyObject *list = PyList_New(0);

    memset(is_known, 0, sizeof(is_known));
    for (Py_ssize_t i = 0; list != NULL && i < made->n; i++) {
        Node *v = made->nodes[i];
        int found = is_known[v->op];

        if (v->op == LEAF) {
            continue;
        }
        if (!found) {
            const int answer = PySequence_Contains(known, rule_of(v));

            found = answer < 0 ? 0 : 1 + answer;
            if (v->op < OWN_OF_ONE) {
                is_known[v->op] = (int8_t)found;
            }
        }
        if (!found || (found == 1 && PyList_Append(list, (PyObject *)v) < 0)) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static Py_ssize_t
record_length(PyObject *self)
{
    return ((Record *)self)->made.n;
}

/* Reading: each operation once, in the order in which they were made.

   An operand is a leaf, a constant, or an operation: while reading the numbers are from 0 on, from CONSTANTS on, from
   OPERATIONS on; at the end these three follow each other without gaps. */

#define CONSTANTS ((int64_t)1 << 40)
#define OPERATIONS ((int64_t)1 << 41)

typedef struct {
    int64_t *at;
    Py_ssize_t n, room;
} Integers;

typedef struct {
    int64_t *slots; /* places in the list, plus 1; 0 for an empty slot */
    Py_ssize_t size;
} Table;

typedef struct {
    uint64_t base;                             /* marks from here on belong to nodes with a place */
    Integers place;                            /* the places of leaves and nodes, by their marks */
    Integers code, first, operands, constants; /* constants as bits */
    Table known, numbers;
    Py_ssize_t expected; /* operations at most */
    int64_t code_of[N_OPS];
    PyObject *rules;     /* a list: the rows of the codes */
    PyObject *constant;  /* a list of other leaves, with the numbers that were used */
    int is_foreign;      /* an operand was made before, or by another thread */
} Reading;

static int
push(Integers *list, int64_t x)
{
    if (list->n == list->room) {
        const Py_ssize_t room = list->room ? 2 * list->room : 64;
        int64_t *at = PyMem_Resize(list->at, int64_t, room);

        if (at == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        list->at = at;
        list->room = room;
    }
    list->at[list->n++] = x;
    return 0;
}

static inline uint64_t
mixed(uint64_t h, int64_t x)
{
    h = (h ^ (uint64_t)x) * 0x9E3779B97F4A7C15u;
    return h ^ (h >> 29);
}

static uint64_t
hash_of(const Reading *r, int64_t i)
{
    uint64_t h = mixed(7, r->code.at[i]);

    for (int64_t k = r->first.at[i]; k < r->first.at[i + 1]; k++) {
        h = mixed(h, r->operands.at[k]);
    }
    return h;
}

static int
are_same(const Reading *r, int64_t i, int64_t j)
{
    const int64_t a = r->first.at[i], b = r->first.at[j], n = r->first.at[i + 1] - a;

    return r->code.at[i] == r->code.at[j] && r->first.at[j + 1] - b == n
           && memcmp(r->operands.at + a, r->operands.at + b, (size_t)n * sizeof(int64_t)) == 0;
}

/* The slot of a table with the entry that equals the last one of its list, or the free slot for it. */
static int64_t *
looked_up(Reading *r, Table *table, Py_ssize_t n, int is_number)
{
    uint64_t h;

    if (2 * n >= table->size) {
        Py_ssize_t size = table->size ? 4 * table->size : 64;
        int64_t *slots;

        while (!is_number && size < 2 * r->expected) {
            size *= 2;
        }
        slots = PyMem_Calloc((size_t)size, sizeof(int64_t));
        if (slots == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        for (Py_ssize_t i = 0; i < table->size; i++) {
            if (table->slots[i]) {
                const int64_t k = table->slots[i] - 1;

                h = is_number ? mixed(7, r->constants.at[k]) : hash_of(r, k);
                while (slots[h & (uint64_t)(size - 1)]) {
                    h++;
                }
                slots[h & (uint64_t)(size - 1)] = k + 1;
            }
        }
        PyMem_Free(table->slots);
        table->slots = slots;
        table->size = size;
    }
    h = is_number ? mixed(7, r->constants.at[n - 1]) : hash_of(r, n - 1);
    for (;; h++) {
        int64_t *slot = &table->slots[h & (uint64_t)(table->size - 1)];

        if (!*slot
            || (is_number ? r->constants.at[*slot - 1] == r->constants.at[n - 1] : are_same(r, *slot - 1, n - 1)))
        {
            return slot;
        }
    }
}

/* The constant for a number. */
static int64_t
constant_of(Reading *r, double x)
{
    int64_t bits, *slot;

    memcpy(&bits, &x, sizeof(bits));
    slot = push(&r->constants, bits) < 0 ? NULL : looked_up(r, &r->numbers, r->constants.n, 1);
    if (slot == NULL) {
        return -1;
    }
    if (*slot) {
        r->constants.n--;
    }
    else {
        *slot = r->constants.n;
    }
    return CONSTANTS + *slot - 1;
}

/* Give a Value a place, by its mark. */
static int
put_place(Reading *r, Node *v, int64_t place)
{
    v->mark = r->base + (uint64_t)r->place.n;
    return push(&r->place, place);
}

/* Whether a place has another number than x, because another leaf was assigned between two uses. */
static int
is_outdated(const Reading *r, int64_t place, double x)
{
    return place >= CONSTANTS && place < OPERATIONS && memcmp(&r->constants.at[place - CONSTANTS], &x, sizeof(x)) != 0;
}

/* The place for an operand whose number x was used; below 0 after an error, or if it is foreign. */
static int64_t
reference(Reading *r, Node *v, double x)
{
    PyObject *pair;
    int64_t place;
    int failed;

    if (v == NULL) {
        return constant_of(r, x);
    }
    if (v->mark >= r->base && v->mark - r->base < (uint64_t)r->place.n) {
        place = r->place.at[v->mark - r->base];
        if (v->op != LEAF || !is_outdated(r, place, x)) {
            return place;
        }
    }
    if (v->op != LEAF || is_left_over(v)) {
        r->is_foreign = 1;
        return -1;
    }
    place = constant_of(r, x);
    pair = place < 0 ? NULL : Py_BuildValue("Od", v, x);
    failed = pair ? PyList_Append(r->constant, pair) : -1;
    Py_XDECREF(pair);
    return failed || put_place(r, v, place) < 0 ? -1 : place;
}

/* The code of the row of a node. */
static int64_t
code_of(Reading *r, Node *v)
{
    PyObject *rule = rule_of(v);
    int64_t n = PyList_GET_SIZE(r->rules), code = v->op < OWN_OF_ONE ? r->code_of[v->op] - 1 : 0;

    if (v->op >= OWN_OF_ONE) {
        while (code < n && PyList_GET_ITEM(r->rules, code) != rule) {
            code++;
        }
    }
    if (code < 0 || code == n) {
        if (PyList_Append(r->rules, rule) < 0) {
            return -1;
        }
        code = n;
        r->code_of[v->op] = n + 1;
    }
    return code;
}

/* Add one operation: its place, or below 0. */
static int64_t
take(Reading *r, Node *v)
{
    const int is_many = IS_MANY(v);
    const Py_ssize_t n = is_many ? v->operands->n : arities[v->op], begin = r->operands.n;
    int64_t code, *slot;
    int is_constant = 1;

    for (Py_ssize_t i = 0; i < n; i++) {
        const double x = is_many ? NUMBERS(v->operands)[i] : i ? v->y : v->x;
        const int64_t place = reference(r, is_many ? v->operands->parents[i] : i ? v->b : v->a, x);

        if (place < 0 || push(&r->operands, place) < 0) {
            return -1;
        }
        is_constant &= place >= CONSTANTS && place < OPERATIONS;
    }
    if (is_constant || v->op == OP_pos) {
        r->operands.n = begin;
        return is_constant ? constant_of(r, v->data) : r->operands.at[begin];
    }
    code = code_of(r, v);
    if (code < 0 || push(&r->code, code) < 0 || push(&r->first, r->operands.n) < 0) {
        return -1;
    }
    slot = looked_up(r, &r->known, r->code.n, 0);
    if (slot == NULL) {
        return -1;
    }
    if (*slot) {
        r->code.n--;
        r->first.n--;
        r->operands.n = begin;
    }
    else {
        *slot = r->code.n;
    }
    return OPERATIONS + *slot - 1;
}

/* Leave out unneeded operations, and let leaves, constants and operations follow each other. */
static int
close_up(Reading *r, int64_t leaves, Integers *asked)
{
    const Py_ssize_t n = r->code.n;
    int64_t *constants = PyMem_Calloc((size_t)r->constants.n + 1, sizeof(int64_t));
    int64_t *places = PyMem_Calloc((size_t)n + 1, sizeof(int64_t));
    int64_t n_constants = 0, kept = 0, end = 0;

    if (constants == NULL || places == NULL) {
        PyMem_Free(constants);
        PyMem_Free(places);
        PyErr_NoMemory();
        return -1;
    }
#define NEED(x)                                                             \
    do {                                                                    \
        if ((x) >= OPERATIONS) {                                            \
            places[(x) - OPERATIONS] = 1;                                   \
        }                                                                   \
        else if ((x) >= CONSTANTS) {                                        \
            constants[(x) - CONSTANTS] = 1;                                 \
        }                                                                   \
    } while (0)
#define PLACED(x)                                                                                      \
    ((x) >= OPERATIONS ? places[(x) - OPERATIONS] : (x) >= CONSTANTS ? constants[(x) - CONSTANTS] : (x))
    for (Py_ssize_t k = 0; k < asked->n; k++) {
        NEED(asked->at[k]);
    }
    for (Py_ssize_t i = n - 1; i >= 0; i--) {
        for (int64_t k = r->first.at[i]; places[i] && k < r->first.at[i + 1]; k++) {
            NEED(r->operands.at[k]);
        }
    }
    for (Py_ssize_t i = 0; i < r->constants.n; i++) {
        if (constants[i]) {
            r->constants.at[n_constants] = r->constants.at[i];
            constants[i] = leaves + n_constants++;
        }
    }
    for (Py_ssize_t i = 0, from = 0; i < n; i++) {
        const int64_t to = r->first.at[i + 1];

        if (places[i]) {
            places[i] = leaves + n_constants + kept;
            r->code.at[kept++] = r->code.at[i];
            for (int64_t k = from; k < to; k++) {
                r->operands.at[end++] = PLACED(r->operands.at[k]);
            }
            r->first.at[kept] = end;
        }
        from = to;
    }
    for (Py_ssize_t k = 0; k < asked->n; k++) {
        asked->at[k] = PLACED(asked->at[k]);
    }
    r->constants.n = n_constants;
    r->code.n = kept;
    r->first.n = kept + 1;
    r->operands.n = end;
    PyMem_Free(constants);
    PyMem_Free(places);
    return 0;
}

/* Read the nodes after the leaves, and find the requested ones: 0 on success. */
static int
read_all(Reading *r, PyObject *leaves, List *made, PyObject *asked, Integers *found)
{
    r->base = walks + 1;
    r->expected = made->n;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(leaves); i++) {
        if (put_place(r, (Node *)PyTuple_GET_ITEM(leaves, i), i) < 0) {
            return -1;
        }
    }
    if (push(&r->first, 0) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < made->n; i++) {
        Node *v = made->nodes[i];
        int64_t place;

        prefetch(made, i + AHEAD);
        place = v->op == LEAF ? constant_of(r, v->data) : take(r, v);
        if (place < 0 || put_place(r, v, place) < 0) {
            return -1;
        }
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(asked); i++) {
        Node *v = (Node *)PyTuple_GET_ITEM(asked, i);
        const int64_t place = reference(r, v, v->data);

        if (place < 0 || push(found, place) < 0) {
            return -1;
        }
    }
    return close_up(r, PyTuple_GET_SIZE(leaves), found);
}

static PyObject *
as_bytes(const Integers *list)
{
    return PyBytes_FromStringAndSize((const char *)list->at, list->n * (Py_ssize_t)sizeof(int64_t));
}

/* read(leaves, asked): the requested nodes as arrays; None if some were made before, or by another thread.

   These are the rows of the codes; the codes of the operations, where the operands of each begin, and the operands; the
   constants; the places of what is asked for; and the leaves beside whose numbers are constants. */
static PyObject *
record_read(PyObject *self, PyObject *args)
{
    PyObject *leaves, *asked, *result = NULL;
    Integers found = {NULL, 0, 0};
    Reading r;

    if (!PyArg_ParseTuple(args, "OO:read", &leaves, &asked)) {
        return NULL;
    }
    memset(&r, 0, sizeof(r));
    leaves = values_of(leaves);
    asked = leaves ? values_of(asked) : NULL;
    r.rules = asked ? PyList_New(0) : NULL;
    r.constant = r.rules ? PyList_New(0) : NULL;
    if (r.constant != NULL && read_all(&r, leaves, &((Record *)self)->made, asked, &found) == 0) {
        result = Py_BuildValue("ONNNNNO", r.rules, as_bytes(&r.code), as_bytes(&r.first), as_bytes(&r.operands),
                               as_bytes(&r.constants), as_bytes(&found), r.constant);
    }
    else if (r.is_foreign && !PyErr_Occurred()) {
        result = Py_NewRef(Py_None);
    }
    walks += (uint64_t)r.place.n + 1; /* no later walk has these marks */
    Integers *const lists[] = {&r.place, &r.code, &r.first, &r.operands, &r.constants, &found};
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        PyMem_Free(lists[i]->at);
    }
    PyMem_Free(r.known.slots);
    PyMem_Free(r.numbers.slots);
    Py_XDECREF(r.rules);
    Py_XDECREF(r.constant);
    Py_XDECREF(leaves);
    Py_XDECREF(asked);
    return result;
}

static PyMethodDef record_methods[] = {
    {"add", record_add, METH_VARARGS, PyDoc_STR("Take down a node, and what made it.")},
    {"begin", record_begin, METH_VARARGS, PyDoc_STR("Take down by itself what the task makes.")},
    {"held", record_held, METH_NOARGS, PyDoc_STR("Let go of nodes, up to one that somebody else holds.")},
    {"others", record_others, METH_O, PyDoc_STR("The nodes of other rules than these.")},
    {"pop", record_pop, METH_NOARGS, PyDoc_STR("Let go of the latest node.")},
    {"read", record_read, METH_VARARGS, PyDoc_STR("What is asked for as arrays.")},
    {"since", record_since, METH_O, PyDoc_STR("The nodes from one on.")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot record_slots[] = {
    {Py_tp_new, record_new},
    {Py_tp_dealloc, record_dealloc},
    {Py_tp_methods, record_methods},
    {Py_sq_length, record_length},
    {0, NULL},
};

static PyType_Spec record_spec = {
    .name = "autograd_mini._core.Record",
    .basicsize = sizeof(Record),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = record_slots,
};

/* merge(code, first, operands, place): write for each operation the number of the first equal one. */
static PyObject *
merge(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given[4];
    Py_buffer views[4];
    Reading r;
    int taken = 0, failed = 0;

    if (!PyArg_ParseTuple(args, "OOOO:merge", &given[0], &given[1], &given[2], &given[3])) {
        return NULL;
    }
    for (; taken < 4 && !failed; taken += !failed) {
        failed = PyObject_GetBuffer(given[taken], &views[taken], taken == 3 ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0;
    }
    memset(&r, 0, sizeof(r));
    if (!failed) {
        const Py_ssize_t size = (Py_ssize_t)sizeof(int64_t), n = views[0].len / size, slots = views[3].len / size;
        const int64_t *code = views[0].buf, *first = views[1].buf, *operands = views[2].buf;
        int64_t *place = views[3].buf, *numbers = PyMem_Calloc((size_t)n + 1, sizeof(int64_t));
        int is_whole = slots >= n && views[1].len == (n + 1) * size && first[0] == 0
                       && first[n] * size == views[2].len;

        failed = numbers == NULL || push(&r.first, 0) < 0;
        for (Py_ssize_t i = 0; i < n && is_whole && !failed; i++) {
            int64_t *slot;

            is_whole = first[i] <= first[i + 1] && first[i + 1] <= first[n];
            for (int64_t k = first[i]; is_whole && !failed && k < first[i + 1]; k++) {
                is_whole = operands[k] >= 0 && operands[k] < slots - n + i;
                failed = is_whole && push(&r.operands, place[operands[k]]) < 0;
            }
            failed = failed || push(&r.code, code[i]) < 0 || push(&r.first, r.operands.n) < 0;
            slot = failed ? NULL : looked_up(&r, &r.known, r.code.n, 0);
            if (slot == NULL) {
                failed = 1;
                break;
            }
            if (*slot) {
                r.code.n--;
                r.operands.n = r.first.at[--r.first.n - 1];
            }
            else {
                *slot = r.code.n;
                numbers[*slot - 1] = slots - n + i;
            }
            place[slots - n + i] = numbers[*slot - 1];
        }
        if (!is_whole && !failed) {
            PyErr_SetString(PyExc_ValueError, "these are not the arrays of one graph");
            failed = 1;
        }
        else if (failed && !PyErr_Occurred()) {
            PyErr_NoMemory();
        }
        PyMem_Free(numbers);
    }
    PyMem_Free(r.code.at);
    PyMem_Free(r.first.at);
    PyMem_Free(r.operands.at);
    PyMem_Free(r.known.slots);
    while (taken > 0) {
        PyBuffer_Release(&views[--taken]);
    }
    if (failed) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* The buffers of a graph's operations: where the operands of each begin, the operands, which of them count. */
typedef struct {
    Py_buffer views[5];
    int n;
} Buffers;

static void
release(Buffers *buffers)
{
    while (buffers->n > 0) {
        PyBuffer_Release(&buffers->views[--buffers->n]);
    }
}

/* mark(first, operands, counts, within, flags, back): flag what depends on what is flagged, or what that needs.

   A flag is a byte for each leaf, constant and operation, of which the operations come last; an operand counts, and an
   operation passes it on, where the byte of it is set. */
static PyObject *
mark_flags(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given[5];
    Buffers buffers;
    int back;

    buffers.n = 0;
    if (!PyArg_ParseTuple(args, "OOOOOp:mark", &given[0], &given[1], &given[2], &given[3], &given[4], &back)) {
        return NULL;
    }
    for (int i = 0; i < 5; i++, buffers.n++) {
        if (PyObject_GetBuffer(given[i], &buffers.views[i], i == 4 ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0) {
            release(&buffers);
            return NULL;
        }
    }
    const int64_t *first = buffers.views[0].buf, *operands = buffers.views[1].buf;
    const uint8_t *counts = buffers.views[2].buf, *within = buffers.views[3].buf;
    uint8_t *flags = buffers.views[4].buf;
    const int64_t n = buffers.views[0].len / (Py_ssize_t)sizeof(int64_t) - 1, base = buffers.views[4].len - n;
    int is_whole = n >= 0 && base >= 0 && buffers.views[3].len == n
                   && first[n] == buffers.views[1].len / (Py_ssize_t)sizeof(int64_t)
                   && first[n] == buffers.views[2].len;

    for (int64_t k = 0; is_whole && k < first[n]; k++) {
        is_whole = operands[k] >= 0 && operands[k] < base + n;
    }
    for (int64_t i = 0; is_whole && i < n; i++) {
        is_whole = first[i] >= 0 && first[i] <= first[i + 1];
    }
    for (int64_t j = 0; is_whole && j < n; j++) {
        const int64_t i = back ? n - 1 - j : j;

        if (!within[i] || (back && !flags[base + i])) {
            continue;
        }
        for (int64_t k = first[i]; k < first[i + 1]; k++) {
            if (counts[k]) {
                if (back) {
                    flags[operands[k]] = 1;
                }
                else {
                    flags[base + i] |= flags[operands[k]];
                }
            }
        }
    }
    release(&buffers);
    if (!is_whole) {
        PyErr_SetString(PyExc_ValueError, "these are not the arrays of one graph");
        return NULL;
    }
    Py_RETURN_NONE;
}


/* ---- graphs that can't be swept ---- */

/* Raise if a node is newer than one that was made of it, or if a result was assigned. */
static int
is_fresh(Node *v)
{
    if (v->made < 0) {
        return 0;
    }
    if (IS_MANY(v)) {
        for (Py_ssize_t i = 0; i < v->operands->n; i++) {
            Node *parent = v->operands->parents[i];

            if (parent != NULL && parent->made > v->made) {
                return 0;
            }
        }
        return 1;
    }
    return (v->a == NULL || v->a->made <= v->made) && (v->b == NULL || v->b->made <= v->made);
}

/* The Python engine says what is stale. */
static int
require_fresh_nodes(Node *const *nodes, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        if (!is_fresh(nodes[i])) {
            PyObject *order = PyTuple_New(n);
            PyObject *result;

            for (Py_ssize_t k = 0; order != NULL && k < n; k++) {
                PyTuple_SET_ITEM(order, k, Py_NewRef(nodes[k]));
            }
            result = order ? BY_PYTHON("raise_stale", order) : NULL;
            Py_XDECREF(order);
            Py_XDECREF(result);
            return -1;
        }
    }
    return 0;
}

static PyObject *
require_fresh(PyObject *Py_UNUSED(module), PyObject *iterable)
{
    PyObject *order = values_of(iterable);

    if (order == NULL) {
        return NULL;
    }
    const int failed = require_fresh_nodes((Node **)ITEMS(order), PyTuple_GET_SIZE(order));

    Py_DECREF(order);
    if (failed) {
        return NULL;
    }
    Py_RETURN_NONE;
}


/* ---- the sweep ---- */

/* The gradient of a leaf before the sweep, which is restored after an error. */
typedef struct {
    double grad;
    uint16_t flags;
} Kept;

/* A sweep under way.  Another can begin only while this one is in Python: in a row, or the handler of a signal.
   It is on the heap, not on the C stack, which a greenlet moves and a daemon thread loses when the interpreter ends. */
typedef struct Sweep {
    List order;
    Kept *kept;
    unsigned long thread;
    struct Sweep *next;
} Sweep;

static Sweep *sweeps;

/* No node of the order, which the latest walk has marked, may be in another sweep. */
static int
require_free(void)
{
    for (Sweep *other = sweeps; other != NULL; other = other->next) {
        for (Py_ssize_t i = 0; i < other->order.n; i++) {
            if (other->order.nodes[i]->mark == walks) {
                Py_XDECREF(BY_PYTHON("raise_busy", (PyObject *)other->order.nodes[i]));
                return -1;
            }
        }
    }
    return 0;
}

/* Whether the node's function may have several results, so that its adjoint may not be a double. */
static inline int
is_of_function(Node *v)
{
    return v->op == OWN_OF_MANY;
}

/* Add an adjoint that is not a double; Python adds these. */
static int
receive_object(Node *parent, PyObject *c)
{
    PyObject *sum = ADJOINT(parent) ? PyNumber_Add(ADJOINT(parent), c) : Py_NewRef(c);

    if (sum == NULL) {
        return -1;
    }
    Py_XSETREF(ADJOINT(parent), sum);
    return 0;
}

/* Add the next contribution to the parent; a constant, NULL, has none. */
static int
receive(Node *parent, PyObject *contributions, Py_ssize_t *next)
{
    PyObject *c;
    double number;

    if (parent == NULL) {
        return 0;
    }
    c = PySequence_GetItem(contributions, (*next)++);
    if (c != NULL && !PyFloat_Check(c) && is_of_function(parent)) {
        const int failed = receive_object(parent, c);

        Py_DECREF(c);
        return failed;
    }
    number = c ? PyFloat_AsDouble(c) : -1.0;
    Py_XDECREF(c);
    if (number == -1.0 && PyErr_Occurred()) {
        return -1;
    }
    parent->grad += number;
    return 0;
}

/* Add the contributions from the Python engine's pullback: for a row that is not in C, or for a hook that sees them. */
static int
contribute_by_python(Node *v)
{
    PyObject *adjoint = is_of_function(v) && ADJOINT(v) ? Py_NewRef(ADJOINT(v)) : PyFloat_FromDouble(v->grad);
    PyObject *cs = adjoint ? BY_PYTHON("pull_back", (PyObject *)v, adjoint) : NULL;
    int failed = cs == NULL;
    Py_ssize_t next = 0;

    Py_XDECREF(adjoint);
    if (!failed && IS_MANY(v)) {
        for (Py_ssize_t i = 0; i < v->operands->n && !failed; i++) {
            failed = receive(v->operands->parents[i], cs, &next);
        }
    }
    else if (!failed) {
        failed = receive(v->a, cs, &next) < 0 || receive(v->b, cs, &next) < 0;
    }
    Py_XDECREF(cs);
    return failed ? -1 : 0;
}

/* Whether an error is one that floats raise, so that the slope is computed again in IEEE arithmetic. */
static int
is_refused_by_floats(void)
{
    return PyErr_ExceptionMatches(PyExc_ArithmeticError) || PyErr_ExceptionMatches(PyExc_ValueError);
}

/* The slopes of a rule that is not in the table, of any number of operands: many(FLOATS, z, x, ...). */
static PyObject *
slopes_of_many(Node *v)
{
    PyObject *floats = of_python("FLOATS");
    PyObject *many = floats ? PyObject_GetAttrString(OWN(v), "many") : NULL;
    PyObject *args = many ? PyTuple_New(v->operands->n + 2) : NULL;
    PyObject *slopes = NULL, *sequence;

    for (Py_ssize_t i = 0; args != NULL && i < v->operands->n + 2; i++) {
        const double number = i < 2 ? v->data : NUMBERS(v->operands)[i - 2];
        PyObject *item = i == 0 ? Py_NewRef(floats) : PyFloat_FromDouble(number);

        if (item == NULL) {
            Py_CLEAR(args);
            break;
        }
        PyTuple_SET_ITEM(args, i, item);
    }
    if (args != NULL) {
        slopes = PyObject_Call(many, args, NULL);
    }
    Py_XDECREF(args);
    Py_XDECREF(many);
    sequence = slopes ? PySequence_Fast(slopes, "slopes are a sequence") : NULL;
    Py_XDECREF(slopes);
    return sequence;
}

/* The contribution to a parent: the product of the adjoint, which may not be a double, and the slope. */
static int
receive_product(Node *parent, double g, PyObject *adjoint, PyObject *slope)
{
    PyObject *left, *product;
    int failed;
    Py_ssize_t first = 0;

    if (adjoint == NULL && PyFloat_CheckExact(slope)) {
        parent->grad += g * PyFloat_AS_DOUBLE(slope);
        return 0;
    }
    left = adjoint ? Py_NewRef(adjoint) : PyFloat_FromDouble(g);
    product = left ? PyNumber_Multiply(left, slope) : NULL;
    Py_XDECREF(left);
    if (product == NULL) {
        return -1;
    }
    slope = PyTuple_Pack(1, product);
    Py_DECREF(product);
    failed = slope == NULL || receive(parent, slope, &first) < 0;
    Py_XDECREF(slope);
    return failed ? -1 : 0;
}

/* A node of such a rule.  If a slope, or the pullback of a function, raises, nothing was added yet. */
static int
contribute_many(Node *v)
{
    PyObject *slopes = slopes_of_many(v), *adjoint;
    int failed = slopes == NULL;

    if (!failed && PySequence_Fast_GET_SIZE(slopes) != v->operands->n) {
        PyErr_Format(PyExc_ValueError, "%zd slopes for %zd operands", PySequence_Fast_GET_SIZE(slopes),
                     v->operands->n);
        Py_DECREF(slopes);
        return -1;
    }
    adjoint = Py_XNewRef(ADJOINT(v));
    for (Py_ssize_t i = 0; !failed && i < v->operands->n; i++) {
        Node *parent = v->operands->parents[i];

        failed = parent != NULL && receive_product(parent, v->grad, adjoint, PySequence_Fast_GET_ITEM(slopes, i)) < 0;
    }
    Py_XDECREF(adjoint);
    Py_XDECREF(slopes);
    if (failed && is_refused_by_floats()) {
        PyErr_Clear();
        return contribute_by_python(v);
    }
    return failed ? -1 : 0;
}

static inline void
contribute_all(Node *v, double c)
{
    for (Py_ssize_t i = 0; i < v->operands->n; i++) {
        if (v->operands->parents[i] != NULL) {
            v->operands->parents[i]->grad += c;
        }
    }
}

/* w₁ … wₙ, x₁ … xₙ, and perhaps the start. */
static inline void
contribute_dot(Node *v)
{
    const Py_ssize_t n = v->operands->n / 2;
    Node **parents = v->operands->parents;
    const double *numbers = NUMBERS(v->operands);
    const double g = v->grad;

    for (Py_ssize_t i = 0; i < n; i++) {
        if (parents[i] != NULL) {
            parents[i]->grad += g * numbers[n + i];
        }
    }
    for (Py_ssize_t i = n; i < 2 * n; i++) {
        if (parents[i] != NULL) {
            parents[i]->grad += g * numbers[i - n];
        }
    }
    if (v->operands->n % 2 && parents[2 * n] != NULL) {
        parents[2 * n]->grad += g * 1.0;
    }
}

/* The local chain rule: add the node's contribution to each parent. */
static inline int
contribute(Node *v)
{
    const double g = v->grad;
    Node *const a = v->a, *const b = v->b;

    if (is_changed[v->op]) {
        return contribute_by_python(v);
    }
    switch (v->op) {
    case LEAF:
        return 0;
#define ROW(name)                                                           \
    case OP_##name:                                                         \
        a->grad += g * d_##name##_0(v->data, v->x);                         \
        return 0;
        ROWS_OF_ONE(ROW)
#undef ROW
#define ROW(name)                                                           \
    case OP_##name: {                                                       \
        const double c = b ? g * d_##name##_1(v->data, v->x, v->y) : 0.0;   \
        if (a) {                                                            \
            a->grad += g * d_##name##_0(v->data, v->x, v->y);               \
        }                                                                   \
        if (b) {                                                            \
            b->grad += c;                                                   \
        }                                                                   \
        return 0;                                                           \
    }
        ROWS_OF_TWO(ROW)
#undef ROW
    case OP_sum:
        contribute_all(v, g * 1.0);
        return 0;
    case OP_mean:
        contribute_all(v, g * (1.0 / (double)v->operands->n));
        return 0;
    case OP_dot:
        contribute_dot(v);
        return 0;
    case OWN_OF_MANY:
        return contribute_many(v);
    default:
        return contribute_by_python(v);
    }
}

#define NODES_BETWEEN_SIGNALS 65536

static int
sweep_over(List *order)
{
    const int by_definition = PyDict_GET_SIZE(hooks) > 0;

    for (Py_ssize_t i = order->n - 1; i >= 0; i--) {
        Node *v = order->nodes[i];

        prefetch(order, i - AHEAD);
        if (by_definition ? contribute_by_python(v) : contribute(v)) {
            return -1;
        }
        if (i % NODES_BETWEEN_SIGNALS == 0 && PyErr_CheckSignals() < 0) {
            return -1;
        }
    }
    return 0;
}

static inline void
forget_grad(Node *v)
{
    v->flags &= (uint16_t)~HAS_GRAD;
    if (is_of_function(v)) {
        Py_CLEAR(ADJOINT(v));
    }
}

static void
put_back(List *order, const Kept *kept)
{
    for (Py_ssize_t i = 0, k = 0; i < order->n; i++) {
        Node *v = order->nodes[i];

        forget_grad(v);
        if (v->op == LEAF) {
            v->grad = kept[k].grad;
            v->flags |= kept[k].flags & HAS_GRAD;
            k++;
        }
    }
}

/* Keep the gradients of leaves, which add up, and begin all others at 0. */
static void
begin_grads(List *order, Kept *kept)
{
    for (Py_ssize_t i = 0, k = 0; i < order->n; i++) {
        Node *v = order->nodes[i];

        prefetch(order, i + AHEAD);
        if (v->op == LEAF) {
            kept[k++] = (Kept){v->grad, v->flags};
        }
        else if (is_of_function(v)) {
            Py_CLEAR(ADJOINT(v));
        }
        if (v->op != LEAF || !(v->flags & HAS_GRAD)) {
            v->grad = 0.0;
            v->flags |= HAS_GRAD;
        }
    }
}

static void
end_sweep(Sweep *sweep)
{
    Sweep **link = &sweeps;

    while (*link != NULL && *link != sweep) { /* not always the first: threads take turns in Python */
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = sweep->next;
    }
}

static int
sweep_from(PyObject *roots, const double *seeds, Sweep *sweep)
{
    List *order = &sweep->order;
    int failed;

    if (order_of(ITEMS(roots), PyTuple_GET_SIZE(roots), NULL, 0, NOTHING_OLDER, order) < 0
        || (order->oldest < assigned && require_fresh_nodes(order->nodes, order->n) < 0) || require_free() < 0)
    {
        return -1;
    }
    sweep->kept = PyMem_New(Kept, order->n); /* room for as many leaves as there could be */
    if (sweep->kept == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    begin_grads(order, sweep->kept);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(roots); i++) {
        ((Node *)PyTuple_GET_ITEM(roots, i))->grad += seeds[i];
    }
    sweep->thread = PyThread_get_thread_ident();
    sweep->next = sweeps;
    sweeps = sweep;
    failed = sweep_over(order);
    end_sweep(sweep);
    if (failed) {
        put_back(order, sweep->kept);
    }
    return failed;
}

/* after_fork(): other threads do not exist in the child, so their sweeps are undone. */
static PyObject *
after_fork(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
    for (Sweep *sweep = sweeps, *next; sweep != NULL; sweep = next) {
        next = sweep->next;
        if (sweep->thread != PyThread_get_thread_ident()) {
            put_back(&sweep->order, sweep->kept);
            end_sweep(sweep);
        }
    }
    Py_RETURN_NONE;
}

/* The seeds as doubles, in memory that the caller frees; NULL after an error. */
static double *
doubles_of(PyObject *seeds)
{
    const Py_ssize_t n = PyTuple_GET_SIZE(seeds);
    double *numbers = PyMem_New(double, n);

    if (numbers == NULL) {
        return (double *)PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        if (as_number(PyTuple_GET_ITEM(seeds, i), "backward()", numbers + i) < 0) {
            PyMem_Free(numbers);
            return NULL;
        }
    }
    return numbers;
}

static int
sweep_with(PyObject *roots, const double *seeds)
{
    Sweep *sweep = PyMem_New(Sweep, 1);
    int failed;

    if (sweep == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    *sweep = (Sweep){EMPTY, NULL, 0, NULL};
    failed = sweep_from(roots, seeds, sweep);
    PyMem_Free(sweep->order.nodes);
    PyMem_Free(sweep->kept);
    PyMem_Free(sweep);
    return failed;
}

static PyObject *
backward_from(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args)
{
    PyObject *roots, *seeds;
    double *numbers = NULL;
    int failed = -1;

    if (n_args != 2) {
        PyErr_SetString(PyExc_TypeError, "backward_from takes roots and seeds");
        return NULL;
    }
    roots = values_of(args[0]);
    seeds = roots ? PySequence_Tuple(args[1]) : NULL;
    if (seeds != NULL && PyTuple_GET_SIZE(seeds) != PyTuple_GET_SIZE(roots)) {
        PyErr_SetString(PyExc_ValueError, "backward_from takes a seed for each root");
    }
    else if (seeds != NULL && (numbers = doubles_of(seeds)) != NULL) {
        failed = sweep_with(roots, numbers);
    }
    PyMem_Free(numbers);
    Py_XDECREF(seeds);
    Py_XDECREF(roots);
    if (failed) {
        return NULL;
    }
    Py_RETURN_NONE;
}


/* ---- adjoints of a graph alone: also within the sweep of another graph that shares the sources ---- */

/* The gradients of the sources, as they were before. */
static void
begin_sources(Node *const *sources, Py_ssize_t n, Kept *kept)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        kept[i] = (Kept){sources[i]->grad, sources[i]->flags};
        sources[i]->grad = 0.0;
        sources[i]->flags |= HAS_GRAD;
    }
}

/* The adjoints of the sources, as a list.  Their gradients are restored. */
static PyObject *
end_sources(Node *const *sources, Py_ssize_t n, const Kept *kept)
{
    PyObject *found = PyList_New(n);

    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *number = found ? PyFloat_FromDouble(sources[i]->grad) : NULL;

        if (number == NULL) {
            Py_CLEAR(found);
        }
        else {
            PyList_SET_ITEM(found, i, number);
        }
        sources[i]->grad = kept[i].grad;
        sources[i]->flags = (uint16_t)((sources[i]->flags & ~HAS_GRAD) | (kept[i].flags & HAS_GRAD));
    }
    return found;
}

/* The sweep down to the sources, which come first in the order; everything else is restored when it ends. */
static PyObject *
sweep_down_to(List *order, Py_ssize_t n, PyObject *roots, const double *seeds, Sweep *sweep)
{
    Node **const sources = order->nodes;
    Kept *kept;
    PyObject *found;
    int failed;

    for (Py_ssize_t i = 0; i < n; i++) {
        sources[i]->mark = 0; /* another sweep may have them */
    }
    if (require_free() < 0) {
        return NULL;
    }
    kept = PyMem_New(Kept, order->n);
    if (kept == NULL) {
        return PyErr_NoMemory();
    }
    *sweep = (Sweep){{order->nodes + n, order->n - n, 0, 0}, kept + n, PyThread_get_thread_ident(), sweeps};
    begin_sources(sources, n, kept);
    begin_grads(&sweep->order, sweep->kept);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(roots); i++) {
        ((Node *)PyTuple_GET_ITEM(roots, i))->grad += seeds[i];
    }
    sweeps = sweep;
    failed = sweep_over(&sweep->order);
    end_sweep(sweep);
    put_back(&sweep->order, sweep->kept);
    found = end_sources(sources, n, kept);
    PyMem_Free(kept);
    if (failed) {
        Py_CLEAR(found);
    }
    return found;
}

static PyObject *
adjoints_between(PyObject *roots, const double *seeds, PyObject *sources)
{
    const Py_ssize_t n = PyTuple_GET_SIZE(sources);
    Sweep *sweep = PyMem_New(Sweep, 1);
    List order = EMPTY;
    PyObject *found = NULL;

    if (sweep == NULL) {
        return PyErr_NoMemory();
    }
    if (order_of(ITEMS(roots), PyTuple_GET_SIZE(roots), ITEMS(sources), n, NOTHING_OLDER, &order) == 0) {
        found = sweep_down_to(&order, n, roots, seeds, sweep);
    }
    PyMem_Free(order.nodes);
    PyMem_Free(sweep);
    return found;
}

/* adjoints_of(roots, seeds, sources): the adjoint of each source; no source may occur twice. */
static PyObject *
adjoints_of(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args)
{
    PyObject *roots, *seeds = NULL, *sources = NULL, *found = NULL;
    double *numbers;

    if (n_args != 3) {
        PyErr_SetString(PyExc_TypeError, "adjoints_of takes roots, seeds and sources");
        return NULL;
    }
    roots = values_of(args[0]);
    seeds = roots ? PySequence_Tuple(args[1]) : NULL;
    sources = seeds ? values_of(args[2]) : NULL;
    if (sources != NULL && PyTuple_GET_SIZE(seeds) != PyTuple_GET_SIZE(roots)) {
        PyErr_SetString(PyExc_ValueError, "adjoints_of takes a seed for each root");
    }
    else if (sources != NULL && (numbers = doubles_of(seeds)) != NULL) {
        found = adjoints_between(roots, numbers, sources);
        PyMem_Free(numbers);
    }
    Py_XDECREF(sources);
    Py_XDECREF(seeds);
    Py_XDECREF(roots);
    return found;
}


/* ---- operations of many operands ---- */

static Operands *
new_operands(Py_ssize_t n)
{
    Operands *operands = PyMem_Malloc(sizeof(Operands) + (size_t)n * (sizeof(Node *) + sizeof(double)));

    if (operands == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    operands->n = n;
    memset(operands->parents, 0, (size_t)n * sizeof(Node *));
    return operands;
}

static void
free_operands(Operands *operands)
{
    for (Py_ssize_t i = 0; i < operands->n; i++) {
        Py_XDECREF(operands->parents[i]);
    }
    PyMem_Free(operands);
}

/* Fill in the operands: 1; if one of them is for the Python engine: 0. */
static int
take_operands(Operands *operands, PyObject *const *xs)
{
    double *numbers = NUMBERS(operands);
    int is_int;

    for (Py_ssize_t i = 0; i < operands->n; i++) {
        if (!is_operand(xs[i], &operands->parents[i], numbers + i, &is_int)) {
            operands->parents[i] = NULL;
            return 0;
        }
        Py_XINCREF(operands->parents[i]);
    }
    return 1;
}

static int
has_parent(Operands *operands)
{
    for (Py_ssize_t i = 0; i < operands->n; i++) {
        if (operands->parents[i] != NULL) {
            return 1;
        }
    }
    return 0;
}

/* The value, from the function of the row: 1.  If it raises: 0, without a set error for an error of floats. */
static int
value_by_row(PyObject *rule, Operands *operands, double *z)
{
    PyObject *function = PyObject_GetAttrString(rule, "f");
    PyObject *args = function ? PyTuple_New(operands->n) : NULL;
    PyObject *result = NULL;

    for (Py_ssize_t i = 0; args != NULL && i < operands->n; i++) {
        PyObject *number = PyFloat_FromDouble(NUMBERS(operands)[i]);

        if (number == NULL) {
            Py_CLEAR(args);
            break;
        }
        PyTuple_SET_ITEM(args, i, number);
    }
    if (args != NULL) {
        result = PyObject_Call(function, args, NULL);
    }
    Py_XDECREF(args);
    Py_XDECREF(function);
    if (result == NULL) {
        if (PyErr_ExceptionMatches(PyExc_ArithmeticError) || PyErr_ExceptionMatches(PyExc_ValueError)) {
            PyErr_Clear(); /* the Python engine raises it again, with a note; anything else, such as Ctrl-C, goes on */
        }
        return 0;
    }
    *z = PyFloat_AsDouble(result);
    Py_DECREF(result);
    return !(*z == -1.0 && PyErr_Occurred());
}

static int
value_of_many(int op, Operands *operands, double *z)
{
#if PY_VERSION_HEX < 0x030C0000 /* since 3.12 sum() compensates, and sumprod() is exact: those are called */
    const double *numbers = NUMBERS(operands);
    const Py_ssize_t n = operands->n;

    *z = NAN;
    if (op == OP_dot) {
        *z = n % 2 ? numbers[n - 1] : 0.0;
        for (Py_ssize_t i = 0; i < n / 2; i++) {
            *z += numbers[i] * numbers[n / 2 + i];
        }
    }
    else if (op == OP_sum || op == OP_mean) {
        *z = 0.0;
        for (Py_ssize_t i = 0; i < n; i++) {
            *z += numbers[i];
        }
        if (op == OP_mean) {
            *z /= (double)n;
        }
    }
    if (!isnan(*z) && !is_changed[op]) {
        return 1;
    }
#endif
    return value_by_row(rules[op], operands, z);
}

/* The node of the operands, which it takes over; NULL without an error if the Python engine must make it. */
static PyObject *
node_of_many(int op, Operands *operands)
{
    double z;
    Node *v;

    if (!has_parent(operands) || !value_of_many(op, operands, &z)) {
        free_operands(operands);
        return NULL;
    }
    v = new_node(op, z);
    if (v == NULL) {
        free_operands(operands);
        return NULL;
    }
    v->operands = operands;
    return finished(v);
}

/* apply(rule, *operands): the operation of any operands. */
static PyObject *
apply(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t n_args)
{
    PyObject *code = n_args > 0 ? PyDict_GetItemWithError(op_of_rule, args[0]) : NULL;
    PyObject *v = NULL;

    if (code != NULL) {
        const int op = (int)PyLong_AsLong(code);

        if (arities[op] == 1 && n_args == 2 && IS_VALUE(args[1])) {
            return node_of_one(op, (Node *)args[1]);
        }
        if (arities[op] == MANY) {
            Operands *operands = new_operands(n_args - 1);

            if (operands == NULL) {
                return NULL;
            }
            if (take_operands(operands, args + 1)) {
                v = node_of_many(op, operands);
            }
            else {
                free_operands(operands);
            }
        }
    }
    if (v != NULL || PyErr_Occurred()) {
        return v;
    }
    return by_python("apply", args, n_args);
}

static int
set_operand(Node *v, Py_ssize_t i, PyObject *parent, PyObject *number)
{
    const double x = PyFloat_AsDouble(number);

    if (x == -1.0 && PyErr_Occurred()) {
        return -1;
    }
    if (parent != Py_None && !IS_VALUE(parent)) {
        PyErr_Format(PyExc_TypeError, "a parent is a Value or None, not %R", parent);
        return -1;
    }
    parent = parent == Py_None ? NULL : Py_NewRef(parent);
    if (IS_MANY(v)) {
        v->operands->parents[i] = (Node *)parent;
        NUMBERS(v->operands)[i] = x;
    }
    else if (i == 0) {
        v->a = (Node *)parent;
        v->x = x;
        v->flags |= PyLong_Check(number) ? X_IS_INT : 0;
    }
    else {
        v->b = (Node *)parent;
        v->y = x;
        v->flags |= PyLong_Check(number) ? Y_IS_INT : 0;
    }
    return 0;
}

static int
is_type_of_nodes(PyObject *kind)
{
    return PyType_Check(kind) && PyType_IsSubtype((PyTypeObject *)kind, Given_Type);
}

/* The operation of a rule, and the type of its nodes; -1 after an error. */
static int
op_of(PyObject *rule, PyTypeObject **type)
{
    PyObject *code = PyDict_GetItemWithError(op_of_rule, rule);
    PyObject *many, *dy, *kind;
    int op = -1;

    if (code != NULL) {
        *type = Value_Type;
        return (int)PyLong_AsLong(code);
    }
    if (PyErr_Occurred()) {
        return -1;
    }
    many = PyObject_GetAttrString(rule, "many");
    dy = PyObject_GetAttrString(rule, "dy");
    kind = PyObject_GetAttrString(rule, "kind");
    if (many != NULL && dy != NULL && kind != NULL) {
        op = many != Py_None ? OWN_OF_MANY : dy != Py_None ? OWN_OF_TWO : OWN_OF_ONE;
        *type = is_type_of_nodes(kind) ? (PyTypeObject *)kind : Given_Type;
    }
    Py_XDECREF(many);
    Py_XDECREF(dy);
    Py_XDECREF(kind);
    return op;
}

/* The operands of a node of many, from the tuples of its parents and of their numbers. */
static int
set_operands(Node *v, int op, PyObject *many)
{
    PyObject *parents, *numbers;

    if (!PyArg_ParseTuple(many, "O!O!", &PyTuple_Type, &parents, &PyTuple_Type, &numbers)) {
        return -1;
    }
    if (PyTuple_GET_SIZE(parents) != PyTuple_GET_SIZE(numbers)) {
        PyErr_SetString(PyExc_ValueError, "a node has a number for each parent");
        return -1;
    }
    v->operands = new_operands(PyTuple_GET_SIZE(parents));
    if (v->operands == NULL) {
        return -1;
    }
    v->op = (uint16_t)op;
    for (Py_ssize_t i = 0; i < v->operands->n; i++) {
        if (set_operand(v, i, PyTuple_GET_ITEM(parents, i), PyTuple_GET_ITEM(numbers, i)) < 0) {
            return -1;
        }
    }
    return 0;
}

/* node(rule, z, a, x, b, y, many): a node that the Python engine has computed. */
static PyObject *
node(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"rule", "z", "a", "x", "b", "y", "many", "kind", NULL};
    PyObject *rule, *a, *x, *b = Py_None, *y = Py_None, *many = Py_None, *kind; /* the rule has it */
    PyTypeObject *type;
    double z;
    int op, failed;
    Node *v;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OdOO|OOOO:node", names, &rule, &z, &a, &x, &b, &y, &many, &kind)) {
        return NULL;
    }
    op = op_of(rule, &type);
    v = op < 0 ? NULL : new_node_of_type(type, LEAF, z, rule);
    if (v == NULL) {
        return NULL;
    }
    if (arities[op] == MANY) {
        failed = set_operands(v, op, many);
    }
    else {
        v->op = (uint16_t)op;
        failed = set_operand(v, 0, a, x) < 0 || (arities[op] == 2 && set_operand(v, 1, b, y) < 0);
    }
    if (failed) {
        Py_DECREF(v);
        return NULL;
    }
    return finished(v);
}


/* ---- attributes ---- */

/* Tell a trace which plain numbers are read from a Value; it may raise. */
static int
tell_trace(Node *v, const char *what)
{
    PyObject *name, *told;

    if (PyDict_GET_SIZE(traces) == 0) {
        return 0;
    }
    name = PyUnicode_FromString(what);
    told = name ? BY_PYTHON("read", (PyObject *)v, name) : NULL;
    Py_XDECREF(name);
    Py_XDECREF(told);
    return told == NULL ? -1 : 0;
}

/* The error for using it. */
static int
require_number(Node *v)
{
    PyObject *number;

    if (!is_left_over(v)) {
        return 0;
    }
    number = BY_PYTHON("number_of", (PyObject *)v);
    Py_XDECREF(number);
    return number == NULL ? -1 : 0;
}

/* spoil(v, why): remove the number of a Value that has outlived its trace. */
static PyObject *
spoil(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *why;
    Node *v;

    if (!PyArg_ParseTuple(args, "O!U:spoil", Value_Type, &v, &why)) {
        return NULL;
    }
    Py_XSETREF(v->label, Py_NewRef(why));
    v->data = NAN;
    v->flags = (uint16_t)((v->flags & ~HAS_GRAD) | LEFT_OVER);
    v->made = -1;
    Py_RETURN_NONE;
}

static PyObject *
get_data(Node *v, void *Py_UNUSED(closure))
{
    return tell_trace(v, ".data") < 0 || require_number(v) < 0 ? NULL : PyFloat_FromDouble(v->data);
}

/* The same error as from a Python property. */
static int
cannot_delete(Node *v, const char *name)
{
    PyErr_Format(PyExc_AttributeError, "property '%s' of '%s' object has no deleter", name, Py_TYPE(v)->tp_name);
    return -1;
}

static int
set_data(Node *v, PyObject *value, void *Py_UNUSED(closure))
{
    double number;

    if (value == NULL) {
        return cannot_delete(v, "data");
    }
    if (require_number(v) < 0 || as_number(value, "Value.data", &number) < 0) {
        return -1;
    }
    v->data = number;
    assigned = ++count;
    v->made = v->op == LEAF ? count : -count;
    return 0;
}

static PyObject *
get_grad(Node *v, void *Py_UNUSED(closure))
{
    if (tell_trace(v, ".grad") < 0 || require_number(v) < 0) {
        return NULL;
    }
    if (is_of_function(v) && ADJOINT(v)) {
        return Py_NewRef(ADJOINT(v));
    }
    return PyFloat_FromDouble(v->flags & HAS_GRAD ? v->grad : 0.0);
}

/* Whether a value is the adjoint of a function with several results, which can be added but is not a number. */
static int
is_covector(PyObject *value)
{
    PyObject *kind = PyFloat_Check(value) ? NULL : of_python("Covector");

    if (kind == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    return PyObject_IsInstance(value, kind);
}

static int
set_grad(Node *v, PyObject *value, void *Py_UNUSED(closure))
{
    double number;

    if (value == NULL) {
        return cannot_delete(v, "grad");
    }
    if (require_number(v) < 0) {
        return -1;
    }
    if (is_of_function(v)) {
        const int is_object = is_covector(value);

        Py_CLEAR(ADJOINT(v));
        if (is_object) {
            v->flags |= HAS_GRAD;
            return is_object < 0 ? -1 : receive_object(v, value);
        }
    }
    if (as_number(value, "Value.grad", &number) < 0) {
        return -1;
    }
    v->grad = number;
    v->flags |= HAS_GRAD;
    return 0;
}

static PyObject *
get_label(Node *v, void *Py_UNUSED(closure))
{
    return v->label ? Py_NewRef(v->label) : PyUnicode_FromString("");
}

static int
set_label(Node *v, PyObject *value, void *Py_UNUSED(closure))
{
    PyObject *text;

    if (value == NULL) {
        return cannot_delete(v, "label");
    }
    text = BY_PYTHON("as_label", (PyObject *)v, value);
    if (text == NULL) {
        return -1;
    }
    Py_XSETREF(v->label, text);
    return 0;
}

static PyObject *
as_operand(double x, int is_int)
{
    return is_int ? PyLong_FromDouble(x) : PyFloat_FromDouble(x);
}

/* The attributes that reading.py reads, under the names of the Python engine's slots. */

static PyObject *
get_raw_data(Node *v, void *Py_UNUSED(closure))
{
    return is_left_over(v) ? BY_PYTHON("LeftOver", v->label) : PyFloat_FromDouble(v->data);
}

/* A temporary number, which is not an assignment. */
static int
set_raw_data(Node *v, PyObject *value, void *Py_UNUSED(closure))
{
    return value == NULL ? cannot_delete(v, "data") : as_number(value, "Value.data", &v->data);
}

static PyObject *
get_raw_grad(Node *v, void *closure)
{
    if (is_left_over(v)) {
        return get_raw_data(v, closure);
    }
    if (is_of_function(v) && ADJOINT(v)) {
        return Py_NewRef(ADJOINT(v));
    }
    return v->flags & HAS_GRAD ? PyFloat_FromDouble(v->grad) : or_none(NULL);
}

static int
set_raw_grad(Node *v, PyObject *value, void *closure)
{
    if (value == Py_None) {
        forget_grad(v);
        return 0;
    }
    return set_grad(v, value, closure);
}

static PyObject *
get_rule(Node *v, void *Py_UNUSED(closure))
{
    return or_none(v->op == LEAF ? NULL : rule_of(v));
}

static PyObject *
get_a(Node *v, void *Py_UNUSED(closure))
{
    return or_none(IS_MANY(v) ? NULL : (PyObject *)v->a);
}

static PyObject *
get_b(Node *v, void *Py_UNUSED(closure))
{
    return or_none(IS_MANY(v) ? NULL : (PyObject *)v->b);
}

static PyObject *
get_x(Node *v, void *Py_UNUSED(closure))
{
    const int arity = arities[v->op];

    return arity == 1 || arity == 2 ? as_operand(v->x, v->flags & X_IS_INT) : or_none(NULL);
}

static PyObject *
get_y(Node *v, void *Py_UNUSED(closure))
{
    return arities[v->op] == 2 ? as_operand(v->y, v->flags & Y_IS_INT) : or_none(NULL);
}

/* The parents and the numbers of a node of many operands. */
static PyObject *
get_many(Node *v, void *Py_UNUSED(closure))
{
    PyObject *parents, *numbers;

    if (!IS_MANY(v)) {
        Py_RETURN_NONE;
    }
    parents = PyTuple_New(v->operands->n);
    numbers = PyTuple_New(v->operands->n);
    for (Py_ssize_t i = 0; parents != NULL && numbers != NULL && i < v->operands->n; i++) {
        PyObject *number = PyFloat_FromDouble(NUMBERS(v->operands)[i]);

        if (number == NULL) {
            Py_CLEAR(numbers);
            break;
        }
        PyTuple_SET_ITEM(numbers, i, number);
        PyTuple_SET_ITEM(parents, i, or_none(v->operands->parents[i]));
    }
    if (parents == NULL || numbers == NULL) {
        Py_XDECREF(parents);
        Py_XDECREF(numbers);
        return NULL;
    }
    return Py_BuildValue("(NN)", parents, numbers);
}

static PyObject *
get_parents(Node *v, void *Py_UNUSED(closure))
{
    Node *two[] = {v->a, v->b};
    Node **parents = IS_MANY(v) ? v->operands->parents : two;
    const Py_ssize_t operands = IS_MANY(v) ? v->operands->n : arities[v->op];
    Py_ssize_t n = 0;
    PyObject *tuple;

    for (Py_ssize_t i = 0; i < operands; i++) {
        n += parents[i] != NULL;
    }
    tuple = PyTuple_New(n);
    for (Py_ssize_t i = 0, place = 0; tuple != NULL && i < operands; i++) {
        if (parents[i] != NULL) {
            PyTuple_SET_ITEM(tuple, place++, Py_NewRef((PyObject *)parents[i]));
        }
    }
    return tuple;
}

static PyObject *
get_made(Node *v, void *Py_UNUSED(closure))
{
    return PyLong_FromLongLong(v->made);
}

static PyObject *
get_origin(Node *v, void *Py_UNUSED(closure))
{
    return or_none(IS_OWN(v) && v->op == LEAF ? OWN(v) : NULL);
}

static int
set_origin(Node *v, PyObject *value, void *Py_UNUSED(closure))
{
    if (!IS_OWN(v) || v->op != LEAF) {
        PyErr_SetString(PyExc_AttributeError, "only a leaf that was given has an origin");
        return -1;
    }
    Py_XSETREF(OWN(v), Py_XNewRef(value));
    return 0;
}

#define READ_ONLY(name, get) {name, (getter)(get), NULL, NULL, NULL}

static PyGetSetDef attributes[] = {
    {"data", (getter)get_data, (setter)set_data,
     PyDoc_STR("The number.  Assigning another makes every graph built on this one stale."), NULL},
    {"grad", (getter)get_grad, (setter)set_grad,
     PyDoc_STR("The gradient from the latest `backward()`.  Leaves add up: `x.grad = 0.0` begins anew."), NULL},
    {"label", (getter)get_label, (setter)set_label, PyDoc_STR("The name to show."), NULL},
    {"parents", (getter)get_parents, NULL,
     PyDoc_STR("The Values it was made of, in the order of the operands; x * x has x twice."), NULL},
    {"_data", (getter)get_raw_data, (setter)set_raw_data, NULL, NULL},
    {"_grad", (getter)get_raw_grad, (setter)set_raw_grad, NULL, NULL},
    {"_origin", (getter)get_origin, (setter)set_origin, NULL, NULL},
    READ_ONLY("_rule", get_rule),
    READ_ONLY("_a", get_a),
    READ_ONLY("_b", get_b),
    READ_ONLY("_x", get_x),
    READ_ONLY("_y", get_y),
    READ_ONLY("_many", get_many),
    READ_ONLY("_made", get_made),
    {NULL, NULL, NULL, NULL, NULL},
};


/* ---- making leaves ---- */

/* __new__: for anything but exactly one float, the Value of the Python engine checks the arguments. */
static PyObject *
node_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *definition, *leaf, *number, *label;
    Node *v;

    if (PyTuple_GET_SIZE(args) == 1 && kwargs == NULL && PyFloat_CheckExact(PyTuple_GET_ITEM(args, 0))) {
        v = new_node_of_type(type, LEAF, PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(args, 0)), NULL);
    }
    else {
        definition = of_python("Value");
        leaf = definition ? PyObject_Call(definition, args, kwargs) : NULL;
        number = leaf ? PyObject_GetAttrString(leaf, "_data") : NULL;
        label = number ? PyObject_GetAttrString(leaf, "label") : NULL;
        v = label ? new_node_of_type(type, LEAF, PyFloat_AsDouble(number), NULL) : NULL;
        if (v != NULL && PyUnicode_GET_LENGTH(label) > 0) {
            v->label = Py_NewRef(label);
        }
        Py_XDECREF(label);
        Py_XDECREF(number);
        Py_XDECREF(leaf);
    }
    if (v != NULL) {
        v->flags |= IS_NEW;
    }
    return (PyObject *)v;
}

/* __init__ right after __new__ has nothing left to do; at any other time it raises. */
static int
node_init(PyObject *self, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    Node *v = (Node *)self;

    if (!(v->flags & IS_NEW)) {
        Py_XDECREF(BY_PYTHON("made_again", self));
        return -1;
    }
    v->flags &= (uint16_t)~IS_NEW;
    return 0;
}

/* Value(data, *, label=""), in one step. */
static PyObject *
node_vectorcall(PyObject *type, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    const Py_ssize_t n = PyVectorcall_NARGS(nargsf);
    PyObject *positional, *named = NULL, *v = NULL;

    if (n == 1 && kwnames == NULL && PyFloat_CheckExact(args[0])) {
        return (PyObject *)new_node_of_type((PyTypeObject *)type, LEAF, PyFloat_AS_DOUBLE(args[0]), NULL);
    }
    positional = PyTuple_New(n);
    for (Py_ssize_t i = 0; positional != NULL && i < n; i++) {
        PyTuple_SET_ITEM(positional, i, Py_NewRef(args[i]));
    }
    if (positional != NULL && kwnames != NULL) {
        named = PyDict_New();
        for (Py_ssize_t i = 0; named != NULL && i < PyTuple_GET_SIZE(kwnames); i++) {
            if (PyDict_SetItem(named, PyTuple_GET_ITEM(kwnames, i), args[n + i]) < 0) {
                Py_CLEAR(named);
            }
        }
    }
    if (positional != NULL && !(kwnames != NULL && named == NULL)) {
        v = node_new((PyTypeObject *)type, positional, named);
    }
    if (v != NULL) {
        ((Node *)v)->flags &= (uint16_t)~IS_NEW;
    }
    Py_XDECREF(positional);
    Py_XDECREF(named);
    return v;
}


/* __sizeof__(): with the operands of a node of many. */
static PyObject *
node_sizeof(PyObject *self, PyObject *Py_UNUSED(unused))
{
    Node *v = (Node *)self;
    Py_ssize_t size = Py_TYPE(self)->tp_basicsize;

    if (IS_MANY(v)) {
        size += (Py_ssize_t)sizeof(Operands) + v->operands->n * (Py_ssize_t)(sizeof(Node *) + sizeof(double));
    }
    return PyLong_FromSsize_t(size);
}


/* ---- truth and order ---- */

/* By identity, although == compares numbers. */
static Py_hash_t
node_hash(PyObject *self)
{
    return PyBaseObject_Type.tp_hash(self);
}

static int
node_bool(PyObject *self)
{
    PyObject *truth;
    int is_true;

    if (PyDict_GET_SIZE(traces) == 0 && !is_left_over((Node *)self)) {
        return ((Node *)self)->data != 0.0;
    }
    truth = BY_PYTHON("__bool__", self);
    is_true = truth ? PyObject_IsTrue(truth) : -1;
    Py_XDECREF(truth);
    return is_true;
}

static PyObject *
node_richcompare(PyObject *self, PyObject *other, int op)
{
    static const char *const names[] = {"__lt__", "__le__", "__eq__", "__ne__", "__gt__", "__ge__"};
    Node *unused;
    double x = ((Node *)self)->data, y;
    int is_int;

    if (PyDict_GET_SIZE(traces) > 0 || is_left_over((Node *)self) || !is_operand(other, &unused, &y, &is_int)) {
        return BY_PYTHON(names[op], self, other);
    }
    Py_RETURN_RICHCOMPARE(x, y, op);
}


/* ---- the module ---- */

/* advance(): a new count, higher than any before. */
static PyObject *
advance(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
    return PyLong_FromLongLong(++count);
}

/* latest_assignment(): the count at the latest assignment. */
static PyObject *
latest_assignment(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
    return PyLong_FromLongLong(assigned);
}

/* The value and the partials of a row, as a tuple. */
static PyObject *
row_contents(PyObject *rule)
{
    static const char *const names[] = {"f", "dx", "dy", "many"};
    PyObject *tuple = PyTuple_New(4);

    for (Py_ssize_t i = 0; tuple != NULL && i < 4; i++) {
        PyObject *entry = PyObject_GetAttrString(rule, names[i]);

        if (entry == NULL) {
            Py_CLEAR(tuple);
            break;
        }
        PyTuple_SET_ITEM(tuple, i, entry);
    }
    return tuple;
}

/* row_changed(rule): check again whether a row is as it was when the table was read. */
static PyObject *
row_changed(PyObject *Py_UNUSED(module), PyObject *rule)
{
    PyObject *code = PyDict_GetItemWithError(op_of_rule, rule);

    if (code != NULL) {
        const long op = PyLong_AsLong(code);
        PyObject *now = row_contents(rule);

        if (now == NULL) {
            return NULL;
        }
        is_changed[op] = memcmp(ITEMS(now), ITEMS(contents[op]), 4 * sizeof(PyObject *)) != 0;
        Py_DECREF(now);
    }
    else if (PyErr_Occurred()) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* use(rules, hooks, traces, python): set the table, the dicts of watch.py, and the functions of the Python engine. */
static PyObject *
use(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *table, *new_hooks, *new_traces, *functions;

    if (!PyArg_ParseTuple(args, "O!O!O!O!:use", &PyDict_Type, &table, &PyDict_Type, &new_hooks, &PyDict_Type,
                          &new_traces, &PyDict_Type, &functions))
    {
        return NULL;
    }
    for (int op = LEAF + 1; op < OWN_OF_ONE; op++) {
        PyObject *rule = PyDict_GetItemString(table, row_names[op]);
        PyObject *code = rule ? PyLong_FromLong(op) : NULL;

        if (code == NULL || PyDict_SetItem(op_of_rule, rule, code) < 0) {
            Py_XDECREF(code);
            return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_SystemError, "no row %s: build again", row_names[op]);
        }
        Py_DECREF(code);
        Py_XSETREF(rules[op], Py_NewRef(rule));
        Py_XSETREF(contents[op], row_contents(rule));
        if (contents[op] == NULL) {
            return NULL;
        }
    }
    Py_XSETREF(hooks, Py_NewRef(new_hooks));
    Py_XSETREF(traces, Py_NewRef(new_traces));
    Py_XSETREF(python, Py_NewRef(functions));
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
#define ROW(name)                                                           \
    {#name, method_##name, METH_NOARGS,                                     \
     PyDoc_STR(#name "($self, /)\n--\n\nWhat the function of that name gives for this number.")},
    ROWS_OF_ONE(ROW)
#undef ROW
    {"__sizeof__", node_sizeof, METH_NOARGS, PyDoc_STR("Its bytes, with those of the list of its operands.")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot value_slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("Value(data, *, label='')\n--\n\n")}, /* the signature; the rest is adopted */
    {Py_tp_new, node_new},
    {Py_tp_init, node_init},
    {Py_tp_dealloc, node_dealloc},
    {Py_tp_getset, attributes},
    {Py_tp_methods, methods},
    {Py_tp_richcompare, node_richcompare},
    {Py_tp_hash, node_hash},
    {Py_nb_bool, node_bool},
    {Py_nb_add, node_add},
    {Py_nb_subtract, node_sub},
    {Py_nb_multiply, node_mul},
    {Py_nb_true_divide, node_truediv},
    {Py_nb_power, node_power},
    {Py_nb_negative, node_neg},
    {Py_nb_positive, node_pos},
    {Py_nb_absolute, node_absolute},
    {0, NULL},
};

static PyType_Spec value_spec = {
    .name = "autograd_mini.engine.Value",
    .basicsize = sizeof(Node),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = value_slots,
};

static PyType_Slot given_slots[] = {
    {Py_tp_new, node_new},
    {Py_tp_dealloc, node_dealloc},
    {Py_tp_traverse, given_traverse},
    {Py_tp_clear, given_clear},
    {0, NULL},
};

static PyType_Spec given_spec = {
    .name = "autograd_mini.engine.Given",
    .basicsize = sizeof(OwnNode),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = given_slots,
};

static PyMethodDef functions[] = {
    {"adjoints_of", (PyCFunction)(void (*)(void))adjoints_of, METH_FASTCALL,
     PyDoc_STR("What each of the sources receives from several roots, each with its seed.")},
    {"advance", advance, METH_NOARGS, PyDoc_STR("A new count, higher than that of anything made so far.")},
    {"after_fork", after_fork, METH_NOARGS, PyDoc_STR("In a child: undo the sweeps of other threads.")},
    {"apply", (PyCFunction)(void (*)(void))apply, METH_FASTCALL, PyDoc_STR("The operation of any operands.")},
    {"backward_from", (PyCFunction)(void (*)(void))backward_from, METH_FASTCALL,
     PyDoc_STR("backward() of several roots at once, each with its seed.")},
    {"latest_assignment", latest_assignment, METH_NOARGS, PyDoc_STR("The count at the latest assignment.")},
    {"mark", mark_flags, METH_VARARGS, PyDoc_STR("Flag what depends on what is flagged, or what that needs.")},
    {"merge", merge, METH_VARARGS, PyDoc_STR("Enter for each operation the number of the first that is the same.")},
    {"node", (PyCFunction)(void (*)(void))node, METH_VARARGS | METH_KEYWORDS, PyDoc_STR("A node, worked out.")},
    {"order_below", (PyCFunction)(void (*)(void))order_below, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("The topological order of all that is below several roots.")},
    {"require_fresh", require_fresh, METH_O, PyDoc_STR("Refuse a graph in which anything is newer than its result.")},
    {"row_changed", row_changed, METH_O, PyDoc_STR("Look again whether a row says what it said.")},
    {"spoil", spoil, METH_VARARGS, PyDoc_STR("Take its number from a Value that has outlived its trace.")},
    {"use", use, METH_VARARGS, PyDoc_STR("Take the table, who watches, and what the Python engine does.")},
    {NULL, NULL, 0, NULL},
};

/* The global state, made once in a process. */
static int
make_state(void)
{
    PyTypeObject *value, *given, *record;

    op_of_rule = PyDict_New();
    hooks = PyDict_New();
    traces = PyDict_New();
    python = PyDict_New();
    if (op_of_rule == NULL || hooks == NULL || traces == NULL || python == NULL) {
        return -1;
    }
    value = (PyTypeObject *)PyType_FromSpec(&value_spec);
    given = value ? (PyTypeObject *)PyType_FromSpecWithBases(&given_spec, (PyObject *)value) : NULL;
    record = given ? (PyTypeObject *)PyType_FromSpec(&record_spec) : NULL;
    if (record == NULL) {
        Py_XDECREF(value);
        Py_XDECREF(given);
        return -1;
    }
    value->tp_vectorcall = node_vectorcall;
    value->tp_name = "Value"; /* in messages, as of a class written in Python */
    Value_Type = value;
    Given_Type = given;
    Record_Type = record;
    return 0;
}

/* A second import, after del sys.modules[…], gets the same types. */
static int
module_exec(PyObject *m)
{
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_ImportError, "the core in C runs only in the main interpreter");
        return -1;
    }
    if (Value_Type == NULL && make_state() < 0) {
        return -1;
    }
    if (PyModule_AddObjectRef(m, "Value", (PyObject *)Value_Type) < 0) {
        return -1;
    }
    if (PyModule_AddObjectRef(m, "Record", (PyObject *)Record_Type) < 0) {
        return -1;
    }
    return PyModule_AddObjectRef(m, "Given", (PyObject *)Given_Type);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "autograd_mini._core",
    .m_doc = PyDoc_STR("The engine in C."),
    .m_methods = functions,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__core(void)
{
    return PyModuleDef_Init(&module);
}
