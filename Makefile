# Short names for scripts of developers. Each script also runs without make.
.PHONY: check fix test wheel picture

check: ## format, lint, types, import contracts, tests
	scripts/check

fix: ## correct format and lint where possible
	scripts/sync
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

test: ## only the tests
	scripts/sync
	.venv/bin/pytest

wheel: ## build the wheel, and test it in empty environments
	scripts/sync
	scripts/wheel-check

picture: ## draw the README's picture from the real screen
	scripts/sync --group docs
	.venv/bin/python scripts/picture.py
