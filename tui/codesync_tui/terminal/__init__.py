"""The terminal and the process below the app: driver, clipboard, key order, timers, GC."""
