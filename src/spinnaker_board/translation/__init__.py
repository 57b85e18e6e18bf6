"""Translation of hot code: the ARM code that is executed most is translated to C and compiled while the board runs."""
