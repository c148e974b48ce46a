# `make help` lists what there is.
PYTHON  ?= python3
DEVICE  ?= auto
THREADS ?= 1
GPU_SLOTS ?= 1
CORES   ?= all
PROFILE ?= cpu
FORCE   ?=
EXECUTOR ?=
STUDY   ?= scenes_factors
N       ?= 50
SUBMISSIONS ?= submissions

SHELL := bash
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# What Snakemake does in this folder by default stands in profiles/default. With EXECUTOR=slurm the profile
# profiles/slurm says how, and its plugin is needed too.
$(if $(filter-out slurm,$(EXECUTOR)),$(error EXECUTOR=$(EXECUTOR) is unknown: EXECUTOR=slurm, or leave it out))
HERE = --cores $(CORES) --quiet rules host reason $(if $(filter cuda,$(DEVICE)),--resources gpu=$(GPU_SLOTS))
SNAKEMAKE = snakemake $(if $(EXECUTOR),--profile profiles/$(EXECUTOR),$(HERE))
INSTALLED = .venv/installed $(EXECUTOR:%=.venv/%)
# OOD sets that it tries to download; of the others, and where a host does not answer, what the cache has counts
OOD = cifar100 tiny_imagenet svhn mnist fashion_mnist textures
OPTIONS = device=$(DEVICE) threads=$(THREADS) force=$(if $(filter-out 0 false,$(FORCE)),true,false)
TWO = -n 2 --dist loadgroup --no-loadscope-reorder  # tests in two processes; tests/conftest.py says what stays together
CIFAR10 = cifar10$(if $(filter-out cpu,$(PROFILE)),_$(PROFILE))

.PHONY: help install book pages cifar10 photos study class grade grade-test lint check test faults clean

help:
	@echo "make book      install, train on the embedded scenes, build the book into _build/html"
	@echo "make pages     build the book from the records and executed pages that are here: no training, no execution"
	@echo "make check     ruff, and the tests that are not slow: while you work"
	@echo "make test      ruff, and all tests"
	@echo "make cifar10   trainings on real CIFAR-10, their records, then the book"
	@echo "make photos    the idea on photographs, with a pre-trained network, then the book (FROM=folder: data already here)"
	@echo "make study     train STUDY=NAME, a file studies/NAME.yaml (now: $(STUDY)), publish its records"
	@echo "make class     make the folder class/: exercises to hand out, the instructor's part apart"
	@echo "make grade     mark a folder of submissions, SUBMISSIONS=folder, into marks/ (bgood grade --help: more)"
	@echo "make faults    kill trainings and workflows N=$(N) times, fill a disk, turn bits over; count what is lost"
	@echo "make install   only make .venv with everything in it"
	@echo "make clean     remove all trainings, those on CIFAR-10 too, and the built book"
	@echo ""
	@echo "DEVICE=auto|cpu|cuda|mps   where to compute            (now: $(DEVICE))"
	@echo "THREADS=N                  CPU threads of one training (now: $(THREADS))"
	@echo "GPU_SLOTS=N                trainings at once with DEVICE=cuda (now: $(GPU_SLOTS))"
	@echo "CORES=N|all                cores to use in all         (now: $(CORES))"
	@echo "PROFILE=cpu|full           network and schedule of cifar10: full is ResNet-18, 100 epochs, for a GPU (now: $(PROFILE))"
	@echo "FORCE=1                    train even if it takes more than three hours on this CPU"
	@echo "EXECUTOR=slurm             each training a job of a cluster (book/cluster.md)"
	@echo "PYTHON=python3.12          the Python to start from    (now: $(PYTHON))"

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "error: $(PYTHON) is $$($(PYTHON) --version 2>&1 || true); this needs Python 3.11, 3.12 or 3.13. Try make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "error: $(PYTHON) has no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "installing into .venv (PyTorch is large: several GB, a few minutes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[book,class,photos,test]'
	@touch $@

.venv/slurm: .venv/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[slurm]'
	@touch $@

book: $(INSTALLED)
	@$(SNAKEMAKE) --config studies=scenes $(OPTIONS)
	@echo "the book: $(CURDIR)/_build/html/index.html"

pages: .venv/installed
	@python book/build.py
	@echo "the book: $(CURDIR)/_build/html/index.html, and as one file $(CURDIR)/_build/book.zip"

cifar10: $(INSTALLED)
	@bgood data verify cifar10 >/dev/null 2>&1 || bgood data prepare cifar10
	@for name in $(OOD); do bgood data verify $$name >/dev/null 2>&1 || bgood data prepare $$name || \
	  echo "going on without $$name"; done
	@$(SNAKEMAKE) --config studies=$(CIFAR10) $(OPTIONS)
	@echo "the book: $(CURDIR)/_build/html/index.html"

photos: $(INSTALLED)
	@bgood data verify photos >/dev/null 2>&1 || bgood data prepare photos $(if $(FROM),--from $(FROM))
	@$(SNAKEMAKE) --config studies=photos $(OPTIONS)
	@echo "the book: $(CURDIR)/_build/html/index.html"

study: $(INSTALLED)
	@$(SNAKEMAKE) --config studies=$(STUDY) $(OPTIONS) -- trained

lint: .venv/installed
	@ruff check --quiet && ruff format --check --quiet || \
	  { echo "error: see above; ruff check --fix and ruff format put most of it right" >&2; exit 1; }

check: lint
	@python -m pytest $(TWO) -m "not slow" --ignore=tests/bad_inputs

test: lint
	@python -m pytest $(TWO)

class: .venv/installed
	@bgood class

grade: .venv/installed
	@bgood grade $(SUBMISSIONS)

grade-test: .venv/installed
	@BGOOD_CLASS=whole python -m pytest tests/classroom

faults: .venv/installed
	@python tests/faults/faults.py --kills $(N)

clean:
	rm -rf runs _build build .snakemake
