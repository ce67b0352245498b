"""A party master data hub whose every answer can be traced, repeated and undone.

Belongs here: the code location (`definitions`), the command line (`cli`), the errors (`errors`), and one
package per concern: `config`, `lake`, `sources`, `normalize`, `matching`, `identity`, `survivorship`, `quality`,
`publish`, `orchestration`.
Not here: code of its own, and no re-exports. Import submodules; importing the package must stay cheap.

Dependencies point one way: orchestration and cli -> domain packages -> lake, config, errors. Only
`orchestration` imports dagster. `import-linter` holds both.
"""
