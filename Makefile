# Set-up included: `make report` and `make test`, and `make benchmark` for those who ask how fast it is.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready-to-use
COMPARABLE := .venv/ready-to-compare

.PHONY: report test faults benchmark docs clean

# The four-architecture study with one seed, and its charts; on CIFAR-10 if it is here or can be downloaded.
# The folder is named after the data set, and made once: remove it to train again.
report: $(READY)
	@data=cifar10; $(BIN)/patchify-data || { data=textures; \
	  echo; echo "*** No CIFAR-10: training on the embedded textures instead. Their accuracies say nothing about CIFAR-10."; }; \
	study=report-$$data; folder=experiments/$$study; \
	if [ ! -f $$folder/README.md ]; then \
	  $(BIN)/patchify experiment=architectures seed=0 data=$$data study=$$study && \
	  $(BIN)/patchify-summarize $$study --out $$folder || exit 1; \
	fi; \
	echo; echo "The report on $$data, four architectures, one seed: $$folder/README.md"; \
	echo "Its charts:"; ls $$folder/*.png

# Everything that must hold before a change lands.
test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy set_up.py
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

# The documentation as a site, in site/; broken links are errors.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "site/index.html"

# Kills, dead servers, full disks and damaged files, many times each, and a table of them: about half an hour.
faults: $(READY)
	PATCHIFY_FAULTS=often $(BIN)/python -m pytest tests/faults

# An update beside PyTorch, JAX, einsum and its matrix products alone: up to 20 minutes on two quiet cores.
benchmark: $(COMPARABLE)
	$(BIN)/patchify-benchmark

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) set_up.py

$(COMPARABLE): pyproject.toml constraints.txt
	@$(PYTHON) set_up.py benchmark

clean:
	rm -rf .venv .venv.lock
