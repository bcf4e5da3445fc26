"""Programs as C99: library, the functions of the table that it calls; body, a program as statements; export, the files."""
