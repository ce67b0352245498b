"""The asset graph: definitions, jobs and checks on an ephemeral instance."""
