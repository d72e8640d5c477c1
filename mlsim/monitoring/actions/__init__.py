"""What a rule may do when its alert fires; each action is one file."""
