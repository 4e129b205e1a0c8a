"""What may be typed after each command. What a command needs to do its work is imported when it is called."""
