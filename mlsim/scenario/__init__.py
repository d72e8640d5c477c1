"""The scenario language: from YAML to a frozen description, every mistake with its line."""
