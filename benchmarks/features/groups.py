"""Which features there are, in the order of the page."""

GROUPS = {
    "Derivatives": [
        "second_derivative", "any_order", "gradient_of_training_step", "jvp", "vjp", "jacobian", "sparse_jacobian",
        "hessian", "hessian_vector_product", "custom_rule", "linear_algebra",
        "implicit_function", "special_functions", "has_aux",
    ],
    "Right numbers": [
        "kinks", "edges", "stable_formulas", "where_nan", "python_floats_bits", "integers", "same_bits_twice",
        "shared_nodes", "backward_twice", "inplace_mutation", "deep_graph",
    ],
    "Programs and speed": [
        "plain_python_control_flow", "compile_scalar_program", "compile_branch", "samples_axis", "pickle_compiled",
        "c_code", "static_arguments",
        "rematerialisation", "tensors", "single_precision", "complex_numbers", "layers", "several_processes",
        "gpu",
    ],
    "Finding what is wrong, and seeing what happens": [
        "wrong_custom_rule_found", "checker_at_kink", "detect_nan", "hooks", "drawing", "derivative_as_formula",
        "step_through_page", "watching_training", "playground",
    ],
    "Weight": ["stdlib_alone", "import_time", "install_size", "memory_per_node", "type_checked"],
}  # fmt: skip
