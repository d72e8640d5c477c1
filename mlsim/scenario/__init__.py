"""The scenario language: from YAML to a validated, frozen description, mistakes with their lines."""
