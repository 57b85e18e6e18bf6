"""Translation of hot ARM code to C while the board runs: what to translate, the C for it, the compiler, the cache."""
