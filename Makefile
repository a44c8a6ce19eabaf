# Set-up included: `make report` to see results soon, `make assignment` for all that the assignment asks for, `make test`,
# and `make benchmark` for those who ask how fast it is.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready-to-use
COMPARABLE := .venv/ready-to-compare
CLUSTERED := .venv/ready-for-clusters

# Of `make assignment`: its folder, how its studies' names begin; a data set, none: the first that is there; changes of
# every training, as ARGS="schedule.step_size=100 seed=0"; the course's debugging file
NAME ?= assignment
DATA ?=
ARGS ?=
DEBUG ?= debug_conv_info.npz

.PHONY: report assignment test test-cluster load faults benchmark docs clean

# CIFAR-10 if it is here or can be downloaded
CHOOSE_DATA = data=$(DATA); [ -n "$$data" ] || data=cifar10; [ $$data != cifar10 ] || $(BIN)/patchify-data || { data=textures; \
	  echo; echo "*** No CIFAR-10: training on the embedded textures instead. Their accuracies say nothing about CIFAR-10."; }

# Trains and summarizes the studies $(1), with the changes $(2), into folders of these names below $$name. What is done
# already, in whichever study, is not computed again.
STUDY = for study in $(1); do \
	  $(BIN)/patchify experiment=$$study study=$$name-$$study data=$$data $(2) && \
	  $(BIN)/patchify-summarize $$name-$$study --data $$data --out $$name/$$study || exit 1; \
	done

# The first network and the four architectures with one seed, and the report on these: what others have measured, in
# experiments/, is not in it. The folder is named after the data set.
report: $(READY)
	@$(CHOOSE_DATA); name=report-$$data; \
	$(BIN)/patchify-gradcheck --out $$name/gradcheck && \
	{ $(call STUDY,baseline architectures,seed=0); } && \
	echo && echo "The report on $$data:" && $(BIN)/patchify-report --experiments $$name --out $$name

# All of the assignment but Exercise 5.1, with three seeds: half an hour on two quiet cores. It begins with a plan; the
# same command again goes on. PyTorch is compared with where it is installed, as `make benchmark` does.
assignment: $(READY)
	@$(CHOOSE_DATA); name=$(NAME); studies="baseline architectures longer label_smoothing"; \
	for study in $$studies; do \
	  echo "$$study:"; $(BIN)/patchify experiment=$$study study=$$name-$$study data=$$data $(ARGS) plan=true || exit 1; \
	done; \
	$(BIN)/patchify-gradcheck --out $$name/gradcheck || exit 1; \
	[ ! -f $(DEBUG) ] || $(BIN)/patchify-gradcheck $(DEBUG) --out $$name/gradcheck || exit 1; \
	$(call STUDY,$$studies,$(ARGS)); \
	[ -f $$name/pytorch/results.csv ] || $(BIN)/patchify-benchmark --quick --out $$name/pytorch || exit 1; \
	echo; echo "The report on $$data:"; $(BIN)/patchify-report --experiments $$name --out $$name

# Everything that must hold before a change lands.
test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy set_up.py
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --ignore tests/cluster

# Sweeps through a real Slurm and a real Ray, and a team's server, on this machine: ten minutes. What is not
# installed, or needs root, is skipped.
test-cluster: $(CLUSTERED)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile tests/cluster

# 1,000 runs of 101 records into a team's server by 16 writers, then plans and summaries of studies of up to 10,000 runs,
# into load/: half an hour and 4 GB.
load: $(CLUSTERED)
	PATCHIFY_RECORDS=101 $(BIN)/python -m pytest -s tests/cluster/test_server.py -k sixteen
	$(BIN)/python -m tests.load.growth load

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

$(CLUSTERED): pyproject.toml constraints.txt
	@$(PYTHON) set_up.py cluster

$(COMPARABLE): pyproject.toml constraints.txt
	@$(PYTHON) set_up.py benchmark

clean:
	rm -rf .venv .venv.lock
