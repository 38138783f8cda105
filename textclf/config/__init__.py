"""The YAML config: `load_config` returns a frozen `Config`, or a ConfigError that lists all problems at once.

`Config` is composed of the `Options` that each part declares; the parts never see the config. `recipe` and `starter`
write a config for a file of texts (`textclf new`).
"""
