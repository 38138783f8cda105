"""models/xla_lstm."""
