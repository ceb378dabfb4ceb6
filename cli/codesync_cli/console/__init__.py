"""The console: messages, input, output and arguments of every command."""
