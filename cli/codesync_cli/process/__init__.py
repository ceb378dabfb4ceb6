"""The process of a command: its arguments, import path, installed extras, and supervision."""
