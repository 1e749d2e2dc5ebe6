"""The pages: what each shows and does. Chemistry, files and jobs are elsewhere."""
