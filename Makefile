# One word for each thing that a developer does; the words are scripts, so that no make is needed.
.PHONY: check fix test wheel picture

check: ## format, lint, types, import arrows, tests
	scripts/check

fix: ## mend what the formatter and the linter can mend
	scripts/sync
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

test: ## the tests alone
	scripts/sync
	.venv/bin/pytest

wheel: ## build the wheel, install it in empty environments, use it
	scripts/sync
	scripts/wheel-check

picture: ## make the README's picture from the real screen
	scripts/sync --group docs
	.venv/bin/python scripts/picture.py
