"""mlsim: simulate an ML production system, break it silently, and see who notices."""
